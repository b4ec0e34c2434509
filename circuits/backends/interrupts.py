"""Handling of Ctrl-C: it is noted instead of raised, so that the work under way is finished first."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from ...errors import Interruption

Handler = Callable[[int, FrameType | None], object]


class BuildInterrupted(Interruption):
    """Ctrl-C was pressed while a circuit was built. The circuit is as before."""


@contextmanager
def building() -> Iterator[None]:
    """Raise `BuildInterrupted`, which says what was stopped, if Ctrl-C is pressed in this context."""
    try:
        yield
    except KeyboardInterrupt:
        message = "Building was stopped. The circuit is as it was before, and is built when it is needed again."
        raise BuildInterrupted(message) from None


@contextmanager
def interruptible(
    then: Callable[[], None] = lambda: None, asked: threading.Event | None = None
) -> Iterator[threading.Event]:
    """Yield an event that Ctrl-C sets, after which it calls ``then``.

    In threads other than the main one, and where Ctrl-C is ignored, nothing changes.
    """
    asked = asked or threading.Event()

    def note(*_: object) -> None:
        asked.set()
        then()

    yield from _handled_by(note, asked)


def _handled_by[T](handler: Handler, given: T) -> Iterator[T]:
    """Yield an object once, and let a function handle Ctrl-C meanwhile, in the main thread and unless Ctrl-C is ignored.

    If the handler of another signal raises an exception while the context of this generator is entered, the generator is closed
    only when that exception is gone. Contexts around it have been left then, so that it must not put back the handler of one.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before in (None, signal.SIG_IGN):
        yield given
        return
    closed_late = False
    try:
        signal.signal(signal.SIGINT, handler)
        yield given
    except GeneratorExit:
        closed_late = True
        raise
    finally:
        try:
            if not closed_late or signal.getsignal(signal.SIGINT) is handler:
                signal.signal(signal.SIGINT, before)
        except BaseException:  # the handler of another signal has raised it
            if signal.getsignal(signal.SIGINT) is handler:
                signal.signal(signal.SIGINT, before)
            raise


@contextmanager
def postponed(then: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Let Ctrl-C take effect at the end of this context; at once it only calls a function.

    A closed loop enters this context in each call, so that it is short: it has no event, and no context within it.
    """
    pressed = False

    def note(*_: object) -> None:
        nonlocal pressed
        pressed = True
        then()

    try:
        yield from _handled_by(note, None)
    finally:
        if pressed:
            signal.raise_signal(signal.SIGINT)

"""Ctrl-C, taken note of instead of raised, so that what is under way is finished first."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interruptible(
    then: Callable[[], None] = lambda: None, asked: threading.Event | None = None
) -> Iterator[threading.Event]:
    """An event that Ctrl-C sets, and what it calls besides.

    In threads other than the main one, and where Ctrl-C is ignored, nothing changes.
    """
    asked = asked or threading.Event()
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before in (None, signal.SIG_IGN):
        yield asked
        return

    def note(*_: object) -> None:
        asked.set()
        then()

    try:
        signal.signal(signal.SIGINT, note)
        yield asked
    finally:
        try:
            signal.signal(signal.SIGINT, before)
        finally:  # the handler of another signal may have raised an exception in its stead
            if signal.getsignal(signal.SIGINT) is note:
                signal.signal(signal.SIGINT, before)


@contextmanager
def never_lost() -> Iterator[None]:
    """Ctrl-C takes effect at once, or when this is over where it came within a destructor: Python ignores exceptions there.

    In threads other than the main one, and where Ctrl-C is ignored, nothing changes.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    raised = threading.Event()

    def note(number: int, frame: FrameType | None) -> None:
        try:
            before(number, frame)
        except KeyboardInterrupt:
            raised.set()
            raise

    signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if raised.is_set():
        raise KeyboardInterrupt


@contextmanager
def postponed() -> Iterator[None]:
    """Ctrl-C takes effect when this is over."""
    asked = threading.Event()
    try:
        with interruptible(asked=asked):
            yield
    finally:
        if asked.is_set():
            signal.raise_signal(signal.SIGINT)

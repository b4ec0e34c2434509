"""Signals that end a command. They all do what Ctrl-C does, and the exit code says which signal it was."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["stop_signals"]

#: What stops a command as Ctrl-C does: a batch system or a shutdown (SIGTERM), and a terminal that is closed (SIGHUP).
OTHERS = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def stop_signals() -> Iterator[list[int]]:
    """Collect the signals that arrive during a ``with`` block. Each of them acts as Ctrl-C would act at that moment.

    SIGHUP stays ignored where it is, as by nohup. In threads other than the main one, nothing changes.
    """
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield came
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        came.append(number)
        raise KeyboardInterrupt

    def like_ctrl_c(number: int, frame: FrameType | None) -> None:
        came.append(number)
        now = signal.getsignal(signal.SIGINT)
        if callable(now) and now is not interrupt:
            now(signal.SIGINT, frame)
        else:
            raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, *OTHERS)}
    signal.signal(signal.SIGINT, interrupt)  # Brian2's own fails where a shell has it ignored
    for number in OTHERS:
        if before[number] is not signal.SIG_IGN:
            signal.signal(number, like_ctrl_c)
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)

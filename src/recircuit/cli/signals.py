"""Signals that end a command. They all do what Ctrl-C does, and the exit code says which signal it was."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType

__all__ = ["StopSignals"]

#: What stops a command as Ctrl-C does: a batch system or a shutdown (SIGTERM), and a terminal that is closed (SIGHUP).
OTHERS = (signal.SIGTERM, signal.SIGHUP)


class StopSignals:
    """The signals that end a command. Each of them acts as Ctrl-C would act at that moment.

    SIGHUP stays ignored where it is, as by nohup. In threads other than the main one, nothing changes.

    Attributes
    ----------
    came : list of int
        The signals that have arrived.
    """

    def __init__(self) -> None:
        self.came: list[int] = []
        self._over = False
        self._before: dict[int, Callable[[int, FrameType | None], object] | int | None] = {}

    def obey(self) -> None:
        """Have signals raise KeyboardInterrupt from now on."""
        if threading.current_thread() is not threading.main_thread():
            return
        self._before = {number: signal.getsignal(number) for number in (signal.SIGINT, *OTHERS)}
        signal.signal(signal.SIGINT, self._interrupt)  # also where a shell has it ignored
        for number in OTHERS:
            if self._before[number] is not signal.SIG_IGN:
                signal.signal(number, self._like_ctrl_c)

    def only_note(self) -> None:
        """Have signals raise nothing from now on: the command is over, and what is left is to clean up."""
        self._over = True

    def restore(self) -> None:
        """Handle signals as before `obey`."""
        for number, handler in self._before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self.came.append(number)
        if not self._over:
            raise KeyboardInterrupt

    def _like_ctrl_c(self, number: int, frame: FrameType | None) -> None:
        now = signal.getsignal(signal.SIGINT)
        if callable(now) and now != self._interrupt:
            self.came.append(number)
            now(signal.SIGINT, frame)
        else:
            self._interrupt(number, frame)

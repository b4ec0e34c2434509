"""Processes that are ended with what they are a part of."""

from __future__ import annotations

import subprocess
import threading
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from types import TracebackType
from typing import Any, Self

__all__ = ["Process", "Processes"]

Process = subprocess.Popen[str]


class Processes(ABC):
    """Some processes, started by any thread. When the ``with`` block around them is left by an exception, they are ended.

    Attributes
    ----------
    stopped : threading.Event
        Whether they were ended; no others are started then.
    """

    def __init__(self) -> None:
        self.stopped = threading.Event()
        self._running: set[Process] = set()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, at: TracebackType | None
    ) -> None:
        if kind is not None:
            self.stop()

    def stop(self) -> None:
        """End those that run, and start no others."""
        with self._lock:
            self.stopped.set()
            self.end(self._running)

    def start(self, command: Sequence[str], **options: Any) -> Process:
        """Start a command whose words are text, in a process group of its own, unless they were stopped.

        Parameters
        ----------
        command : Sequence[str]
            The program and its arguments.
        options : Any
            More arguments of ``subprocess.Popen``.

        Raises
        ------
        Exception
            What `check` raises.
        OSError
            If it cannot be started.
        """
        with self._lock:
            self.check()
            process = subprocess.Popen(command, text=True, start_new_session=True, **options)
            self._running.add(process)
            return process

    def ended(self, process: Process) -> None:
        """Take note that a process has ended by itself."""
        with self._lock:
            self._running.discard(process)

    @abstractmethod
    def end(self, running: Collection[Process]) -> None:
        """End these processes."""

    @abstractmethod
    def check(self) -> None:
        """Raise an exception if they were stopped."""

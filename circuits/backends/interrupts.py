"""Ctrl-C, taken note of instead of raised, so that what is under way is finished first."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def interruptible(then: Callable[[], None] = lambda: None) -> Iterator[threading.Event]:
    """An event that Ctrl-C sets, and what it calls besides; in threads other than the main one, nothing changes."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def note(*_: object) -> None:
        asked.set()
        then()

    before = signal.signal(signal.SIGINT, note)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)

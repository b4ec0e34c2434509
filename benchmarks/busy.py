"""Other programs that use the processors while something is measured: laboratories share their machines."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from recircuit.errors import UsageError


def counts(given: str) -> list[int]:
    """Return the numbers of busy processes that are asked for, separated by commas.

    Raises UsageError: one of them is no whole number from 0 on.
    """
    words = [word.strip() for word in given.split(",")]
    if not all(word.isdigit() for word in words):
        raise UsageError(f"--busy: expected whole numbers separated by commas, as in 0,1,2,8; got {given!r}")
    return list(dict.fromkeys(int(word) for word in words))


@contextmanager
def busy_processes(count: int) -> Iterator[None]:
    """Have so many processes run beside this one, on the same processors; each computes without a pause.

    Each is in a session of its own, as a program of another user is, since Linux shares processors among sessions.
    """
    command = [sys.executable, "-S", "-c", "while True: pass"]
    beside = [subprocess.Popen(command, start_new_session=True) for _ in range(count)]
    try:
        yield
    finally:
        for process in beside:
            process.kill()
        for process in beside:
            process.wait()

"""The cores that this process may use."""

from __future__ import annotations

import os

from .errors import UsageError

__all__ = ["chosen_threads", "cores", "threads_of"]

#: No program of recircuit starts more threads.
MOST = 1024


def cores() -> int:
    """Return how many cores this process may use; if the system does not say, how many the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads_of(*variables: str) -> int:
    """Return the number of threads that the first of these environment variables gives; if none does, one for each core.

    A variable that is no whole number above 0 counts as not set.
    """
    given = (os.environ.get(name, "") for name in variables)
    return next((int(text) for text in given if text.isdigit() and int(text) > 0), 0) or cores()


def chosen_threads(variable: str) -> int:
    """Return the number of threads that an environment variable of recircuit gives; without it one for each core.

    Raises
    ------
    UsageError
        If it is set to something else than a number of threads.
    """
    text = os.environ.get(variable, "").strip()
    if not text:
        return cores()
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MOST)) and 1 <= int(text) <= MOST):
        raise UsageError(
            f"{variable}: a number of threads from 1 to {MOST} is expected; got {text!r:.60}. Set another number, or unset the "
            "variable: then there is one thread for each core."
        )
    return int(text)

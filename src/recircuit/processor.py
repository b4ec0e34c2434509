"""The cores that this process may use."""

from __future__ import annotations

import os

__all__ = ["cores", "threads_of"]


def cores() -> int:
    """Return how many cores this process may use; if the system does not say, how many the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads_of(*variables: str) -> int:
    """Return the number of threads that the first of these environment variables gives; if none does, one for each core.

    A variable that is no whole number above 0 counts as not set.
    """
    given = (os.environ.get(name, "") for name in variables)
    return next((int(text) for text in given if text.isdigit() and int(text) > 0), 0) or cores()

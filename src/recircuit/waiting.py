"""Waiting for other threads in such a way that Ctrl-C and other signals always end the wait."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait

__all__ = ["WAKE", "as_completed"]

#: Seconds after which a thread that waits wakes up and waits again. Python handles a signal when its main thread runs. A
#: signal that arrives in the moment before the main thread falls asleep does not wake it.
WAKE = 0.2


def as_completed[T](futures: Iterable[Future[T]]) -> Iterator[Future[T]]:
    """Yield futures as they are completed, like the function of this name in ``concurrent.futures``.

    Parameters
    ----------
    futures : Iterable[Future[T]]
        What is waited for.

    Yields
    ------
    Future[T]
        One of them that is completed or cancelled.
    """
    left = set(futures)
    while left:
        done, left = wait(left, WAKE, FIRST_COMPLETED)
        yield from done

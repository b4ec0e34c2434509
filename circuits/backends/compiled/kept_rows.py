"""The rows that a program was last given, kept as files, so that the same rows are not sent to the worker again.

Training gives the same rows in every epoch: those of the training samples, then those of the test samples. Comparing rows
takes less than half the time of writing them. A worker recognises the same rows by their number, and a GPU holds them in
its memory. Kept rows are given up as soon as memory is short.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from mmap import ACCESS_READ, mmap
from typing import IO

import numpy as np

from ...lowering.memory import available
from .memory_file import memory_file

__all__ = ["KeptRows"]

#: The number of files that are kept for a stimulus: for training, validation and test samples. A GPU's worker keeps as many.
EACH = 3
#: The most bytes that are kept for all stimuli together. Rows that are larger are sent each time.
MOST = 1 << 30
#: Bytes that are compared at a time.
PART = 1 << 20


@dataclass(frozen=True, eq=False)
class _Kept:
    """Rows in a file, with the number by which the worker knows them."""

    number: int
    file: IO[bytes]
    content: np.ndarray

    def holds(self, values: np.ndarray) -> bool:
        """Return whether the file has these bytes; a closed loop may have written others into it."""
        parts = range(0, len(values), PART)
        return len(values) == len(self.content) and all(
            np.array_equal(values[k : k + PART], self.content[k : k + PART]) for k in parts
        )


class KeptRows:
    """The files of the rows of all stimuli, each with a number that no other rows have."""

    def __init__(self) -> None:
        self._kept: dict[str, list[_Kept]] = {}
        self._numbers = count(1)

    @contextmanager
    def file(self, stimulus: str, rows: np.ndarray) -> Iterator[tuple[int, int]]:
        """Yield the number of some rows and a file of their bytes; the number is 0 if they are not kept.

        Parameters
        ----------
        stimulus : str
            The name of the stimulus.
        rows : array
            The rows of values, or labels.
        """
        values = np.ascontiguousarray(rows).reshape(-1).view(np.uint8)
        if not 0 < len(values) <= MOST:
            self._make_room(len(values), most=len(values) + MOST)
            with memory_file(values, stimulus) as file:
                yield 0, file.fileno()
            return
        kept = self._found(stimulus, values) or self._written(stimulus, values)
        yield kept.number, kept.file.fileno()

    def clear(self) -> None:
        """Close all files."""
        self._kept.clear()

    def _found(self, stimulus: str, values: np.ndarray) -> _Kept | None:
        """Return the file that has these bytes, if there is one, and note that it was used last."""
        mine = self._kept.get(stimulus, [])
        for kept in mine:
            if kept.holds(values):
                mine.remove(kept)
                mine.append(kept)
                return kept
        return None

    def _written(self, stimulus: str, values: np.ndarray) -> _Kept:
        """Return a new file; it replaces the least recently used file of this stimulus if there are many."""
        mine = self._kept.setdefault(stimulus, [])
        del mine[: max(0, len(mine) + 1 - EACH)]
        self._make_room(len(values), MOST)
        file = memory_file(values, stimulus)
        content = np.frombuffer(mmap(file.fileno(), len(values), access=ACCESS_READ), np.uint8)
        mine.append(_Kept(next(self._numbers), file, content))
        return mine[-1]

    def _make_room(self, size: int, most: int) -> None:
        """Close files until ``size`` bytes more make at most ``most`` with the others, and fit into memory."""
        while kept := self._bytes():
            free = available()
            if kept + size <= most and (free is None or size <= free):
                return
            next(some for some in self._kept.values() if some).pop(0)

    def _bytes(self) -> int:
        return sum(len(kept.content) for some in self._kept.values() for kept in some)

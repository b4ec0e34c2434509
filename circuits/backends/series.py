"""Series: which of the rows that a program was given belong to a sample, and which of them is shown when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Series:
    """How the rows of a stimulus form samples.

    Parameters
    ----------
    rows : int
        The number of rows of a sample.
    stride : int
        The number of rows between the beginnings of two samples; 0 if all elements share a single sample.
    lengths : array
        The number of rows after which each sample ends, int32; empty if no sample ends early.
    """

    rows: int
    stride: int
    lengths: np.ndarray

    @property
    def shared(self) -> bool:
        """Whether there is one sample for all batch elements."""
        return self.stride == 0

    def places(self, samples: np.ndarray, row: int) -> tuple[np.ndarray, np.ndarray]:
        """For samples (-1: none) where their ``row`` lies, and which of them have one."""
        first = np.zeros_like(samples) if self.shared else np.maximum(samples, 0)
        there = (samples >= 0) & (row < (self.lengths[first] if len(self.lengths) else self.rows))
        return first.astype(np.int64) * self.stride + min(row, self.rows - 1), there


def count_of(values: np.ndarray, series: Series | None) -> int:
    """How many samples there are; of what all share, as many as anyone may ask for."""
    if series is None:
        return len(values)
    return np.iinfo(np.int32).max if series.shared else len(values) // series.rows

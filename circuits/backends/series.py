"""Series: which of the rows that a program was given belong to a sample, and when each of them is shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Series:
    """The way in which the rows of a stimulus form samples.

    Parameters
    ----------
    rows : int
        The number of rows of a sample.
    stride : int
        The number of rows between the beginnings of two samples; 0 if all batch elements share a single sample.
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
        """Return, for samples (-1 for none), the place of their row number ``row``, and which of them have such a row."""
        first = np.zeros_like(samples) if self.shared else np.maximum(samples, 0)
        there = (samples >= 0) & (row < (self.lengths[first] if len(self.lengths) else self.rows))
        return first.astype(np.int64) * self.stride + min(row, self.rows - 1), there


def count_of(values: np.ndarray, series: Series | None) -> int:
    """Return the number of samples; for a sample that all batch elements share, the largest number of a row."""
    if series is None:
        return len(values)
    return np.iinfo(np.int32).max if series.shared else len(values) // series.rows

"""The order in which an epoch shows the samples, and where its noise begins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["EpochOrder", "epoch_order", "epoch_seed", "in_batches"]


@dataclass(frozen=True)
class EpochOrder:
    """All samples in random order; order and noise depend on the seed and on the number of the epoch alone.

    A subclass shows them otherwise.
    """

    def order(self, count: int, batch_size: int, seed: int, number: int) -> NDArray[np.int32]:
        """The samples of an epoch, (presentations, batch); -1 shows nothing.

        Parameters
        ----------
        count : how many samples there are
        batch_size : how many are shown at a time
        seed, number : of the circuit, and of the epoch, from 1
        """
        return epoch_order(count, batch_size, seed, number)

    def noise(self, seed: int, number: int) -> int | None:
        """Where the random numbers of an epoch's noise begin; None: they go on."""
        return epoch_seed(seed, number)


def epoch_order(count: int, batch_size: int, seed: int, number: int) -> NDArray[np.int32]:
    """The samples of an epoch in random order, (presentations, batch); it depends on seed and epoch alone."""
    return in_batches(np.random.default_rng([seed, number]).permutation(count), batch_size)


def epoch_seed(seed: int, number: int) -> int:
    """Where the random numbers of an epoch's noise begin."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0])


def in_batches(rows: NDArray[np.integer], batch_size: int) -> NDArray[np.int32]:
    """Rows side by side, (presentations, batch); the last line is filled with -1, which shows nothing."""
    padded = np.full(-(-len(rows) // batch_size) * batch_size, -1, dtype=np.int32)
    padded[: len(rows)] = rows
    return padded.reshape(-1, batch_size)

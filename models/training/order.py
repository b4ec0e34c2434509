"""The order in which an epoch shows the samples, and where its noise begins: both depend on the seed and the epoch alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["epoch_order", "epoch_seed", "in_batches"]


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

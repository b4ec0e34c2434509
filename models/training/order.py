"""The order in which an epoch presents the samples, and the seed of its noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["EpochOrder", "epoch_order", "epoch_seed", "in_batches"]


@dataclass(frozen=True)
class EpochOrder:
    """All samples in random order. Order and noise depend on the seed and on the number of the epoch only.

    A subclass presents the samples in another order, or lets the noise go on from epoch to epoch.
    """

    def order(self, count: int, batch_size: int, seed: int, number: int) -> NDArray[np.int32]:
        """Return the samples that an epoch presents.

        Parameters
        ----------
        count : int
            The number of samples.
        batch_size : int
            The number of samples that are presented at a time.
        seed : int
            The seed of the circuit.
        number : int
            The number of the epoch, from 1.

        Returns
        -------
        array of int32, shape (presentations, batch_size)
            The numbers of the samples. A batch element for which it is -1 presents nothing.
        """
        return epoch_order(count, batch_size, seed, number)

    def noise(self, seed: int, number: int) -> int | None:
        """Return the seed of an epoch's noise. With None the random numbers go on from the epoch before.

        Parameters
        ----------
        seed : int
            The seed of the circuit.
        number : int
            The number of the epoch, from 1.
        """
        return epoch_seed(seed, number)


def epoch_order(count: int, batch_size: int, seed: int, number: int) -> NDArray[np.int32]:
    """Return the samples of an epoch in random order, as `EpochOrder.order` does. It depends on seed and number only."""
    return in_batches(np.random.default_rng([seed, number]).permutation(count), batch_size)


def epoch_seed(seed: int, number: int) -> int:
    """Return the seed of the noise of the epoch with this number, in a circuit with this seed."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0])


def in_batches(rows: NDArray[np.integer], batch_size: int) -> NDArray[np.int32]:
    """Return the numbers of samples as presentations of so many samples each.

    Parameters
    ----------
    rows : array of int, shape (samples,)
        The numbers of the samples, in the order in which they are presented.
    batch_size : int
        The number of samples that are presented at a time.

    Returns
    -------
    array of int32, shape (presentations, batch_size)
        The numbers. The last presentation is filled with -1; these batch elements present nothing.
    """
    padded = np.full(-(-len(rows) // batch_size) * batch_size, -1, dtype=np.int32)
    padded[: len(rows)] = rows
    return padded.reshape(-1, batch_size)

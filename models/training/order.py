"""The order in which an epoch presents the samples, and the seed of its noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["EpochOrder", "epoch_order", "epoch_seed", "in_batches"]


@dataclass(frozen=True)
class EpochOrder:
    """All samples in random order. Order and noise depend on the seed and on the number of the epoch only.

    A subclass presents the samples in another order, lets the noise go on from epoch to epoch, or shares the presentations
    of an epoch out among several modes.
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

    def passes(
        self, order: NDArray[np.int32], modes: Sequence[str | None], seed: int, number: int
    ) -> list[tuple[str | None, NDArray[np.int32]]]:
        """Return the modes that an epoch goes through, one after the other, with the samples that it presents in each.

        Parameters
        ----------
        order : array of int32, shape (presentations, batch_size)
            What `order` returned.
        modes : sequence of str or None
            The modes in which the circuit is trained. None stands for the mode that was declared first.
        seed : int
            The seed of the circuit.
        number : int
            The number of the epoch, from 1.

        Returns
        -------
        list of (str or None, array)
            The default is all samples in each of the modes.
        """
        return [(mode, order) for mode in modes]


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

"""Random connections."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...arguments import checked_arguments
from .base import Matrix, check_probability


@checked_arguments
@dataclass(frozen=True)
class Masked(Matrix):
    """Random connections: each synapse of all-to-all connections exists with a probability.

    The synapses are drawn once, independently for each projection::

        field[i] = sum over j of m[i, j] * w[i, j] * sent[j],   m[i, j] = 1 with the probability, else 0

    The weights w have the shape (n_post, n_pre); those without a synapse are zero and stay zero.

    Parameters
    ----------
    probability : float, default 0.5
        The probability that a synapse exists, above 0 and at most 1.

    Raises
    ------
    RecircuitError
        If the probability is not such a number.

    Notes
    -----
    See `Connectivity` for when in a step signals are read and arrive.

    References
    ----------
    Amit 2019, section 2.2.

    Examples
    --------
    >>> import recircuit as rc
    >>> rc.Masked(0.1).density
    0.1
    """

    probability: float = 0.5

    def __post_init__(self) -> None:
        check_probability(self.probability, "Masked")

    @property
    def masked(self) -> bool:
        return True

    @property
    def density(self) -> float:
        return self.probability

    def mask(self, n_pre: int, n_post: int, rng: np.random.Generator) -> np.ndarray | None:
        return (rng.random((n_post, n_pre)) < self.probability).astype(float)

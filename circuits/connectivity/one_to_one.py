"""One synapse for each pair of units with the same number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...arguments import checked_arguments
from ...errors import RecircuitError
from .base import Connectivity, Shape, Synapses


@checked_arguments
@dataclass(frozen=True)
class OneToOne(Connectivity):
    """One-to-one connections: unit i projects to unit i of a population of the same size.

    ::

        field[i] = w[i] * sent[i]

    The weights w have the shape (n,).

    Raises
    ------
    RecircuitError
        If the populations do not have the same size.

    Notes
    -----
    See `Connectivity` for when in a step signals are read and arrive.

    Examples
    --------
    >>> import recircuit as rc
    >>> rc.OneToOne().shape(4, 4)
    (4,)
    """

    kind = "one_to_one"

    def shape(self, n_pre: int, n_post: int) -> Shape:
        return Shape((n_pre,), (n_pre, n_pre))

    def indices(self, n_pre: int, n_post: int) -> Synapses:
        return Synapses(np.arange(n_pre), np.arange(n_pre), np.arange(n_pre))

    def check(self, n_pre: int, n_post: int, name: str) -> None:
        if n_pre != n_post:
            raise RecircuitError(f"{name}: one-to-one needs populations of one size; got {n_pre} and {n_post} units.")

"""All-to-all connections."""

from __future__ import annotations

from dataclasses import dataclass

from ...arguments import checked_arguments
from .base import Matrix


@checked_arguments
@dataclass(frozen=True)
class Dense(Matrix):
    """All-to-all connections: every pre unit projects to every post unit.

    ::

        field[i] = sum over j of w[i, j] * sent[j]

    The weights w have the shape (n_post, n_pre).

    Notes
    -----
    See `Connectivity` for when in a step signals are read and arrive.

    Examples
    --------
    >>> import recircuit as rc
    >>> rc.Dense().shape(3, 2)
    (2, 3)
    """

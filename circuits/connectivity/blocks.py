"""Several all-to-all projections side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...arguments import checked_arguments
from ...errors import RecircuitError
from .base import Matrix, Shape


@checked_arguments
@dataclass(frozen=True)
class Blocks(Matrix):
    """Parallel all-to-all projections: the k-th part of the pre units projects to the k-th part of the post units.

    Networks that lie side by side are connected in this way::

        field[i] = sum over j in the same part as i of w[i, j] * sent[j]

    The weights w have the shape (n_post, n_pre); those outside of the blocks are zero and stay zero.

    Parameters
    ----------
    number : int, default 1
        The number of parts. Both populations are divided into this number of equal parts.

    Raises
    ------
    RecircuitError
        If the number is not a whole number above 0, or a population cannot be divided into equal parts.

    Notes
    -----
    See `Connectivity` for when in a step signals are read and arrive.

    Examples
    --------
    >>> import recircuit as rc
    >>> rc.Blocks(2).mask(4, 2, None)
    array([[1., 1., 0., 0.],
           [0., 0., 1., 1.]])
    """

    number: int = 1

    def __post_init__(self) -> None:
        if not isinstance(self.number, int | np.integer) or isinstance(self.number, bool) or self.number < 1:
            raise RecircuitError(f"Blocks: the number of blocks is a whole number, at least 1; got {self.number!r}.")

    @property
    def masked(self) -> bool:
        return True

    @property
    def density(self) -> float:
        return 1 / self.number

    def shape(self, n_pre: int, n_post: int) -> Shape:
        return Shape((n_post, n_pre), (n_pre // self.number, n_post // self.number))

    def numbers(self) -> dict[str, Any]:
        return {"blocks": int(self.number)}

    def mask(self, n_pre: int, n_post: int, rng: np.random.Generator) -> np.ndarray | None:
        return np.kron(np.eye(self.number), np.ones((n_post // self.number, n_pre // self.number)))

    def check(self, n_pre: int, n_post: int, name: str) -> None:
        if n_pre % self.number or n_post % self.number:
            raise RecircuitError(
                f"{name}: {self.number} blocks need populations that divide into {self.number} equal parts; "
                f"got {n_pre} and {n_post} units."
            )

"""Which units a projection connects: everything to everything, a random part of it, or one to one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import RecircuitError


@dataclass(frozen=True)
class Dense:
    """Every pre unit to every post unit; weights w of shape (n_post, n_pre)."""

    kind = "dense"

    def shape(self, n_pre: int, n_post: int) -> tuple[int, ...]:
        """Shape of the weights."""
        return (n_post, n_pre)

    def indices(self, n_pre: int, n_post: int) -> tuple[np.ndarray, np.ndarray]:
        """Pre and post unit of every weight, in the order in which weights lie in memory."""
        return np.tile(np.arange(n_pre), n_post), np.repeat(np.arange(n_post), n_pre)

    def mask(self, n_pre: int, n_post: int, rng: np.random.Generator) -> np.ndarray | None:
        """1 where a synapse exists and 0 where none does; None where all exist."""
        return None

    def check(self, n_pre: int, n_post: int, name: str) -> None:
        """Refuse sizes that do not fit."""


@dataclass(frozen=True)
class Masked(Dense):
    """Each synapse exists with a probability, drawn once and for each projection by itself (Amit 2019, section 2.2).

    The weights stay a matrix; those that do not exist are zero and stay zero.
    """

    probability: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.probability <= 1:
            raise RecircuitError(f"Masked: a probability lies in (0, 1]; got {self.probability!r}.")

    def mask(self, n_pre: int, n_post: int, rng: np.random.Generator) -> np.ndarray | None:
        return (rng.random((n_post, n_pre)) < self.probability).astype(float)


@dataclass(frozen=True)
class OneToOne(Dense):
    """Unit i to unit i; weights w of shape (n,)."""

    kind = "one_to_one"

    def shape(self, n_pre: int, n_post: int) -> tuple[int, ...]:
        return (n_pre,)

    def indices(self, n_pre: int, n_post: int) -> tuple[np.ndarray, np.ndarray]:
        return np.arange(n_pre), np.arange(n_pre)

    def check(self, n_pre: int, n_post: int, name: str) -> None:
        if n_pre != n_post:
            raise RecircuitError(f"{name}: one-to-one needs populations of one size; got {n_pre} and {n_post} units.")

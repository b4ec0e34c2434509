"""Which units a projection connects: everything to everything, a random part of it, in blocks, or one to one.

Those of images are in `circuits.local`. A structure says where synapses are; what they do, and how they learn, it does
not know.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ...errors import RecircuitError


class Shape(tuple[int, ...]):
    """The shape of weights, and how many synapses come into a unit and go out of one: ``fans`` = (in, out)."""

    fans: tuple[int, int]

    def __new__(cls, shape: tuple[int, ...], fans: tuple[int, int]) -> Shape:
        made = super().__new__(cls, shape)
        made.fans = fans
        return made


class Synapses(NamedTuple):
    """All synapses, one by one: pre unit, post unit, and where in memory the weight is."""

    pre: np.ndarray
    post: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True)
class Dense:
    """Every pre unit to every post unit; weights w of shape (n_post, n_pre)."""

    #: Which code objects carry it.
    kind = "dense"
    #: Whether several synapses have one weight: its changes are their sum, which is not local.
    shared = False
    #: Whether a rule may change the weights.
    learns = True
    #: What weights are if nothing else is said; None: drawn.
    initial: ClassVar[float | None] = None

    def shape(self, n_pre: int, n_post: int) -> Shape:
        """Shape of the weights."""
        return Shape((n_post, n_pre), (n_pre, n_post))

    def indices(self, n_pre: int, n_post: int) -> Synapses:
        """Every synapse, in the order in which weights lie in memory."""
        return Synapses(
            np.tile(np.arange(n_pre), n_post), np.repeat(np.arange(n_post), n_pre), np.arange(n_pre * n_post)
        )

    def count(self, n_pre: int, n_post: int) -> int:
        """How many synapses there are, if none is left out at random."""
        return prod(self.shape(n_pre, n_post))

    def existing(self, n_pre: int, n_post: int) -> np.ndarray | None:
        """1 for each weight that a synapse has, and 0 for a place in memory that none has; None where all have one."""
        return None

    @property
    def random(self) -> bool:
        """Whether a part of the synapses is left out at random."""
        return False

    @property
    def density(self) -> float:
        """The part of the weights that exist."""
        return 1.0

    def mask(self, n_pre: int, n_post: int, rng: np.random.Generator) -> np.ndarray | None:
        """1 for each weight that is there and 0 for one that is not; None where all are."""
        return self.existing(n_pre, n_post)

    @cached_property
    def tables(self) -> dict[str, np.ndarray]:
        """Whole numbers in memory that the code reads, by name."""
        return {}

    def numbers(self) -> dict[str, Any]:
        """Whole numbers that stand in the code, by name."""
        return {}

    def check(self, n_pre: int, n_post: int, name: str) -> None:
        """Refuse sizes that do not fit."""


@dataclass(frozen=True)
class Masked(Dense):
    """Each synapse exists with a probability, drawn once and for each projection by itself (Amit 2019, section 2.2).

    The weights stay a matrix; those that do not exist are zero and stay zero.
    """

    probability: float = 0.5

    def __post_init__(self) -> None:
        check_probability(self.probability, "Masked")

    @property
    def random(self) -> bool:
        return True

    @property
    def density(self) -> float:
        return self.probability

    def mask(self, n_pre: int, n_post: int, rng: np.random.Generator) -> np.ndarray | None:
        return (rng.random((n_post, n_pre)) < self.probability).astype(float)


@dataclass(frozen=True)
class Blocks(Dense):
    """As many networks beside each other: the k-th part of the pre units to the k-th part of the post units.

    The weights stay a matrix (n_post, n_pre); those outside of the blocks are zero and stay zero.
    """

    number: int = 1

    def __post_init__(self) -> None:
        if not isinstance(self.number, int | np.integer) or isinstance(self.number, bool) or self.number < 1:
            raise RecircuitError(f"Blocks: how many there are is a whole number, at least 1; got {self.number!r}.")

    @property
    def random(self) -> bool:
        """Not so, but kept in the same way, by a mask."""
        return True

    @property
    def density(self) -> float:
        return 1 / self.number

    def shape(self, n_pre: int, n_post: int) -> Shape:
        return Shape((n_post, n_pre), (n_pre // self.number, n_post // self.number))

    def mask(self, n_pre: int, n_post: int, rng: np.random.Generator) -> np.ndarray | None:
        return np.kron(np.eye(self.number), np.ones((n_post // self.number, n_pre // self.number)))

    def check(self, n_pre: int, n_post: int, name: str) -> None:
        if n_pre % self.number or n_post % self.number:
            raise RecircuitError(
                f"{name}: {self.number} blocks need populations that divide into {self.number} equal parts; "
                f"got {n_pre} and {n_post} units."
            )


@dataclass(frozen=True)
class OneToOne(Dense):
    """Unit i to unit i; weights w of shape (n,)."""

    kind = "one_to_one"

    def shape(self, n_pre: int, n_post: int) -> Shape:
        return Shape((n_pre,), (n_pre, n_pre))

    def indices(self, n_pre: int, n_post: int) -> Synapses:
        return Synapses(np.arange(n_pre), np.arange(n_pre), np.arange(n_pre))

    def check(self, n_pre: int, n_post: int, name: str) -> None:
        if n_pre != n_post:
            raise RecircuitError(f"{name}: one-to-one needs populations of one size; got {n_pre} and {n_post} units.")


def check_probability(probability: float, where: str) -> None:
    """Refuse what is no probability of a synapse."""
    if isinstance(probability, bool) or not isinstance(probability, int | float) or not 0 < probability <= 1:
        raise RecircuitError(f"{where}: a probability lies in (0, 1]; got {probability!r}.")

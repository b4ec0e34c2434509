"""The base class of connectivities: which of the possible synapses exist, and which share a weight.

A connectivity is data. It does not know what its synapses transmit or how they learn; a projection says that. A new one
is a frozen dataclass that inherits from `Connectivity` (or from `Matrix`, if its weights are a matrix) and says where its
synapses are. `dense.py` is the shortest example.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ...errors import RecircuitError


class Shape(tuple[int, ...]):
    """The shape of an array of weights, which also says how many synapses a unit has.

    Parameters
    ----------
    shape : tuple of int
        The shape of the array.
    fans : (int, int)
        The number of synapses into one post unit, and from one pre unit, if none is left out at random.
    existing : (float, float), optional
        The same numbers for the synapses that exist, averaged over the units. None if none is left out.
    """

    fans: tuple[int, int]
    existing: tuple[float, float]

    def __new__(
        cls, shape: tuple[int, ...], fans: tuple[int, int], existing: tuple[float, float] | None = None
    ) -> Shape:
        made = super().__new__(cls, shape)
        made.fans = fans
        made.existing = fans if existing is None else existing
        return made

    def __getnewargs__(self) -> tuple[Any, ...]:
        return tuple(self), self.fans, self.existing  # what copies are made with

    def thinned(self, mask: np.ndarray) -> Shape:
        """Return the same shape with only the synapses that a mask keeps; both numbers shrink in proportion.

        A row of a matrix may have more places than a post unit has synapses, as with blocks.
        """
        possible = self.fans[0] * self[0] if len(self) == 2 else mask.size
        share = float(np.count_nonzero(mask)) / max(possible, 1)
        return Shape(self, self.fans, (share * self.fans[0], share * self.fans[1]))


class Synapses(NamedTuple):
    """A list of all synapses, as three arrays of the shape (synapses,).

    Parameters
    ----------
    pre, post : array of int
        The number of the pre unit and of the post unit of each synapse.
    weight : array of int
        The index of each synapse's weight in the flattened array of weights.
    """

    pre: np.ndarray
    post: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True)
class Connectivity(ABC):
    """The synapses of a projection from ``n_pre`` to ``n_post`` units, and the places of their weights in memory.

    A subclass must define `kind`, `shape` and `indices`. All other members have defaults for a connectivity in which
    every element of the array of weights is the weight of exactly one synapse; a subclass overrides those that are
    different for it.

    Attributes
    ----------
    kind : str
        The name of the operations that carry signals through these synapses: ``"dense"`` (the weights are a matrix),
        ``"one_to_one"``, ``"local"`` (windows of an image) or ``"largest"`` (maximum over windows).
    shared : bool
        Whether several synapses have the same weight. The change of a weight is then the sum of the changes of its
        synapses, which no single synapse could compute; such a projection counts as not local.
    learns : bool
        Whether a rule may change the weights.
    initial : float or None
        The value of all weights if ``connect`` is called without weights; None if they are drawn at random.

    Notes
    -----
    In a step in which the projection is open, it sends the signals that the pre units had before the step (for a
    stimulus, the row that is presented now), and the fields are complete before the states of the post units change.
    """

    kind: ClassVar[str]
    shared: ClassVar[bool] = False
    learns: ClassVar[bool] = True
    initial: ClassVar[float | None] = None

    @abstractmethod
    def shape(self, n_pre: int, n_post: int) -> Shape:
        """Return the shape of the array of weights, and how many synapses a unit has.

        Parameters
        ----------
        n_pre, n_post : int
            The numbers of pre and post units.
        """

    @abstractmethod
    def indices(self, n_pre: int, n_post: int) -> Synapses:
        """Return all synapses, in the order of the weights in memory, including those that `mask` leaves out at random.

        Parameters
        ----------
        n_pre, n_post : int
            The numbers of pre and post units.
        """

    def count(self, n_pre: int, n_post: int) -> int:
        """Return the number of synapses, including those that `mask` leaves out at random.

        Parameters
        ----------
        n_pre, n_post : int
            The numbers of pre and post units.
        """
        return prod(self.shape(n_pre, n_post))

    @property
    def masked(self) -> bool:
        """Whether some weights of the array have no synapse, although both units of their place exist.

        The circuit then keeps the mask in memory, and sets these weights back to zero after each update.
        """
        return False

    @property
    def density(self) -> float:
        """The expected share of the weights of the array that have a synapse. It decides between dense and sparse code."""
        return 1.0

    def mask(self, n_pre: int, n_post: int, rng: np.random.Generator) -> np.ndarray | None:
        """Return an array of `shape` with 1 for each weight that has a synapse and 0 elsewhere.

        None stands for an array of ones.

        Parameters
        ----------
        n_pre, n_post : int
            The numbers of pre and post units.
        rng : Generator
            The generator from which synapses that exist at random are drawn.
        """
        return self.existing(n_pre, n_post)

    def existing(self, n_pre: int, n_post: int) -> np.ndarray | None:
        """Return the part of `mask` that does not depend on chance, with 0 for each weight that has no pre unit.

        Such weights exist where a window reaches over the edge of its image. None stands for an array of ones.

        Parameters
        ----------
        n_pre, n_post : int
            The numbers of pre and post units.
        """
        return None

    @cached_property
    def tables(self) -> dict[str, np.ndarray]:
        """The arrays of integers that the generated code reads from memory, by name."""
        return {}

    def numbers(self) -> dict[str, Any]:
        """Return integers that are written into the generated code, by name."""
        return {}

    def check(self, n_pre: int, n_post: int, name: str) -> None:  # noqa: B027  # most connectivities fit all sizes
        """Check that the sizes of the populations fit.

        Parameters
        ----------
        n_pre, n_post : int
            The numbers of pre and post units.
        name : str
            The beginning of error messages.

        Raises
        ------
        RecircuitError
            If the sizes do not fit.
        """


@dataclass(frozen=True)
class Matrix(Connectivity):
    """A connectivity whose weights are a matrix w of the shape (n_post, n_pre), or a part of it.

    A subclass in which only some pairs of units are connected sets `masked`, and its `mask` says which pairs these are;
    `masked.py` is an example.
    """

    kind = "dense"

    def shape(self, n_pre: int, n_post: int) -> Shape:
        return Shape((n_post, n_pre), (n_pre, n_post))

    def indices(self, n_pre: int, n_post: int) -> Synapses:
        return Synapses(
            np.tile(np.arange(n_pre), n_post), np.repeat(np.arange(n_post), n_pre), np.arange(n_pre * n_post)
        )


def check_probability(probability: float, where: str) -> None:
    """Refuse a number that is not the probability of a synapse."""
    if isinstance(probability, bool) or not isinstance(probability, int | float) or not 0 < probability <= 1:
        raise RecircuitError(f"{where}: a probability lies in (0, 1]; got {probability!r}.")

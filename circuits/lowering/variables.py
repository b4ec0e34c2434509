"""The variables of a circuit: name, shape, and scope."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

import numpy as np


def split_key(key: str) -> tuple[str, str]:
    """Return the owner and the name of a variable, from its key such as ``"h.rate"``."""
    owner, _, name = key.partition(".")
    return owner, name


class Scope(Enum):
    """The scope of a variable: the things that have one value each."""

    UNIT = "unit and batch element"
    SHARED_UNIT = "unit"
    WEIGHT = "weight"
    TRACE = "weight and batch element"
    CIRCUIT = "circuit"
    TABLE = "entry of a table"
    DELAY = "step, unit and batch element"


class Kind(Enum):
    """The kind of number. Real numbers have the precision of the circuit."""

    REAL = "real"
    DOUBLE = "double precision"
    WHOLE = "whole number"
    LONG = "long whole number"

    def dtype(self, real: np.dtype) -> np.dtype:
        """Return the NumPy type of this kind of number."""
        fixed = {Kind.DOUBLE: np.float64, Kind.WHOLE: np.int32, Kind.LONG: np.int64}
        return np.dtype(fixed[self]) if self in fixed else real


@dataclass(frozen=True, eq=False)
class Variable:
    """A stored variable of a circuit.

    Parameters
    ----------
    owner, name : str
        The population or projection, and the name in it.
    shape : tuple of int
        The shape that a user sees: (batch, units) for units, (batch, *shape of the weights) for traces.
    places : array, optional
        The indices of the stored values in that shape, if they are stored synapse by synapse; None for all values.
    """

    owner: str
    name: str
    shape: tuple[int, ...]
    scope: Scope
    kind: Kind = Kind.REAL
    places: np.ndarray | None = field(default=None, repr=False)

    @property
    def key(self) -> str:
        """The key of the variable, such as ``"h.rate"``."""
        return f"{self.owner}.{self.name}"

    @property
    def by_element(self) -> bool:
        """Whether each batch element has its own values."""
        return self.scope in (Scope.UNIT, Scope.TRACE)

    @property
    def of_units(self) -> bool:
        """Whether it belongs to the units of a population, in each batch element or in all."""
        return self.scope in (Scope.UNIT, Scope.SHARED_UNIT)

    @property
    def size(self) -> int:
        """The number of values."""
        return int(np.prod(self.shape))

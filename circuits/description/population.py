"""Populations: units with the same equations, in B batch elements."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from .neuron import Neuron
from .schedule import During

CLAMPED = Neuron("rate : 1")


@dataclass(frozen=True)
class Clamp:
    """What is shown to a clamped population: ``values`` (a row of data) or ``labels`` (one unit on, the others off).

    ``closed``: what it is when its phases are over, the last value ("hold") or zero ("zero").
    """

    kind: str = "values"
    during: During = field(default_factory=During)
    variable: str = "rate"
    on: float = 1.0
    off: float = 0.0
    closed: str = "hold"


class Values(Protocol):
    """What knows the values of variables by name, as ``"h.rate"``: a circuit."""

    def __getitem__(self, key: str) -> Any: ...

    def __setitem__(self, key: str, value: Any) -> None: ...


@dataclass(eq=False)
class Population:
    """``size`` units in each of the circuit's batch elements; made by ``circuit.population`` and its kin.

    Its variables are read as ``population["rate"]``, an array of shape (batch, size), and set the same way.
    """

    network: Values = field(repr=False)
    name: str
    size: int
    neuron: Neuron = field(repr=False)
    clamp: Clamp | None = field(default=None, repr=False)

    def __getitem__(self, variable: str) -> np.ndarray:
        return self.network[f"{self.name}.{variable}"]

    def __setitem__(self, variable: str, value: Any) -> None:
        self.network[f"{self.name}.{variable}"] = value

    def variables(self) -> list[str]:
        """All that a rule or a record may read of a unit."""
        neuron = self.neuron
        return sorted({*neuron.stored, *neuron.expressions, *neuron.compartments, *neuron.totals, *neuron.broadcasts})

    def stored_name(self, variable: str) -> str:
        """Follow expressions that are no more than another name (x = rate)."""
        while (target := self.neuron.expressions.get(variable, "").strip()).isidentifier():
            variable = target
        return variable

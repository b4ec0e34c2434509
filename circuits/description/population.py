"""Populations are units with the same equations, in B batch elements."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import numpy as np

from ...errors import RecircuitError
from .fixed import Fixed
from .neuron import Neuron
from .schedule import During

CLAMPED = Neuron("rate : 1")


@dataclass(frozen=True)
class Clamp:
    """What is shown to a clamped population.

    Parameters
    ----------
    kind : ``values`` (a row of data), ``labels`` (one unit on, the others off), or ``targets`` (a row of real values that
        is wanted, not shown in evaluation)
    during : when it is shown
    variable : which variable of the units is set
    on, off : of labels
    every : of a series: after how many steps its next row is shown; 0: the sample is one row, shown once
    closed : what it is when its phases are over, the last value ("hold") or zero ("zero")
    """

    kind: str = "values"
    during: During = field(default_factory=During)
    variable: str = "rate"
    on: float = 1.0
    off: float = 0.0
    every: int = 0
    closed: str = "hold"

    @property
    def supervises(self) -> bool:
        """Whether it is left out of evaluations."""
        return self.kind != "values"


def labels_clamp(name: str, during: During, variable: str, on: Any, off: Any, closed: str = "hold") -> Clamp:
    """What shows labels to a supervisor.

    Raises RecircuitError: ``on`` or ``off`` is no finite number.
    """
    for what, value in (("on", on), ("off", off)):
        if not isinstance(value, int | float | np.integer | np.floating) or not np.isfinite(value):
            raise RecircuitError(f"supervisor {name!r}: {what} is a finite number; got {value!r}.")
    return Clamp("labels", during, variable, float(on), float(off), closed=closed)


def check_clamp(name: str, model: Neuron, clamp: Clamp) -> None:
    """Refuse a variable to be clamped that is no parameter of each unit."""
    if clamp.variable not in model.unit_parameters:
        raise RecircuitError(
            f"stimulus {name!r}: {clamp.variable!r} is not a parameter of each unit in its equations "
            f"(those are {model.unit_parameters}); declare it as '{clamp.variable} : 1'."
        )


class Values(Protocol):
    """What knows the values of variables by name, as ``"h.rate"``: a circuit."""

    def __getitem__(self, key: str) -> Any: ...

    def __setitem__(self, key: str, value: Any) -> None: ...


@dataclass(eq=False)
class Population(Fixed):
    """``size`` units in each of the circuit's batch elements; made by ``circuit.population`` and its kin.

    Its variables are read as ``population["rate"]``, an array of shape (batch, size), and set the same way.
    """

    network: Values = field(repr=False)
    name: str
    size: int
    neuron: Neuron = field(repr=False)
    clamp: Clamp | None = field(default=None, repr=False)
    initial: dict[str, Any] = field(default_factory=dict, repr=False)
    spread: dict[str, np.ndarray] = field(default_factory=dict, repr=False)

    fixed: ClassVar[dict[str, str]] = {
        "neuron": 'Change a parameter, as in population["tau"] = 10*ms, or make another circuit.',
        **dict.fromkeys(("network", "name", "size", "clamp"), "Make another circuit."),
        "initial": 'Set the variable itself, as in population["v"] = .5.',
    }

    def __post_init__(self) -> None:
        self.made()

    def set_neuron(self, neuron: Neuron) -> None:
        """Other equations, or the same with other parameters; whoever calls it sees to the circuit's revision."""
        object.__setattr__(self, "neuron", neuron)

    @property
    def single_parameters(self) -> dict[str, Any]:
        """The parameters that have one value for all units and batch elements; those in ``spread`` are each unit's own."""
        return {name: value for name, value in self.neuron.parameters.items() if name not in self.spread}

    def __getitem__(self, variable: str) -> np.ndarray:
        return self.network[f"{self.name}.{variable}"]

    def __setitem__(self, variable: str, value: Any) -> None:
        self.network[f"{self.name}.{variable}"] = value

    def shows(self, variable: str) -> bool:
        """Whether a variable is a row of the data, so that it needs no first value."""
        return self.clamp is not None and self.clamp.variable == variable

    def variables(self) -> list[str]:
        """Return all that a rule or a record may read of a unit."""
        neuron = self.neuron
        return sorted({*neuron.stored, *neuron.expressions, *neuron.compartments, *neuron.totals, *neuron.broadcasts})

    def stored_name(self, variable: str) -> str:
        """Follow expressions that are no more than another name (x = rate)."""
        while (target := self.neuron.expressions.get(variable, "").strip()).isidentifier():
            variable = target
        return variable

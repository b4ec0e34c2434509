"""Populations: units with the same equations, in each batch element."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import numpy as np

from ....errors import RecircuitError
from ....other_libraries import NamesFromElsewhere
from ..display import population_html
from ..fixed import Fixed, key_of
from ..neurons.neuron import Neuron
from ..schedules.during import During

CLAMPED = Neuron("rate : 1")


@dataclass(frozen=True)
class Clamp:
    """The data that a clamped population presents.

    Parameters
    ----------
    kind : str
        ``"values"`` (a row of data), ``"labels"`` (one unit on, the others off), or ``"targets"`` (a row of real
        values, which is not presented in an evaluation).
    during : During
        The phases in which it is presented.
    variable : str
        The variable of the units that is set.
    on, off : float
        The values of labels.
    every : int
        The number of steps after which the next row of a series is presented; 0 if the sample is one row.
    closed : str
        The value of the population when its phases are over: the last value (``"hold"``) or zero (``"zero"``).
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
    """Return the clamp of a supervisor.

    Raises
    ------
    RecircuitError
        If ``on`` or ``off`` is not a finite number.
    """
    for what, value in (("on", on), ("off", off)):
        if not isinstance(value, int | float | np.integer | np.floating) or not np.isfinite(value):
            raise RecircuitError(f"supervisor {name!r}: {what} is a finite number; got {value!r}.")
    return Clamp("labels", during, variable, float(on), float(off), closed=closed)


def check_clamp(name: str, model: Neuron, clamp: Clamp) -> None:
    """Refuse to clamp a variable that is not a parameter of each unit."""
    if clamp.variable not in model.unit_parameters:
        raise RecircuitError(
            f"stimulus {name!r}: {clamp.variable!r} is not a parameter of each unit in its equations "
            f"(those are {model.unit_parameters}); declare it as '{clamp.variable} : 1'."
        )


class Values(Protocol):
    """A mapping from names such as ``"h.rate"`` to the values of variables; a circuit is one."""

    def __getitem__(self, key: str) -> Any: ...

    def __setitem__(self, key: str, value: Any) -> None: ...


@dataclass(eq=False)
class Population(Fixed, NamesFromElsewhere):
    """``size`` units with the same equations, in each of the circuit's batch elements.

    `Circuit.population`, `Circuit.stimulus` and related methods make it. ``population["rate"]`` returns a variable as
    an array of shape (batch, size), and sets it in the same way.

    Parameters
    ----------
    network : Circuit
        The circuit that the population belongs to.
    name : str
        The name of the population.
    size : int
        The number of units.
    neuron : Neuron
        The equations of the units.
    clamp : Clamp or None
        The data that it presents; None for a population that is not a stimulus.
    initial : dict of str to array
        Initial values that were declared, by variable.
    spread : dict of str to array
        Parameters whose value is different from unit to unit.
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
        "spread": 'Set a parameter of each unit, as in population["tau"] = [10, 20]*ms.',
        "initial": 'Set the variable itself, as in population["v"] = .5.',
    }

    def __post_init__(self) -> None:
        self.made()

    def set_neuron(self, neuron: Neuron) -> None:
        """Use other equations, or other parameters. The caller has to change the circuit's revision.

        Parameters
        ----------
        neuron : Neuron
            The new equations.
        """
        object.__setattr__(self, "neuron", neuron)

    @property
    def single_parameters(self) -> dict[str, Any]:
        """The parameters that have one value for all units. Those in ``spread`` have a value for each unit."""
        return {name: value for name, value in self.neuron.parameters.items() if name not in self.spread}

    def __getitem__(self, variable: str) -> np.ndarray:
        return self.network[key_of(self.name, variable)]

    def __setitem__(self, variable: str, value: Any) -> None:
        self.network[key_of(self.name, variable)] = value

    def _repr_html_(self) -> str:
        return population_html(self, opened=True)

    @property
    def presents(self) -> str:
        """The kind of data that it presents, as in `Clamp`; empty for a population that presents none."""
        return "" if self.clamp is None else self.clamp.kind

    def shows(self, variable: str) -> bool:
        """Return whether a variable is a row of the data, so that it needs no initial value.

        Parameters
        ----------
        variable : str
            The name of the variable.
        """
        return self.clamp is not None and self.clamp.variable == variable

    def variables(self) -> list[str]:
        """Return the variables of a unit that a rule or a recording may read."""
        neuron = self.neuron
        return sorted({*neuron.stored, *neuron.expressions, *neuron.compartments, *neuron.totals, *neuron.broadcasts})

    def stored_name(self, variable: str) -> str:
        """Return the variable that an expression stands for if it is only another name, as x is for rate.

        Parameters
        ----------
        variable : str
            The name of a variable or expression.
        """
        while (target := self.neuron.expressions.get(variable, "").strip()).isidentifier():
            variable = target
        return variable

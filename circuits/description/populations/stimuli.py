"""Populations whose rates are data: stimuli, supervisors, targets, and constants."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from brian2.units import Quantity

from ....arguments import checked_arguments
from ..naming import checked_size
from ..neurons.neuron import Neuron
from ..schedules.during import During
from ..schedules.schedule import steps_in
from ..schedules.timing import Closed, checked_closed
from .population import CLAMPED, Clamp, Population, check_clamp, labels_clamp
from .shown_values import refuse_units

Phases = str | Sequence[str] | None


class Stimuli(ABC):
    """The part of a description that declares populations whose rates are data."""

    dt: Quantity
    constants: dict[str, float]

    @checked_arguments
    def stimulus(
        self,
        name: str,
        size: int,
        model: Neuron | None = None,
        *,
        clamps: str = "rate",
        during: Phases = None,
        every: Quantity | None = None,
        closed: Closed = "hold",
    ) -> Population:
        """Add a population that is clamped to a row of the data.

        Parameters
        ----------
        name : str
            The name of the population.
        size : int
            The number of units, one for each value of a row.
        model : Neuron, optional
            Equations of the units; ``clamps`` names the parameter of each unit that is set to the data, and the other
            equations go on as they do elsewhere. The default is a rate that is set to the data.
        clamps : str, default "rate"
            The variable that is set.
        during : str or sequence of str, optional
            The phases in which the row is presented, from their first step on; the default is all phases.
        every : Quantity, optional
            The time from one row of a series to the next. If it is given, a sample is a series: data have the shape
            (samples, rows, size), and the rows are presented one after the other while ``during`` lasts.
        closed : {"hold", "zero"}
            Whether the population keeps the row (``"hold"``) or is zero (``"zero"``) when ``during`` is over.

        Returns
        -------
        Population
            The population.

        Notes
        -----
        In a step in which a row begins, the data are set first, so that everything in this step reads the new row.
        """
        return add_clamped(self, name, size, model, self._clamp("values", name, clamps, during, every, closed))

    @checked_arguments
    def target(
        self,
        name: str,
        size: int,
        model: Neuron | None = None,
        *,
        clamps: str = "rate",
        during: Phases = None,
        every: Quantity | None = None,
        closed: Closed = "hold",
    ) -> Population:
        """Add a population that is clamped to the real values that the circuit should produce, for regression.

        It presents nothing in an evaluation. Data have the shape (samples, size); with ``every`` they are series.

        Parameters
        ----------
        name : str
            The name of the population.
        size : int
            The number of units, one for each value.
        model, clamps, during, every, closed
            See `stimulus`, whose rows are set at the same moment of a step.

        Returns
        -------
        Population
            The population.
        """
        return add_clamped(self, name, size, model, self._clamp("targets", name, clamps, during, every, closed))

    @checked_arguments
    def supervisor(
        self,
        name: str,
        size: int,
        model: Neuron | None = None,
        *,
        on: float = 1.0,
        off: float = 0.0,
        clamps: str = "rate",
        during: Phases = None,
        closed: Closed = "hold",
    ) -> Population:
        """Add a population that is clamped to the label: one unit is on and the others are off.

        It presents nothing in an evaluation.

        Parameters
        ----------
        name : str
            The name of the population.
        size : int
            The number of units, one for each class.
        model, clamps, during, closed
            See `stimulus`.
        on, off : float
            The value of the unit of the class that is presented, and of the others.

        Returns
        -------
        Population
            The population.

        Notes
        -----
        In the first step of ``during`` the label is set first, so that everything in this step reads it.
        """
        closed = checked_closed(closed, f"supervisor {name!r}")
        return add_clamped(self, name, size, model, labels_clamp(name, During.of(during), clamps, on, off, closed))

    @checked_arguments
    def constant(self, name: str, size: int = 1, value: float = 1.0) -> Population:
        """Add units whose rate never changes. A projection from one of them is a bias.

        Parameters
        ----------
        name : str
            The name of the population.
        size : int, default 1
            The number of units.
        value : float, default 1
            Their rate.

        Returns
        -------
        Population
            The population.
        """
        refuse_units(value, f"constant {name!r}")
        population = self._add(Population(self, name, checked_size(name, size), CLAMPED))
        self.constants[f"{name}.rate"] = value
        return population

    def _clamp(
        self, kind: str, name: str, variable: str, during: Phases, every: Quantity | None, closed: Closed
    ) -> Clamp:
        steps = 0 if every is None else steps_in(name, every, self.dt, "stimulus: every of")
        return Clamp(
            kind, During.of(during), variable, every=steps, closed=checked_closed(closed, f"stimulus {name!r}")
        )

    @abstractmethod
    def __getitem__(self, key: str) -> Any: ...

    @abstractmethod
    def __setitem__(self, key: str, value: Any) -> None: ...

    @abstractmethod
    def _add(self, population: Population) -> Population: ...


def add_clamped(network: Stimuli, name: str, size: int, model: Neuron | None, clamp: Clamp) -> Population:
    """Add a population whose rates, or a variable of its neuron, are data.

    Parameters
    ----------
    network : Stimuli
        The description that it is added to.
    name : str
        The name of the population.
    size : int
        The number of units.
    model : Neuron or None
        The neuron. None stands for one that has a rate and nothing else.
    clamp : Clamp
        The variable that is set to data, and the phases in which it is.
    """
    model = model or CLAMPED
    check_clamp(name, model, clamp)
    return network._add(Population(network, name, checked_size(name, size), model, clamp))

"""The base class of output circuits: the populations at the end of a network that compute its error in time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ...connectivity.one_to_one import OneToOne
from ...description.network import Network
from ...description.populations.population import Population


@dataclass(frozen=True)
class OutputCircuit(ABC):
    """An output population, its supervisor, and the units between them, which together compute an error.

    ``circuit.population("o", 10, HingeOutput())`` adds all of them. A subclass is a frozen dataclass; it must define
    `loss`, `error_steps` and `build`, and the other members may keep the value that they have here. The population that
    `build` returns has these variables:

    ``basal``
        the compartment that the layer below projects to. In evaluation the answer of a network is the unit with the
        largest value of ``basal``, before any supervision arrives
    ``error``
        the error at the end of the phase ``error``, which rules and feedback projections read
    ``target``
        the target that the supervisor presents, at the scale that rules read as ``target_post``
    ``beyond``
        a count, for each unit, of how often the field has left the range for which the circuit was made; not all output
        circuits have it. Training reports it after each epoch

    Attributes
    ----------
    loss : str
        The name of the loss, as in ``recircuit train --loss NAME``. The error is its negative gradient with respect to
        ``basal``.
    error_steps : int
        The number of steps of the phase ``error`` in step-by-step mode.
    rate_factor : float
        The factor of the rule's usual learning rate if a training run is given no rate: fields that are farther from
        their targets need a smaller rate.
    own_rule : str
        The name of a rule that computes the gradient of this loss by itself, without reading ``error``; such a rule is
        refused with every other loss. It is empty if there is none.
    built_in : tuple of str
        The parameters of the output unit from which other parts are made, such as weights. They cannot be set later.
    """

    loss: ClassVar[str]
    error_steps: ClassVar[int]
    rate_factor: ClassVar[float] = 1.0
    own_rule: ClassVar[str] = ""
    built_in: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def build(self, circuit: Network, name: str, size: int) -> Population:
        """Add the populations and the projections between them to a circuit.

        Parameters
        ----------
        circuit : Network
            The circuit; its phases are ``feedforward`` and ``error``.
        name : str
            The name of the output population.
        size : int
            The number of output units, one for each class.

        Returns
        -------
        Population
            The output population.
        """

    @property
    @abstractmethod
    def supervisor(self) -> str:
        """The name of the population that is clamped to the labels."""

    @property
    def targets(self) -> tuple[float, float]:
        """The values of the supervisor's units, for the class that is presented and for the others."""
        return 1.0, 0.0

    def losses(self, fields: np.ndarray, labels: np.ndarray) -> np.ndarray | None:
        """Return the loss of each sample, of shape (samples,), or None if the class does not define how it is computed.

        Parameters
        ----------
        fields : array of float
            The basal fields of the output units, of shape (samples, units).
        labels : array of int
            The classes, of shape (samples,).
        """
        return None

    @property
    def rule_parameters(self) -> Mapping[str, float]:
        """Return the parameters of `own_rule` that this circuit has too, so that both get the same values."""
        return {}

    def supervise(self, circuit: Network, o: Population, *, weights: float = 1.0, during: str = "error") -> Population:
        """Add the supervisor, and one synapse from each of its units into ``supervision`` of the output unit.

        Parameters
        ----------
        circuit : Network
            The circuit.
        o : Population
            The output population.
        weights : float, default 1
            The weight of these synapses.
        during : str, default "error"
            The phases in which the supervisor is presented and sends.
        """
        s = self.add_supervisor(circuit, o.size, during)
        circuit.connect(s, o, into="supervision", weights=weights, connectivity=OneToOne(), during=during)
        return s

    def add_supervisor(self, circuit: Network, size: int, during: str) -> Population:
        """Add the population that presents a class.

        Parameters
        ----------
        circuit : Network
            The circuit.
        size : int
            How many classes there are.
        during : str
            The phases in which the supervisor is presented.
        """
        on, off = self.targets
        return circuit.supervisor(self.supervisor, size, on=on, off=off, during=during)


@dataclass(frozen=True)
class AppraisedOutput(OutputCircuit):
    """An output circuit to which a unit for the loss itself can be added, for rules that perturb the network.

    A subclass has a parameter ``appraised``. If it is True, the output receives its supervision in the phase
    ``feedforward`` too, so that the loss is known there.
    """

    @abstractmethod
    def appraise(self, circuit: Network, o: Population, name: str = "loss") -> Population:
        """Add a unit whose rate is the loss in the phase ``feedforward``.

        Parameters
        ----------
        circuit : Network
            The circuit.
        o : Population
            The output population that `build` returned.
        name : str, default "loss"
            The name of the new population, which has one unit.

        Returns
        -------
        Population
            The population of the loss.
        """


def supervised_during(appraised: bool) -> str:
    """Return the phases in which an output receives its supervision."""
    return "feedforward and error" if appraised else "error"


def targets_of(labels: np.ndarray, units: int, on: float, off: float) -> np.ndarray:
    """Return the values of the supervisor for each label, of shape (samples, units)."""
    shown = np.full((len(labels), units), off)
    shown[np.arange(len(labels)), labels] = on
    return shown

"""Units that hold the errors of predictions of another population."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ....arguments import kept_arguments
from ....errors import RecircuitError
from ...connectivity.one_to_one import OneToOne
from ...description.network import Network
from ...description.populations.population import Population
from ..neurons.prediction import prediction_error_unit


@kept_arguments
@dataclass(frozen=True)
class ErrorUnits:
    """One error unit for each unit of a population: its rate is precision (value - prediction).

    ``circuit.population("e", h.size, ErrorUnits(h))`` adds them, with one synapse of weight 1 from each unit of h into
    ``value`` of its error unit. Populations that predict h then project to the error units, into ``basal``.

    Parameters
    ----------
    of : Population
        The population whose units are predicted.
    sends : str
        The variable that is predicted.
    into : str
        The compartment of the predicted units to which the errors return, with weight 1. If it is empty, they do not
        return.
    during : str or sequence of str, optional
        The phases in which values and errors travel. None stands for all phases.
    precision : float
        See `prediction_error_unit`.

    Examples
    --------
    >>> import recircuit as rc
    >>> net = rc.Circuit()
    >>> unit = rc.Neuron("surprise : 1 (compartment)\\nv = v - .1*surprise : 1 (during infer)\\nrate = v : 1")
    >>> h = net.population("h", 3, unit)
    >>> e = net.population("e", 3, rc.ErrorUnits(h, sends="v", into="surprise", during="infer"))
    """

    of: Population
    sends: str = "rate"
    into: str = ""
    during: str | Sequence[str] | None = None
    precision: float = 1.0

    def build(self, circuit: Network, name: str, size: int) -> Population:
        """Add the error units and the synapses between them and the predicted units.

        Parameters
        ----------
        circuit : Network
            The circuit that the predicted population belongs to.
        name : str
            The name of the error units.
        size : int
            The number of error units: one for each predicted unit.

        Returns
        -------
        Population
            The error units.

        Raises
        ------
        RecircuitError
            If the number of error units is not that of the predicted units.
        """
        if size != self.of.size:
            raise RecircuitError(
                f"population {name!r}: there is one error unit for each unit of {self.of.name!r}, which has "
                f"{self.of.size}; got {size}. Give that size."
            )
        e = circuit.population(name, size, prediction_error_unit(precision=self.precision))
        single = {"weights": 1.0, "connectivity": OneToOne(), "during": self.during}
        circuit.connect(self.of, e, into="value", sends=self.sends, **single)
        if self.into:
            circuit.connect(e, self.of, into=self.into, sends="rate", **single)
        return e

"""The output circuit of logistic units with cross-entropy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from brian2.units import Quantity

from ....arguments import kept_arguments
from ...description.network import Network
from ...description.neurons.neuron import Neuron
from ...description.populations.population import Population
from ..transfer import transfer
from .base import OutputCircuit, targets_of

UNIT = f"""
    basal       : 1 (compartment)
    supervision : 1 (compartment)
    answer      = {transfer("logistic")[0]} : 1
    drate/dt    = (supervision - answer - rate)/tau : 1 (during error)
    error       = rate : 1
    target      = supervision : 1
"""


@kept_arguments
@dataclass(frozen=True)
class LogisticOutput(OutputCircuit):
    """Independent logistic units with cross-entropy, as a control: the error is the target minus the answer.

    ::

        error[c] = s[c] - 1/(1 + exp(-h[c]))

    This is minus the derivative of the cross-entropy with respect to the field, for a target between 0 and 1. Unlike the
    error of `SoftmaxOutput` it is local: a unit does not read the other outputs.

    Parameters
    ----------
    tau : Quantity, optional
        The time constant of the error. None stands for dt, which is step-by-step mode.
    companion : str, default "s"
        The name of the supervisory population.

    Notes
    -----
    The error is complete at the end of the first step of ``error``, in which the supervision arrives. Later phases read
    it.

    Examples
    --------
    >>> import recircuit as rc
    >>> net = rc.Circuit()
    >>> o = net.population("o", 10, rc.LogisticOutput())
    >>> [*net.populations]
    ['o', 's']
    """

    tau: Quantity | None = None
    companion: str = "s"

    loss = "logistic"
    error_steps = 1
    rate_factor = 0.3

    @property
    def supervisor(self) -> str:
        return self.companion

    def losses(self, fields: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Return the sum over units of log(1 + exp(h[c])) - s[c] h[c]."""
        wanted = targets_of(labels, fields.shape[1], *self.targets)
        return (np.logaddexp(0, fields) - wanted * fields).sum(axis=1)

    def build(self, circuit: Network, name: str, size: int) -> Population:
        """Add the outputs and the supervisor, and return the outputs."""
        o = circuit.population(name, size, Neuron(UNIT, tau=circuit.dt if self.tau is None else self.tau))
        self.supervise(circuit, o)
        return o

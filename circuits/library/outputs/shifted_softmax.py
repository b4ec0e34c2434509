"""The output circuit of softmax with cross-entropy, for fields of any size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from brian2.units import Quantity

from ....arguments import checked_arguments
from ...connectivity.pooling import MaxPool
from ...description.network import Network
from ...description.neurons.neuron import Neuron
from ...description.populations.population import Population
from ..neurons import normalising_unit
from .base import OutputCircuit

__all__ = ["ShiftedSoftmaxOutput"]

UNIT = """
basal       : 1 (compartment)
supervision : 1 (compartment)
largest     : 1 (compartment)
inhibition  : 1 (compartment)
expressed   = exp(clip(basal - largest, -200, 80)) : 1
answer      = expressed/(inhibition + int(inhibition == 0)) : 1
drate/dt    = (supervision - answer - rate)/tau : 1 (during error)
error       = rate : 1
target      = 2*supervision - 1 : 1
"""


@checked_arguments
@dataclass(frozen=True)
class ShiftedSoftmaxOutput(OutputCircuit):
    """Softmax with cross-entropy for fields of any size, as a control: the largest field inhibits all outputs first.

    ::

        error[c] = s[c] - exp(h[c] - max h)/sum over k of exp(h[k] - max h)

    This is the error of `SoftmaxOutput`, which clips fields at -80 and 80, since an exponential overflows. Here a unit m
    receives the largest field and inhibits all outputs by subtraction, before the unit z inhibits them by division. That
    takes four steps of the phase ``error``. As both read all outputs, the error is not local to a unit.

    Parameters
    ----------
    tau : Quantity, optional
        The time constant of all units. None stands for dt, which is step-by-step mode.
    companions : (str, str, str)
        The names of the population of m, the normalising and the supervisory population.

    Examples
    --------
    >>> import recircuit as rc
    >>> from recircuit.circuits.library.outputs import ShiftedSoftmaxOutput
    >>> net = rc.Circuit()
    >>> o = net.population("o", 10, ShiftedSoftmaxOutput())
    >>> [*net.populations]
    ['o', 'm', 'z', 's']
    """

    tau: Quantity | None = None
    companions: tuple[str, str, str] = ("m", "z", "s")

    loss = "softmax"
    error_steps = 4
    rate_factor = 0.3

    @property
    def supervisor(self) -> str:
        return self.companions[2]

    def losses(self, fields: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Return log(sum over k of exp(h[k])) - h[c] for the class c that is presented."""
        return np.logaddexp.reduce(fields, axis=1) - fields[np.arange(len(fields)), labels]

    def build(self, circuit: Network, name: str, size: int) -> Population:
        """Add the outputs, the two units that inhibit them and the supervisor, and return the outputs."""
        tau = circuit.dt if self.tau is None else self.tau
        o = circuit.population(name, size, Neuron(UNIT, tau=tau))
        m, z = (circuit.population(unit, 1, normalising_unit(tau=tau)) for unit in self.companions[:2])
        self.supervise(circuit, o)
        circuit.connect(o, m, into="drive", sends="basal", connectivity=MaxPool.of_all(size), during="error")
        circuit.connect(m, o, into="largest", weights=1.0, during="error")
        circuit.connect(o, z, into="drive", sends="expressed", weights=1.0, during="error")
        circuit.connect(z, o, into="inhibition", weights=1.0, during="error")
        return o

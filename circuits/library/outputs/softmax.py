"""The output circuits of softmax with cross-entropy: one clips fields, and one takes fields of any size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from brian2.units import Quantity

from ....arguments import checked_arguments
from ...connectivity.pooling import MaxPool
from ...description.network import Network
from ...description.populations.population import Population
from ..neurons import cross_entropy_unit, normalising_unit, softmax_unit
from .base import AppraisedOutput, OutputCircuit, supervised_during

__all__ = ["ShiftedSoftmaxOutput", "SoftmaxOutput"]


@dataclass(frozen=True)
class _NormalisedOutput(OutputCircuit):
    """Outputs that a normalising unit inhibits by division. The last of the companions is the supervisor."""

    tau: Quantity | None = None
    companions: tuple[str, ...] = ()

    loss = "softmax"
    rate_factor = 0.3

    @property
    def supervisor(self) -> str:
        return self.companions[-1]

    def _normalise(self, circuit: Network, o: Population, z: Population) -> None:
        """Let a unit sum what the outputs send, and inhibit them."""
        circuit.connect(o, z, into="drive", sends="expressed", weights=1.0, during="error")
        circuit.connect(z, o, into="inhibition", weights=1.0, during="error")


@checked_arguments
@dataclass(frozen=True)
class SoftmaxOutput(_NormalisedOutput, AppraisedOutput):
    """Softmax with cross-entropy, as a control: the error is the target minus the softmax of the fields.

    ::

        error[c] = s[c] - exp(h[c])/sum over k of exp(h[k])

    A normalising unit z sums what the output units send, and inhibits them by division. It reads all outputs, so that
    the error is not local to a unit. That takes two steps of the phase ``error``. Fields are clipped at -80 and 80;
    `ShiftedSoftmaxOutput` of `recircuit.circuits.library.outputs` takes fields of any size.

    Parameters
    ----------
    tau : Quantity, optional
        The time constant of all units. None stands for dt, which is step-by-step mode.
    companions : (str, str)
        The names of the normalising and supervisory populations.
    appraised : bool, default False
        Whether `appraise` can be called. The supervisor then sends in the phase ``feedforward`` too.

    Notes
    -----
    The error is complete at the end of the second step of ``error``: in the first one z receives the fields of the
    outputs, and in the second the outputs receive z. Later phases read it.

    Examples
    --------
    >>> import recircuit as rc
    >>> net = rc.Circuit()
    >>> o = net.population("o", 10, rc.SoftmaxOutput())
    >>> [*net.populations]
    ['o', 'z', 's']
    """

    companions: tuple[str, str] = ("z", "s")
    appraised: bool = False

    error_steps = 2

    def losses(self, fields: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Return log(sum over k of exp(h[k])) - h[c] for the class c that is presented."""
        h = np.clip(fields, -80, 80)
        return np.log(np.exp(h).sum(axis=1)) - h[np.arange(len(h)), labels]

    def build(self, circuit: Network, name: str, size: int) -> Population:
        """Add the outputs, the normalising unit and the supervisor, and return the outputs."""
        tau = circuit.dt if self.tau is None else self.tau
        o = circuit.population(name, size, softmax_unit(tau=tau, tells_loss=self.appraised))
        z = circuit.population(self.companions[0], 1, normalising_unit(tau=tau))
        self.supervise(circuit, o, during=supervised_during(self.appraised))
        self._normalise(circuit, o, z)
        return o

    def appraise(self, circuit: Network, o: Population, name: str = "loss") -> Population:
        """Add a unit whose rate is log(sum over k of exp(h[k])) - h[c] for the class c that is presented."""
        loss = circuit.population(name, 1, cross_entropy_unit())
        for into, sends in (("total", "raised"), ("named", "named")):
            circuit.connect(
                o, loss, into=into, sends=sends, weights=1.0, during="feedforward", name=f"{o.name}_tells_{into}"
            )  # fmt: skip
        return loss


@checked_arguments
@dataclass(frozen=True)
class ShiftedSoftmaxOutput(_NormalisedOutput):
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

    companions: tuple[str, str, str] = ("m", "z", "s")

    error_steps = 4

    def losses(self, fields: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Return log(sum over k of exp(h[k])) - h[c] for the class c that is presented."""
        return np.logaddexp.reduce(fields, axis=1) - fields[np.arange(len(fields)), labels]

    def build(self, circuit: Network, name: str, size: int) -> Population:
        """Add the outputs, the two units that inhibit them and the supervisor, and return the outputs."""
        tau = circuit.dt if self.tau is None else self.tau
        o = circuit.population(name, size, softmax_unit(tau=tau, shifted=True))
        m, z = (circuit.population(unit, 1, normalising_unit(tau=tau)) for unit in self.companions[:2])
        self.supervise(circuit, o)
        circuit.connect(o, m, into="drive", sends="basal", connectivity=MaxPool.of_all(size), during="error")
        circuit.connect(m, o, into="largest", weights=1.0, during="error")
        self._normalise(circuit, o, z)
        return o

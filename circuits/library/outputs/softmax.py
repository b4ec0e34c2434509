"""The output circuit of softmax with cross-entropy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from brian2.units import Quantity

from ....arguments import kept_arguments
from ....errors import RecircuitError
from ...connectivity.pooling import MaxPool
from ...description.network import Network
from ...description.populations.population import Population
from ..neurons import cross_entropy_unit, normalising_unit, softmax_unit
from .base import AppraisedOutput, supervised_during


@kept_arguments
@dataclass(frozen=True)
class SoftmaxOutput(AppraisedOutput):
    """Softmax with cross-entropy, as a control: the error is the target minus the softmax of the fields.

    ::

        error[c] = s[c] - exp(h[c])/sum over k of exp(h[k])

    A normalising unit z sums the signals of the output units, and inhibits them by division. It reads all outputs, so
    that the error is not local to a unit. This takes two steps of the phase ``error``.

    Fields are clipped at -80 and 80, since an exponential overflows. With ``largest="m"`` fields may have any size: a
    unit m receives the largest field, and inhibits all outputs by subtraction before z inhibits them by division::

        error[c] = s[c] - exp(h[c] - max h)/sum over k of exp(h[k] - max h)

    This takes four steps of the phase ``error``.

    Parameters
    ----------
    tau : Quantity, optional
        The time constant of all units. None stands for dt, which is step-by-step mode.
    companions : (str, str)
        The names of the normalising and supervisory populations.
    appraised : bool, default False
        Whether `appraise` can be called. The supervisor then sends in the phase ``feedforward`` too.
    largest : str, default ""
        The name of the population that receives the largest field. If it is empty, there is none, and fields are clipped.

    Raises
    ------
    RecircuitError
        If ``largest`` is given together with ``appraised``.

    Notes
    -----
    The error is complete at the end of the second step of ``error``: in the first one z receives the fields of the
    outputs, and in the second the outputs receive z. Later phases read it. With ``largest``, two steps come before these.

    Examples
    --------
    >>> import recircuit as rc
    >>> net = rc.Circuit()
    >>> o = net.population("o", 10, rc.SoftmaxOutput())
    >>> [*net.populations]
    ['o', 'z', 's']
    """

    tau: Quantity | None = None
    companions: tuple[str, str] = ("z", "s")
    appraised: bool = False
    largest: str = ""

    loss = "softmax"
    rate_factor = 0.3

    def __post_init__(self) -> None:
        if self.appraised and self.largest:
            raise RecircuitError(
                f"SoftmaxOutput: appraised=True goes with largest='' only, since the unit of the loss reads clipped fields; "
                f"got largest={self.largest!r}. Leave one of them out."
            )

    @property
    def error_steps(self) -> int:  # type: ignore[override]
        """The number of steps of the phase ``error`` in step-by-step mode."""
        return 4 if self.largest else 2

    @property
    def supervisor(self) -> str:
        return self.companions[1]

    def losses(self, fields: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Return log(sum over k of exp(h[k])) - h[c] for the class c that is presented."""
        if self.largest:
            return np.logaddexp.reduce(fields, axis=1) - fields[np.arange(len(fields)), labels]
        h = np.clip(fields, -80, 80)
        return np.log(np.exp(h).sum(axis=1)) - h[np.arange(len(h)), labels]

    def build(self, circuit: Network, name: str, size: int) -> Population:
        """Add the outputs, the units that inhibit them and the supervisor, and return the outputs."""
        tau = circuit.dt if self.tau is None else self.tau
        unit = softmax_unit(tau=tau, tells_loss=self.appraised, shifted=bool(self.largest))
        o = circuit.population(name, size, unit)
        inhibiting = [
            circuit.population(n, 1, normalising_unit(tau=tau)) for n in (self.largest, self.companions[0]) if n
        ]
        self.supervise(circuit, o, during=supervised_during(self.appraised))
        if self.largest:
            m = inhibiting[0]
            circuit.connect(o, m, into="drive", sends="basal", connectivity=MaxPool.of_all(size), during="error")
            circuit.connect(m, o, into="largest", weights=1.0, during="error")
        z = inhibiting[-1]
        circuit.connect(o, z, into="drive", sends="expressed", weights=1.0, during="error")
        circuit.connect(z, o, into="inhibition", weights=1.0, during="error")
        return o

    def appraise(self, circuit: Network, o: Population, name: str = "loss") -> Population:
        """Add a unit whose rate is log(sum over k of exp(h[k])) - h[c] for the class c that is presented."""
        loss = circuit.population(name, 1, cross_entropy_unit())
        for into, sends in (("total", "raised"), ("named", "named")):
            circuit.connect(
                o, loss, into=into, sends=sends, weights=1.0, during="feedforward", name=f"{o.name}_tells_{into}"
            )  # fmt: skip
        return loss

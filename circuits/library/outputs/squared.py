"""The output circuit of the squared error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from brian2.units import Quantity

from ....arguments import kept_arguments
from ...description.network import Network
from ...description.neurons.equations import readable
from ...description.populations.population import Population
from ...lowering.equations.evaluation import evaluate
from ..neurons import squared_error_unit, squared_unit
from ..transfer import transfer as find_transfer
from .base import AppraisedOutput, supervised_during, targets_of


@kept_arguments
@dataclass(frozen=True)
class SquaredOutput(AppraisedOutput):
    """Squared error, as a control: the error is minus the derivative of half the squared error with respect to the field.

    ::

        error[c] = (s[c] - f(h[c])) f'(h[c])

    The error is local, but it is an equation of the unit; no circuit computes it.

    Parameters
    ----------
    transfer : str, default "linear"
        The transfer function f, as in `pyramidal`.
    on, off : float
        The targets of the class that is presented and of the others.
    tau : Quantity, optional
        The time constant of the error. None stands for dt, which is step-by-step mode.
    companion : str, default "s"
        The name of the supervisory population.
    appraised : bool, default False
        Whether `appraise` can be called. The supervisor then sends in the phase ``feedforward`` too.
    real_valued : bool, default False
        Whether the supervisor presents real values (a `Circuit.target`, for regression) in place of a class.

    Notes
    -----
    The error is complete at the end of the first step of ``error``, in which the supervision arrives. Later phases read
    it.

    Examples
    --------
    >>> import recircuit as rc
    >>> net = rc.Circuit()
    >>> o = net.population("o", 10, rc.SquaredOutput(transfer="tanh"))
    >>> [*net.populations]
    ['o', 's']
    """

    transfer: str = "linear"
    on: float = 1.0
    off: float = 0.0
    tau: Quantity | None = None
    companion: str = "s"
    appraised: bool = False
    real_valued: bool = False

    loss = "mse"
    error_steps = 1
    rate_factor = 0.03

    @property
    def supervisor(self) -> str:
        return self.companion

    @property
    def targets(self) -> tuple[float, float]:
        return self.on, self.off

    def losses(self, fields: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Return half the sum over units of (s[c] - f(h[c]))^2."""
        f, _ = find_transfer(self.transfer)
        answers = evaluate(readable(f, "transfer"), {"basal": fields})
        return 0.5 * ((targets_of(labels, fields.shape[1], self.on, self.off) - answers) ** 2).sum(axis=1)

    def build(self, circuit: Network, name: str, size: int) -> Population:
        """Add the outputs and the supervisor, and return the outputs."""
        unit = squared_unit(
            transfer=self.transfer, tau=circuit.dt if self.tau is None else self.tau, tells_loss=self.appraised
        )
        o = circuit.population(name, size, unit)
        self.supervise(circuit, o, during=supervised_during(self.appraised))
        return o

    def add_supervisor(self, circuit: Network, size: int, during: str) -> Population:
        """Add the population that presents a class or real values."""
        if self.real_valued:
            return circuit.target(self.supervisor, size, during=during)
        return super().add_supervisor(circuit, size, during)

    def appraise(self, circuit: Network, o: Population, name: str = "loss") -> Population:
        """Add a unit whose rate is half the sum of the squared errors."""
        loss = circuit.population(name, 1, squared_error_unit())
        circuit.connect(o, loss, into="squares", sends="squares", weights=0.5, during="feedforward")
        return loss

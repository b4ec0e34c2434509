"""The output circuit of the hinge loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from brian2.units import Quantity

from ....arguments import kept_arguments
from ....errors import RecircuitError
from ...connectivity.one_to_one import OneToOne
from ...description.network import Network
from ...description.neurons.neuron import Neuron
from ...description.populations.population import Population
from ..neurons import control_switch, control_unit, hinge_unit
from .base import OutputCircuit, targets_of


@kept_arguments
@dataclass(frozen=True)
class HingeOutput(OutputCircuit):
    """The circuit of o, t and s that computes the error of the hinge loss.

    The output unit o has the field H = h + 2M s - 2M t, where h is its basal field, s the supervisory unit (+1 or
    -1) and t the control unit, which o alone drives::

        o = 1+epsilon if H > 2M+S;  1 if M <= H <= 2M+S;  0 if |H| < M;  -mu if -2M-S <= H <= -M;  -mu-epsilon below
        t = 1 if o > 1;  -1 if o < -mu;  0 between

    In the phase ``feedforward`` o receives neither s nor t, and o and t return to rest. What follows in step-by-step mode
    depends on the example. If it is still to be learned (s = 1 and h <= S, or s = -1 and h >= -S), o stays at 1 or -mu.
    Otherwise o overshoots, and t answers and shuts it off: o takes the values 1+epsilon, 1+epsilon, 0, 0.

    *Reading the error out.* The phase ``error`` lasts whole cycles of four steps, and o keeps its value when the phase
    ends. The later phases therefore read o as it was at the end of a cycle: 1, -mu or 0. This is the error of Eq. 4 (and of
    Eq. 5, if its second case is corrected to h >= -S), except at the thresholds h = S and h = -S. There Eq. 4 is strict, and
    the circuit still learns, as Eq. 5 does; the loss has a kink there, and both values are subgradients.

    *Range.* The circuit is made for abs(h) < M. With s = 1 and h < -M o stays at 0, and with h >= M the cycle ends in 1. Above
    2M+S o and t stay on; in a circuit without a phase ``feedforward`` they then delay the cycles of the next presentations.
    ``o.beyond`` counts, for each unit, the presentations with abs(h) >= M in the phase ``plasticity``.

    *Time constants* above dt. The printed circuit does not shut off: as o falls towards 0, t returns to 0 before o
    arrives, and o stays near the threshold (``recircuit reproduce amit-circuit`` draws it). There are two repairs:

    ``"hysteresis"`` : t is a switch without a time constant. It turns on when the distance of o from its peak p
        (p = 1+epsilon, or -mu-epsilon) is at most the share ``off`` of p, and off when the distance of o from 0 is at most
        that share. Both branches then run the same cycle of about 2 tau log((1-off)/off), and the mean of o is p/2 as in
        step-by-step mode, whatever tau/dt is. From rest, both first reach 0 after tau (log(1/off) + log((1-off)/off)),
        which is 6.1 tau with epsilon = .1: this is the length for the phase ``error``. In step-by-step mode it is the
        printed circuit.
    ``"delay"`` : t receives o through eight relays of time constant tau, so that it turns on and off late. o comes
        closer to 0 (.004) but takes three times as long, and stays longer at 1+epsilon than at 0.

    Parameters
    ----------
    M : float
        The bound of abs(h). It should be large: beyond it, right answers continue to change the weights, which then grow
        without limit.
    S : float
        The threshold of h below which an example is learned. It is 1 in Eq. 1-5.
    mu : float
        The weight of the classes that are not shown, between 0 and 1.
    epsilon : float
        The size of the overshoot, above 0.
    tau, tau_t : Quantity, optional
        The time constants of o and t. None stands for dt, which is step-by-step mode.
    repair : {"", "hysteresis", "delay"}
        The change of the control unit for time constants above dt; "" leaves it as it is printed.
    off : float, optional
        The distance of o from its peak, or from 0, at which the hysteresis switches, as a share of the peak. It is below
        epsilon/(1+epsilon), so that o = 1 never switches it. None stands for half of that.
    companions : (str, str)
        The names of the control and supervisory populations.

    Raises
    ------
    RecircuitError
        If a parameter is outside of its range.

    Notes
    -----
    In step-by-step mode the error is complete at the end of the fourth step of ``error``, and later phases read it.

    References
    ----------
    Amit 2019, section 2.3, Eq. 8 and 9.

    Examples
    --------
    >>> import recircuit as rc
    >>> net = rc.Circuit()
    >>> o = net.population("o", 10, rc.HingeOutput(S=1, mu=0.1))
    >>> [*net.populations]
    ['o', 't', 's']
    """

    M: float = 1000.0
    S: float = 1.0
    mu: float = 0.1
    epsilon: float = 0.1
    tau: Quantity | None = None
    tau_t: Quantity | None = None
    repair: str = ""
    off: float | None = None
    companions: tuple[str, str] = ("t", "s")

    loss = "hinge"
    error_steps = 4  # one cycle
    own_rule = "hinge"
    built_in = ("M",)  # the weights of s and t are 2M and -2M

    def __post_init__(self) -> None:
        if not (self.M > self.S >= 0 and 0 < self.mu < 1 and self.epsilon > 0):
            raise RecircuitError(
                f"HingeOutput: expected M > S >= 0, 0 < mu < 1 and epsilon > 0; "
                f"got M={self.M}, S={self.S}, mu={self.mu}, epsilon={self.epsilon}."
            )
        if self.repair not in ("", "hysteresis", "delay"):
            raise RecircuitError(f"HingeOutput: repair is '', 'hysteresis' or 'delay'; got {self.repair!r}.")
        most = self.epsilon / (1 + self.epsilon)
        if self.off is not None and not 0 < self.off < most:
            raise RecircuitError(
                f"HingeOutput: off lies between 0 and epsilon/(1 + epsilon) = {most:.3g}; got {self.off!r}."
            )

    @property
    def supervisor(self) -> str:
        return self.companions[1]

    @property
    def targets(self) -> tuple[float, float]:
        return 1.0, -1.0

    @property
    def rule_parameters(self) -> dict[str, float]:
        return {"S": self.S, "mu": self.mu}

    def losses(self, fields: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Return max(0, S - h[c]) for the class c that is presented, plus mu max(0, S + h[k]) for every other class k."""
        sign = targets_of(labels, fields.shape[1], 1.0, -1.0)
        each = np.maximum(0, self.S - sign * fields) * np.where(sign > 0, 1.0, self.mu)
        return each.sum(axis=1)

    def build(self, circuit: Network, name: str, size: int) -> Population:
        """Add o, t and s and the one-to-one projections between them, and return o."""
        one, tau = OneToOne(), circuit.dt if self.tau is None else self.tau
        o = circuit.population(name, size, hinge_unit(M=self.M, S=self.S, mu=self.mu, epsilon=self.epsilon, tau=tau))
        t = circuit.population(self.companions[0], size, self._control(tau if self.tau_t is None else self.tau_t))
        self.supervise(circuit, o, weights=2 * self.M)
        circuit.connect(t, o, into="control", weights=-2 * self.M, connectivity=one, during="error")
        circuit.connect(o, t, into="drive", weights=1.0, connectivity=one, during="error")
        return o

    def _control(self, tau: Quantity) -> Neuron:
        """Return the control unit as printed, or one of its repairs."""
        if self.repair == "hysteresis":
            half = self.epsilon / (2 * (1 + self.epsilon))
            return control_switch(mu=self.mu, epsilon=self.epsilon, off=half if self.off is None else self.off)
        return control_unit(mu=self.mu, tau=tau, relays=8 if self.repair == "delay" else 0)

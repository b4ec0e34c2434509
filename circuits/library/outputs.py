"""Output circuits: populations that turn a field and a supervisory signal into an error, by their own dynamics."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from brian2.units import Quantity

from ...errors import RecircuitError
from ..connectivity.dense import OneToOne
from ..description.neuron import Neuron
from ..description.population import Population
from .transfer import transfer as find_transfer

if TYPE_CHECKING:
    from ..circuit import Circuit


#: Before an error is read out the units go to rest: the pathways that drive them are closed.
RESTS = "(usually during feedforward and error)"
#: What an output tells a unit that appraises it.
TOLD = "(during feedforward)"
#: By whether an output is appraised: the phases in which it hears its supervisor.
HEARD = {False: "error", True: "feedforward and error"}


@dataclass(frozen=True)
class hinge_output:
    """The circuit of o_c, t_c and s_c that computes the error of the hinge loss (Amit 2019, section 2.3, Eq. 8-9).

    The output unit o has the field H = h + 2M s - 2M t, where h is its basal field, s the supervisory unit (+1 or
    -1) and t the control unit, which o alone drives::

        o = 1+epsilon if H > 2M+S;  1 if M <= H <= 2M+S;  0 if |H| < M;  -mu if -2M-S <= H <= -M;  -mu-epsilon below
        t = 1 if o > 1;  -1 if o < -mu;  0 between

    In the phase ``feedforward``, where neither s nor t is heard, o and t go to rest. From there, in lock step: where
    the example is still to be learned (s = 1 and h <= S, or s = -1 and h >= -S), o stays at 1 or -mu; otherwise o
    overshoots, t answers and shuts it off: o runs 1+epsilon, 1+epsilon, 0, 0.

    *Reading the error out.* The phase ``error`` lasts whole cycles of four steps, and what is closed is held: so
    the phases after it read o as it was at the end of a cycle, at 1, -mu or 0. That is Eq. 4 in every case (Eq. 5
    with its second case mended: h >= -S), but at the thresholds h = S and h = -S themselves, where Eq. 4 is strict
    and the circuit, like Eq. 5, still learns; there the loss has a kink and both are subgradients. Where |h| >= M
    the circuit is outside of what it was made for: with s = 1 and h < -M it sticks at 0, and with h >= M the cycle
    ends in 1; above 2M+S o and t stay on (and, in a circuit without a phase ``feedforward``, make the cycles of the
    next presentations late). ``o.beyond`` counts the presentations with abs(h) >= M, unit by unit.

    *With time constants* above dt the printed circuit does not shut off: as o falls towards 0, t lets go before o
    arrives, and o hovers at the threshold (``recircuit reproduce amit-circuit`` draws it). Two repairs:

    ``"hysteresis"`` : t is a switch without a time constant. It answers once o has come within a share ``off`` of
        its peak p (p = 1+epsilon, or -mu-epsilon) and lets go once o is within the same share of 0, so that both
        branches run the same cycle of about 2 tau log((1-off)/off) and the mean of o is p/2 as in lock step,
        whatever tau/dt. From rest, both first visit 0 after tau (log(1/off) + log((1-off)/off)), 6.1 tau with
        epsilon = .1: the length for the phase ``error``. In lock step it is the printed circuit.
    ``"delay"`` : t sees o through eight relays of time constant tau, so that it answers, and lets go, late. o comes
        closer to 0 (.004), in three times the time, and stays longer at 1+epsilon than at 0.

    Parameters
    ----------
    M : bound of |h|; give it room, since beyond it a right answer goes on learning, and the weights run away
    S : the learning threshold (1 in Eq. 1-5)
    mu : weight of the classes that are not shown, below 1
    epsilon : the overshoot, above 0
    tau, tau_t : time constants of o and t; None: dt, lock step
    repair : ``""``, ``"hysteresis"`` or ``"delay"``
    off : the share of its peak by which o may miss the peak, or 0, where the hysteresis switches; below
        epsilon/(1+epsilon), so that o = 1 never switches it. None: half of that
    companions : the names of the control and supervisory populations

    Reads the phase ``feedforward`` (h), writes in ``error``; ``beyond`` is counted in ``plasticity``.
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

    #: Steps of the phase ``error`` in lock step: one cycle.
    error_steps = 4

    def __post_init__(self) -> None:
        if not (self.M > self.S >= 0 and 0 < self.mu < 1 and self.epsilon > 0):
            raise RecircuitError(
                f"hinge_output: expected M > S >= 0, 0 < mu < 1 and epsilon > 0; "
                f"got M={self.M}, S={self.S}, mu={self.mu}, epsilon={self.epsilon}."
            )
        if self.repair not in ("", "hysteresis", "delay"):
            raise RecircuitError(f"hinge_output: repair is '', 'hysteresis' or 'delay'; got {self.repair!r}.")
        most = self.epsilon / (1 + self.epsilon)
        if self.off is not None and not 0 < self.off < most:
            raise RecircuitError(
                f"hinge_output: off lies between 0 and epsilon/(1 + epsilon) = {most:.3g}; got {self.off!r}."
            )

    def build(self, circuit: Circuit, name: str, size: int) -> Population:
        """Add o, t and s and the one-to-one projections between them; returns o."""
        o = circuit.population(name, size, self.output_neuron(self.tau or circuit.dt))
        t = circuit.population(self.companions[0], size, self.control_neuron(self.tau_t or self.tau or circuit.dt))
        s = circuit.supervisor(self.companions[1], size, on=1.0, off=-1.0, during="error")
        one = OneToOne()
        circuit.connect(s, o, into="supervision", weights=2 * self.M, structure=one, during="error")
        circuit.connect(t, o, into="control", weights=-2 * self.M, structure=one, during="error")
        circuit.connect(o, t, into="drive", weights=1.0, structure=one, during="error")
        return o

    def output_neuron(self, tau: Quantity) -> Neuron:
        """o_c (Eq. 8 and 9, left)."""
        return Neuron(
            """
            basal       : 1 (compartment)
            supervision : 1 (compartment)
            control     : 1 (compartment)
            H           = basal + supervision + control : 1
            above       = (1 + epsilon)*int(H > 2*M + S) + int(H >= M and H <= 2*M + S) : 1
            below       = (mu + epsilon)*int(H < -2*M - S) + mu*int(H <= -M and H >= -2*M - S) : 1
            drate/dt    = ((above - below)*in_error - rate)/tau : 1 (usually during feedforward and error)
            error       = rate : 1
            target      = supervision/(2*M) : 1
            beyond      = beyond + int(abs(basal) >= M) : 1 (usually during plasticity)
            """,
            M=self.M, S=self.S, mu=self.mu, epsilon=self.epsilon, tau=tau,
        )  # fmt: skip

    def control_neuron(self, tau: Quantity) -> Neuron:
        """t_c (Eq. 9, right), or one of its repairs."""
        answer = "drate/dt = ((int({o} > 1) - int({o} < -mu))*in_error - rate)/tau : 1 " + RESTS
        if self.repair == "hysteresis":
            half = self.epsilon / (2 * (1 + self.epsilon))
            return Neuron(
                """
                drive : 1 (compartment)
                share = abs(drive)/(epsilon + int(drive > 0) + mu*int(drive < 0)) : 1
                rate  = in_error*sign(drive)*int(share > 1 - off or (share >= off and rate*drive > 0)) : 1 """ + RESTS,
                mu=self.mu, epsilon=self.epsilon, off=half if self.off is None else self.off,
            )  # fmt: skip
        if self.repair == "delay":
            seen = ["drive", *(f"late{k}" for k in range(1, 9))]
            relays = [f"d{b}/dt = ({a}*in_error - {b})/tau : 1 {RESTS}" for a, b in pairwise(seen)]
            return Neuron(
                "\n".join(["drive : 1 (compartment)", *relays, answer.format(o=seen[-1])]), mu=self.mu, tau=tau
            )
        return Neuron("\n".join(["drive : 1 (compartment)", answer.format(o="drive")]), mu=self.mu, tau=tau)


@dataclass(frozen=True)
class softmax_output:
    """Softmax with cross-entropy (control): error_c = s_c - exp(h_c)/sum_k exp(h_k).

    A normalising unit z sums what the output units send, and inhibits them by division. It reads all outputs, so
    the error is not local to a unit. Takes two steps of the phase ``error``; |h| is clipped at 80.
    ``appraised``: supervision is heard in ``feedforward`` too, for the unit that `appraise` adds.
    """

    tau: Quantity | None = None
    companions: tuple[str, str] = ("z", "s")
    appraised: bool = False

    error_steps = 2

    def build(self, circuit: Circuit, name: str, size: int) -> Population:
        """Add the outputs, the normalising unit and the supervisor."""
        tau = self.tau or circuit.dt
        told = [f"raised = expressed : 1 {TOLD}", f"named = supervision*clip(basal, -80, 80) : 1 {TOLD}"]
        o = circuit.population(name, size, Neuron(
            f"""
            basal       : 1 (compartment)
            supervision : 1 (compartment)
            inhibition  : 1 (compartment)
            expressed   = exp(clip(basal, -80, 80)) : 1
            answer      = expressed/(inhibition + int(inhibition == 0)) : 1
            drate/dt    = (supervision - answer - rate)/tau : 1 (during error)
            error       = rate : 1
            target      = 2*supervision - 1 : 1
            {"\n".join(told if self.appraised else [])}
            """,
            tau=tau,
        ))  # fmt: skip
        z = circuit.population(self.companions[0], 1, Neuron(
            """
            drive    : 1 (compartment)
            drate/dt = (drive - rate)/tau : 1 (during error)
            """,
            tau=tau,
        ))  # fmt: skip
        heard = HEARD[self.appraised]
        s = circuit.supervisor(self.companions[1], size, during=heard)
        circuit.connect(s, o, into="supervision", weights=1.0, structure=OneToOne(), during=heard)
        circuit.connect(o, z, into="drive", sends="expressed", weights=1.0, during="error")
        circuit.connect(z, o, into="inhibition", weights=1.0, during="error")
        return o

    def appraise(self, circuit: Circuit, o: Population, name: str = "loss") -> Population:
        """A unit whose rate is the loss, log sum_k exp(h_k) - h_c, in the phase ``feedforward``; c is the class shown."""
        loss = circuit.population(name, 1, Neuron(
            """
            total : 1 (compartment)
            named : 1 (compartment)
            rate  = log(total + int(total == 0)) - named : 1 (usually during feedforward)
            """
        ))  # fmt: skip
        for into, sends in (("total", "raised"), ("named", "named")):
            circuit.connect(
                o, loss, into=into, sends=sends, weights=1.0, during="feedforward", name=f"{o.name}_tells_{into}"
            )  # fmt: skip
        return loss


@dataclass(frozen=True)
class squared_output:
    """Squared error (control): error_c = (s_c - f(h_c)) f'(h_c), minus the derivative of half the squared error.

    Local, but the error is the unit's rate as if by itself, without a circuit that would make it so.
    ``on`` and ``off`` are the targets. ``appraised``: supervision is heard in ``feedforward`` too, for the unit that
    `appraise` adds.
    """

    transfer: str = "linear"
    on: float = 1.0
    off: float = 0.0
    tau: Quantity | None = None
    companion: str = "s"
    appraised: bool = False

    error_steps = 1

    def build(self, circuit: Circuit, name: str, size: int) -> Population:
        """Add the outputs and the supervisor."""
        f, slope = find_transfer(self.transfer)
        squares = f"squares = (supervision - answer)**2 : 1 {TOLD}" if self.appraised else ""
        o = circuit.population(name, size, Neuron(
            f"""
            basal       : 1 (compartment)
            supervision : 1 (compartment)
            answer      = {f} : 1
            drate/dt    = ((supervision - answer)*{slope} - rate)/tau : 1 (during error)
            error       = rate : 1
            target      = supervision : 1
            {squares}
            """,
            tau=self.tau or circuit.dt,
        ))  # fmt: skip
        heard = HEARD[self.appraised]
        s = circuit.supervisor(self.companion, size, on=self.on, off=self.off, during=heard)
        circuit.connect(s, o, into="supervision", weights=1.0, structure=OneToOne(), during=heard)
        return o

    def appraise(self, circuit: Circuit, o: Population, name: str = "loss") -> Population:
        """A unit whose rate is the loss, half the sum of the squared misses, in the phase ``feedforward``."""
        loss = circuit.population(
            name, 1, Neuron("squares : 1 (compartment)\nrate = squares : 1 (usually during feedforward)")
        )  # fmt: skip
        circuit.connect(o, loss, into="squares", sends="squares", weights=0.5, during="feedforward")
        return loss

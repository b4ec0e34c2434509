"""Networks whose timing can be made worse in small steps (Amit 2019, Discussion: what the author asks for and did not do).

    x     the axons fire at once; rate is what a synapse remembers of them, and follows with tau
    h_l   rate follows f(basal) with tau, error follows f'(basal) apical with tau
    o     the hinge circuit of o, t and s, in step-by-step mode

    presentation: [onset] feedforward | error | feedback [| plasticity, in the next onset]

Ideal time gives every layer `settling` = 3 tau, opens the gate of plasticity for one step when everything has arrived, and
presents the next stimulus after that. Each of these can be made worse alone:

    settling   the time that each layer is given in feedforward and feedback, in tau
    jitter     the standard deviation of the time at which the gate opens, in tau, drawn for every batch element and
               presentation; a time after the end of a presentation is at the begin of the next one, and the other way round
    overlap    how long the next stimulus has been present when the weights change, in tau; o keeps its error for that time
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from brian2.units import Quantity, ms

from ...circuits import Circuit, HingeOutput, Neuron, Population
from ...circuits.library.transfer import transfer as find_transfer
from ...errors import UsageError
from ...plasticity import Rule

__all__ = ["Timing", "timed"]

#: The phases in which hidden rates move.
MOVING = ("onset", "feedforward")


@dataclass(frozen=True)
class Timing:
    """The timing of a network.

    Parameters
    ----------
    tau : int
        The time constant of rates, errors and what synapses remember of the input, in steps.
    settling : float
        The time that each layer is given, in tau.
    jitter : float
        The standard deviation of the time of plasticity, in tau. With 0 there is no gate.
    overlap : float
        How long the next stimulus has been present at the time of plasticity, in tau; at most the whole phase of feedback.
    """

    tau: int = 2
    settling: float = 3.0
    jitter: float = 0.0
    overlap: float = 0.0

    def __post_init__(self) -> None:
        if not (self.tau >= 2 and self.settling > 0 and self.jitter >= 0 and self.overlap >= 0):
            raise UsageError(f"Timing: expected tau >= 2, settling > 0, jitter >= 0 and overlap >= 0; got {self}.")

    @property
    def layer(self) -> int:
        """The number of steps for each layer."""
        return max(1, math.ceil(self.settling * self.tau - 1e-9))

    def windows(self, layers: int) -> tuple[dict[str, tuple[int, int]], int]:
        """Return the phases, in steps, of a network with a number of layers of weights, and the step of plasticity.

        With overlap, feedback that is late wraps around: it goes on in the next presentation's first steps, `onset`.
        """
        back = (layers - 1) * self.layer
        late = min(round(self.overlap * self.tau), back + 1)
        settled = max(layers * self.layer, late + 1)
        error = settled + HingeOutput.error_steps
        windows = {"onset": (0, late), "feedforward": (late, settled), "error": (settled, error)}
        windows |= {"feedback": (error, error + back - max(late - 1, 0)), "late": (0, max(late - 1, 0))}
        moment = late - 1 if late else error + back
        windows["plasticity"] = (moment, moment + 1)
        return {name: span for name, span in windows.items() if span[1] > span[0]}, moment


def timed(sizes: Sequence[int], rule: Rule, timing: Timing, *, batch_size: int = 100, seed: int = 0) -> Circuit:
    """Make a layered network of clipped linear units with feedback from each layer to the one below.

    Parameters
    ----------
    sizes : Sequence[int]
        The numbers of units of the layers; three or more.
    rule : Rule
        The rule of the forward and feedback weights.
    timing : Timing
        The timing.
    batch_size, seed : int
        The batch size and the seed of the circuit.

    Raises
    ------
    UsageError
        If there are fewer than three sizes.
    RecircuitError
        If the circuit refuses its arguments.
    """
    if len(sizes) < 3:
        raise UsageError(f"timed: expected three sizes or more, stimulus first; got {list(sizes)}.")
    net = Circuit(batch_size, 1 * ms, precision="float32", seed=seed)
    windows, moment = timing.windows(len(sizes) - 1)
    steps = max(stop for _, stop in windows.values())
    if timing.jitter:
        rule = rule.with_gate("gate")
        windows |= {"whole": (0, steps), "first": (0, 1), "draw": (steps - 1, steps)}
    moving = [name for name in MOVING if name in windows]
    back = [name for name in ("feedback", "late") if name in windows]
    tau = timing.tau * ms
    x = net.stimulus("x", sizes[0], _input(moving, tau), clamps="shown", during=moving[0])
    hidden = [net.population(f"h{i}", n, _hidden(moving, back, tau)) for i, n in enumerate(sizes[1:-1], 1)]
    layers = [x, *hidden, net.population("o", sizes[-1], HingeOutput())]
    learns = "plasticity"
    if timing.jitter:
        _add_gate(net, timing, moment, steps)
        learns = "whole"
    for pre, post in zip(layers, layers[1:], strict=False):
        during = moving if post.name != "o" else "feedforward"
        net.connect(pre, post, rule=rule, sends="shown" if pre is x else "rate", during=during, learns=learns)
    for lower, upper in zip(layers[1:], layers[2:], strict=False):
        net.connect(upper, lower, into="apical", rule=rule.feedback, during=back, learns=learns)
    spans: dict[str, Any] = {name: (a * ms, b * ms) for name, (a, b) in windows.items()}
    net.phases(evaluation=moving, **spans)
    return net


def _input(moving: Sequence[str], tau: Quantity) -> Neuron:
    return Neuron(f"shown : 1\ndrate/dt = (shown - rate)/tau : 1 (during {' and '.join(moving)})", tau=tau)


def _hidden(moving: Sequence[str], back: Sequence[str], tau: Quantity) -> Neuron:
    f, slope = find_transfer("clip")
    return Neuron(
        f"""
        basal     : 1 (compartment)
        apical    : 1 (compartment)
        drate/dt  = ({f} - rate)/tau : 1 (during {" and ".join(moving)})
        derror/dt = (apical*{slope} - error)/tau : 1 (during {" and ".join(back)})
        """,
        tau=tau,
    )


def _add_gate(net: Circuit, timing: Timing, moment: int, steps: int) -> Population:
    """Add a unit that all synapses read, and whose rate lets them learn in one step of each presentation, around `moment`.

    What it sends arrives one step later, so that it is on in the step before. It never opens the gate in the first step.
    """
    timer = net.population(
        "timer",
        1,
        Neuron(
            """
            now  = (1 - in_first)*(now + 1)                            : 1 (during whole)
            due  = floor(moment + jitter*randn() + 0.5) - 1            : 1 (during draw)
            turn = due - last*floor((due + 0.5)/last)                  : 1
            rate = int(abs((1 - in_first)*(now + 1) - turn) < 0.5)     : 1 (during whole)
            """,
            moment=float(moment),
            jitter=float(timing.jitter * timing.tau),
            last=float(steps - 1),
        ),
    )
    net.broadcast(timer, "gate", during="whole")
    return timer

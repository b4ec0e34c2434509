"""Circuits in which feedback weights learn by recirculation (Hinton and McClelland 1988; Cameron et al.).

A pair of layers, x below and h above, is joined by A (up) and B (down). A loop takes four steps, each of which is a phase:

    from below    below_x: x        below_h: h = Ax    below_x_back: x^ = Bh     below_h_back: h^ = Ax^
    from above    above_h: z        above_x: x' = Bz   above_h_back: z^ = Ax'    above_x_back: x'^ = Bz^

A loop begins with a drive (noise of mean zero, or data), which is drawn in `below_draw` or `above_draw`, and ends with
`below_learns` or `above_learns`. A unit sends its `rate` up and its `echo` down. It keeps what it first sent in a loop as
`shown` (upwards) and `received` (downwards). A layer between two others is the upper layer of one pair and the lower layer
of the next pair at the same time, since input from below and input from above arrive in different compartments. All pairs
of a chain therefore run their loops at once.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Unpack

from brian2.units import Quantity

from ...circuits import Circuit, Neuron, glorot
from ...circuits.library.transfer import transfer as find_transfer
from ...errors import UsageError
from ...plasticity import Rule
from ...plasticity.registry import as_rule
from .circuit_options import CircuitOptions, new_circuit
from .layer_options import settling_steps
from .layers_in_line import add_teacher

__all__ = ["ENDS", "chain", "recirculating"]

ENDS = ("below", "above")
UP = ("below_h", "below_h_back", "above_h_back")  # when A is open
DOWN = ("below_x_back", "above_x", "above_x_back")  # when B is open
LOOPS = {
    "below": ("below_draw", "below_x", "below_h", "below_x_back", "below_h_back", "below_learns"),
    "above": ("above_draw", "above_h", "above_x", "above_h_back", "above_x_back", "above_learns"),
}


def chain(
    sizes: Sequence[int],
    rule: Rule | str = "recirculation",
    *,
    ends: Sequence[str] = ENDS,
    data: bool = False,
    noise: float = 1.0,
    tau: Quantity | None = None,
    settling: float = 5.0,
    weights: Any = None,
    feedback_weights: Any = None,
    **circuit: Unpack[CircuitOptions],
) -> Circuit:
    """Make linear layers `x`, `h1`, `h2`, ..., each in a pair with the next, in which only recirculation changes weights.

    Parameters
    ----------
    sizes : Sequence[int]
        The numbers of units of the layers, the lowest first. Two layers make the pair of the paper.
    rule : Rule | str
        The rule that changes A and B.
    ends : Sequence[str]
        The loops that are run, one after the other: from "below", from "above", or both. With loops from below only, an
        expanding pair never meets the third Penrose condition; with loops from above only, a contracting pair never meets
        the fourth.
    data : bool
        Whether `x` is a stimulus, which presents rows; otherwise it draws noise as every other layer does.
    noise : float
        The standard deviation of what a layer draws.
    tau : Quantity, optional
        The time constant of rate and echo. None stands for dt, which is step-by-step mode.
    settling : float
        With tau above dt, the time of each step of a loop, in units of tau.
    weights, feedback_weights : Any
        The initial A and B. None stands for the uniform distribution of Glorot and Bengio, from which both are drawn
        independently.
    circuit : Unpack[CircuitOptions]
        See `CircuitOptions`. The default precision is float64.

    Raises
    ------
    UsageError
        If sizes or ends make no loop.
    RecircuitError
        If the circuit refuses its arguments.
    """
    rule, ends = as_rule(rule), _checked(sizes, ends)
    net = new_circuit(circuit, "float64")
    loops = [phase for end in ends for phase in LOOPS[end]]
    top = len(sizes) - 1
    layers = []
    for level, size in enumerate(sizes):
        shown = data and level == 0
        model = unit(loops, tau or net.dt, noise, lower=level < top, upper=level > 0, data=shown)
        if shown:
            layers.append(net.stimulus("x", size, model, clamps="drive", during="below_draw"))
        else:
            layers.append(net.population(f"h{level}" if level else "x", size, model))
    learns = [f"{end}_learns" for end in ends]
    for lower, upper in pairwise(layers):
        net.connect(lower, upper, rule=rule.forward, weights=weights, during=_open(UP, loops), learns=learns)
        net.connect(
            upper, lower, into="apical", sends="echo", rule=rule.feedback, weights=feedback_weights,
            during=_open(DOWN, loops), learns=learns,
        )  # fmt: skip
    net.phases(*_timed(loops, net.dt, settling_steps(tau, net.dt, settling)))
    return net


def recirculating(
    sizes: Sequence[int],
    rule: Rule | str = "recirculated_feedback",
    *,
    ends: Sequence[str] = ("below",),
    transfer: str = "tanh",
    gated: bool = True,
    noise: float = 1.0,
    tau: Quantity | None = None,
    settling: float = 5.0,
    weights: Any = None,
    feedback_weights: Any = 0.0,
    **circuit: Unpack[CircuitOptions],
) -> Circuit:
    """Make a layered network (`x`, `h1`, ..., `o`) whose error returns through learned feedback weights B.

        h_l = W_l x_(l-1),  x_l = f(h_l),  x_L = h_L        feedforward: one step per layer of weights
        e = target - h_L                                    error: minus the gradient of half the squared error
        error_l = f'(h_l) B_(l+1) error_(l+1)               feedback: one step per hidden layer
        dW_l = rate*error_l x_(l-1)^T                       plasticity
        dB_l = feedback_rate*(x - Bh) h^T, h = W_l x        the loops, with noise x at every hidden layer at once

    Supervised learning and recirculation are kept apart in two ways. In time: the loops come after `plasticity`, when
    the answer to the stimulus is given and its error is used, and they are driven by noise alone, for which a soma is
    linear. And by synapse: the loops change B, not W. W's own recirculation, (h - h^) x^T, has a mean of zero where B
    = W^+, and before that would turn W towards the pseudoinverse of a B that is still wrong. So B tracks W, and not
    the other way round.

    B begins at 0, so that its rows lie where those of W^T do, and B goes to W^+ for wide layers too; drawn at random,
    it keeps in an expanding pair what W never reaches (`rule.with_weight_decay` lets it fade).

    Parameters
    ----------
    sizes : Sequence[int]
        The numbers of units of the layers, stimulus first; three or more.
    rule : Rule | str
        Its forward equation teaches W, its feedback equation B.
    ends : Sequence[str]
        The loops that are run. From below is enough for B alone.
    transfer : str
        The transfer function f of the hidden units; see `pyramidal`.
    gated : bool
        Whether errors are multiplied by f'. The paper leaves it out.
    noise : float
        The standard deviation of the noise.
    tau, settling : Quantity or None, float
        The time constant and the time of each step, as for `chain`.
    weights, feedback_weights : Any
        The initial W and B. None stands for the uniform distribution of Glorot and Bengio.
    circuit : Unpack[CircuitOptions]
        See `CircuitOptions`.

    Raises
    ------
    UsageError
        If sizes or ends make no such network.
    RecircuitError
        If the circuit refuses its arguments.
    """
    rule, ends = as_rule(rule), _checked(sizes, ends, 3)
    net = new_circuit(circuit)
    loops = [phase for end in ends for phase in LOOPS[end] if phase != "below_h_back"]  # h^ is for dA alone
    depth = len(sizes) - 1
    f, slope = find_transfer(transfer)
    down = f"apical*{slope}" if gated else "apical"
    layers = [net.stimulus("x", sizes[0])]
    for level, size in enumerate(sizes[1:-1], 1):
        model = unit(loops, tau or net.dt, noise, upper=level > 1, up=f, down=down)
        layers.append(net.population(f"h{level}", size, model))
    model = unit(loops, tau or net.dt, noise, lower=False, down="supervision - basal", top=True)
    layers.append(net.population("o", sizes[-1], model))
    add_teacher(net, layers[-1], "supervision", during="error")
    draw = glorot() if weights is None else weights
    for level, (lower, upper) in enumerate(pairwise(layers)):
        during = ["feedforward", *(_open(UP, loops) if level else [])]
        net.connect(lower, upper, rule=rule.forward, weights=draw, during=during)
    for lower, upper in pairwise(layers[1:]):
        net.connect(
            upper, lower, into="apical", sends="echo", rule=rule.feedback, weights=feedback_weights,
            during=["feedback", *_open(DOWN, loops)], learns=[f"{end}_learns" for end in ends],
        )  # fmt: skip
    step = settling_steps(tau, net.dt, settling)
    supervised = ["feedforward", depth * step * net.dt, "error", step * net.dt, "feedback", (depth - 1) * step * net.dt]
    net.phases(*supervised, "plasticity", net.dt, *_timed(loops, net.dt, step))
    return net


def unit(
    loops: Sequence[str],
    tau: Quantity,
    noise: float,
    *,
    lower: bool = True,
    upper: bool = True,
    data: bool = False,
    up: str = "",
    down: str = "",
    top: bool = False,
) -> Neuron:
    """Return the neuron of a unit that is in the lower layer of a pair, in the upper layer, or in both.

    Parameters
    ----------
    loops : sequence of str
        The phases of the loops.
    tau : Quantity
        The time constant of rate and echo.
    noise : float
        The standard deviation of what it draws.
    lower, upper : bool
        Whether it is in the lower layer of a pair, and in the upper layer of a pair.
    data : bool
        Whether its drive is a row of the data.
    up, down : str
        What it sends in supervised learning: f(basal) in the phase `feedforward`, and the error in the phase `feedback`.
    top : bool
        Whether it is in the output, which sends its error in the phase `error`.
    """
    rates = {"below_x": "drive", "above_x": "apical"} | ({"below_x_back": "apical"} if "below_h_back" in loops else {})
    rates = {p: v for p, v in rates.items() if lower and p in loops}
    echoes = {"below_h": "basal", "above_h": "drive", "above_h_back": "basal"}
    echoes = {p: v for p, v in echoes.items() if upper and p in loops}
    draws = [p for p, role in (("below_draw", lower), ("above_draw", upper)) if role and p in loops]
    shown, received = ({p: v for p, v in of.items() if not p.endswith("_back")} for of in (rates, echoes))
    rates = ({"feedforward": up} if up else {}) | rates
    echoes = ({"error" if top else "feedback": down} if down else {}) | echoes
    lines = ["basal : 1 (compartment)"] if upper or up else []
    lines += ["apical : 1 (compartment)"] if lower else []
    lines += ["supervision : 1 (compartment)"] if top else []
    if draws:
        lines.append("drive : 1" if data else f"drive = noise*randn() : 1 (during {' and '.join(draws)})")
    lines += [_equation("drate/dt", rates, "rate")] if rates else []
    lines += [_equation("decho/dt", echoes, "echo")] if echoes else []
    lines += [_equation("shown", shown)] if shown else []
    lines += [_equation("received", received)] if received else []
    lines += ["error = echo : 1"] if down else []
    values: dict[str, Any] = {"tau": tau} | ({"noise": noise} if draws and not data else {})
    return Neuron("\n".join(lines), **values)


def _equation(left: str, values: Mapping[str, str], relaxes: str = "") -> str:
    """Return `left = in_p*(value in p) + in_q*(value in q) : 1 (during p and q)`, as short as it can be."""
    phases: dict[str, list[str]] = {}
    for phase, value in values.items():
        phases.setdefault(value, []).append(f"in_{phase}")
    gates = {value: within[0] if len(within) == 1 else f"({' + '.join(within)})" for value, within in phases.items()}
    terms = [f"{gate}*{_factor(value)}" if len(gates) > 1 else value for value, gate in gates.items()]
    right = f"({' + '.join(terms)} - {relaxes})/tau" if relaxes else " + ".join(terms)
    return f"{left} = {right} : 1 (during {' and '.join(values)})"


def _factor(expression: str) -> str:
    """Return the expression, in brackets if it is a sum."""
    tree = ast.parse(expression, mode="eval").body
    is_sum = isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Add | ast.Sub)
    return f"({expression})" if is_sum else expression


def _open(wanted: Sequence[str], phases: Sequence[str]) -> list[str]:
    return [phase for phase in wanted if phase in phases]


def _timed(phases: Sequence[str], dt: Quantity, step: int) -> list[Any]:
    """Return names and durations: one step to draw and one to learn, `step` for all else."""
    pairs = [(phase, dt if phase.endswith(("_draw", "_learns")) else step * dt) for phase in phases]
    return [word for pair in pairs for word in pair]


def _checked(sizes: Sequence[int], ends: Sequence[str], least: int = 2) -> list[str]:
    if len(sizes) < least:
        raise UsageError(f"sizes: expected {least} or more, the lowest layer first; got {list(sizes)}.")
    ends = [ends] if isinstance(ends, str) else list(ends)
    if not ends or not set(ends) <= set(ENDS):
        raise UsageError(f"ends: expected 'below', 'above' or both; got {ends}.")
    return [end for end in ENDS if end in ends]

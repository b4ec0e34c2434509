"""Layered networks in which targets come down through feedback that learns to invert (Lee, Zhang, Fischer and Bengio 2015).

x -> h1 <-> h2 <-> ... <-> o

forward: h_l = f(W_l h_(l-1)), o linear;   back: what feedback makes of the rates;   aim: targets, from the output down
noisy: rates with noise go up, and what feedback makes of the answer comes back;   then weights change
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Unpack

from ...circuits import Circuit, Neuron, glorot
from ...circuits.library.transfer import transfer as find_transfer
from ...plasticity import Rule
from ...plasticity.registry import as_rule
from .circuit_options import CircuitOptions, new_circuit
from .layer_options import three_or_more
from .layers_in_line import add_layers, add_teacher

__all__ = ["target_propagation"]

#: What every unit has: `up` goes to the layer above, and `down`, a rate, a target or an answer, to the layer below.
UNIT = """
    basal  : 1 (compartment)
    rate   = {f}                                                    : 1 (during forward)
    up     = in_forward*{f} + in_noisy*shaken                       : 1 (during forward and noisy)
    down   = in_back*rate + in_aim*({target}) + in_noisy*{f}        : 1 (during back and aim and noisy)
    target = down                                                   : 1 (after aim)
    echo   = down                                                   : 1
    error  = (target - rate)*slope                                  : 1
    slope  = {slope}                                                : 1 (after forward)
"""
#: What a hidden unit has: `mirror` is what feedback makes of the rates above, and `missing` by how much it fails to invert.
INVERTED = """
    apical  : 1 (compartment)
    shaken  = rate + noise*randn()   : 1 (during back)
    mirror  = {g}                    : 1 (after back)
    missing = (shaken - {g})*{slope} : 1 (after noisy)
"""


def target_propagation(
    sizes: Sequence[int],
    rule: Rule | str = "target_propagation",
    *,
    transfer: str = "tanh",
    step: float = 0.5,
    noise: float = 0.1,
    **circuit: Unpack[CircuitOptions],
) -> Circuit:
    """Make a network whose layers learn to reach targets, which come down through feedback that learns to invert.

    Parameters
    ----------
    sizes : Sequence[int]
        The numbers of units of the layers, stimulus first; three or more.
    rule : Rule | str
        The rule that changes the weights: `target_propagation`, or another rule that reads ``echo`` and ``missing``.
    transfer : str
        The transfer function of the hidden units, and of what they make of the feedback.
    step : float
        The share of the way to what is wanted at which the target of the output lies.
    noise : float
        The standard deviation of the noise with which feedback learns.
    circuit : Unpack[CircuitOptions]
        See `CircuitOptions`.

    Raises
    ------
    UsageError
        If there are fewer than three sizes.
    RecircuitError
        If the circuit refuses its arguments.
    """
    three_or_more(sizes, "target_propagation")
    rule = as_rule(rule)
    net, hidden, output = new_circuit(circuit), _hidden(transfer, noise), _output(step)
    layers = add_layers(net, sizes, hidden, output)
    add_teacher(net, layers[-1], "teacher", during="aim")
    net.connect(layers[0], layers[1], rule=rule.forward, during="forward")
    for lower, upper in pairwise(layers[1:]):
        net.connect(lower, upper, rule=rule.forward, sends="up", during="forward and noisy")
        net.connect(
            upper, lower, into="apical", sends="down", rule=rule.feedback, weights=glorot(), during="back and aim and noisy"
        )  # fmt: skip
    dt, up = net.dt, (len(sizes) - 1) * net.dt
    net.phases("forward", up, "back", 2 * dt, "aim", up, "noisy", 3 * dt, "plasticity", dt, evaluation="forward")
    return net


def _hidden(transfer: str, noise: float) -> Neuron:
    f, slope = find_transfer(transfer)
    g, slope_of_g = find_transfer(transfer, field="apical")
    unit = UNIT.format(f=f, slope=slope, target=f"rate + {g} - mirror")
    return Neuron(INVERTED.format(g=g, slope=slope_of_g) + unit, noise=float(noise))


def _output(step: float) -> Neuron:
    unit = UNIT.format(f="basal", slope="1.0", target="rate + step*(teacher - rate)")
    return Neuron("teacher : 1 (compartment)\nshaken = rate : 1\n" + unit, step=float(step))

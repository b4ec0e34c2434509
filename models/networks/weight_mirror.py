"""Layered networks whose feedback weights learn from noise in a mode of its own (Akrout et al. 2019).

engaged:  h_l = f(W_l h_(l-1)),  o = W_L h;   error_o = wanted - o,  error_l = f'(h_l) R_l error_(l+1)
mirror:   all hidden units send noise of variance 1, and R changes
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

__all__ = ["weight_mirror"]

OUTPUT = Neuron("""
    basal   : 1 (compartment)
    teacher : 1 (compartment)
    rate  = basal           : 1
    error = teacher - basal : 1
""")


def weight_mirror(
    sizes: Sequence[int],
    rule: Rule | str = "weight_mirror",
    *,
    transfer: str = "tanh",
    **circuit: Unpack[CircuitOptions],
) -> Circuit:
    """Make a network whose feedback weights learn from noise, in the mode ``mirror``; it is trained in both modes in turn.

    Parameters
    ----------
    sizes : Sequence[int]
        The numbers of units of the layers, stimulus first; three or more.
    rule : Rule | str
        The rule that changes the weights: `weight_mirror`, or another rule whose feedback equation reads ``spontaneous``.
    transfer : str
        The transfer function of the hidden units.
    circuit : Unpack[CircuitOptions]
        See `CircuitOptions`.

    Raises
    ------
    UsageError
        If there are fewer than three sizes.
    RecircuitError
        If the circuit refuses its arguments.
    """
    three_or_more(sizes, "weight_mirror")
    rule = as_rule(rule)
    net, hidden = new_circuit(circuit), _hidden(transfer)
    layers = add_layers(net, sizes, hidden, OUTPUT)
    add_teacher(net, layers[-1], "teacher", during="backward")
    for pre, post in pairwise(layers):
        net.connect(pre, post, rule=rule.forward, during="forward" if pre is layers[0] else "forward and mirror")
    for lower, upper in pairwise(layers[1:]):
        net.connect(
            upper, lower, into="apical", rule=rule.feedback, weights=glorot(), during="backward", learns="mirror"
        )
    dt, up = net.dt, (len(sizes) - 1) * net.dt
    net.phases("forward", up, "backward", up, "plasticity", dt, evaluation="forward")
    net.phases("draw", dt, "mirror", dt, mode="mirror")
    return net


def _hidden(transfer: str) -> Neuron:
    f, slope = find_transfer(transfer)
    return Neuron(f"""
        basal  : 1 (compartment)
        apical : 1 (compartment)
        rate  = in_forward*{f} + in_draw*randn() : 1 (during forward and draw)
        slope = {slope}                          : 1 (after forward)
        error = apical*slope                     : 1 (during backward)
        spontaneous = rate                       : 1
    """)

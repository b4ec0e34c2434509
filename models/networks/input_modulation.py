"""Layered networks that see a stimulus twice, the second time with a projection of the error (Dellaferrera and Kreiman 2022).

x -> h1 -> h2 -> ... -> o -> x        and a bias for every unit

forward: h_l = f(W_l h_(l-1)), o = softmax(W_L h);   answer: the teacher tells the error;   again: the same with x + F error
then weights change
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Unpack

import numpy as np

from ...circuits import Circuit, Neuron, SummingUnit, normal
from ...circuits.library.transfer import transfer as find_transfer
from ...plasticity import Rule
from ...plasticity.registry import as_rule
from .circuit_options import CircuitOptions, new_circuit
from .layer_options import three_or_more
from .layers_in_line import add_layers, add_teacher

__all__ = ["input_modulation"]

INPUT = Neuron("now : 1\nfed : 1 (compartment)\nrate = now + fed : 1")
OUTPUT = Neuron("""
    basal   : 1 (compartment)
    teacher : 1 (compartment)
    total   : 1 (broadcast)
    might = exp(clip(basal, -80, 80))        : 1 (during forward)
    rate  = might/(total + int(total == 0))  : 1
    wrong = rate - teacher                   : 1 (after answer)
    moved = -wrong                           : 1
""")


def input_modulation(
    sizes: Sequence[int],
    rule: Rule | str = "pepita",
    *,
    transfer: str = "relu",
    perturbation: float = 0.05,
    **circuit: Unpack[CircuitOptions],
) -> Circuit:
    """Make a network that sees a stimulus a second time with a projection of its error, and learns from the difference.

    Its outputs are a softmax, and learn from minus the derivative of the cross-entropy by their fields.

    Parameters
    ----------
    sizes : Sequence[int]
        The numbers of units of the layers, stimulus first; three or more.
    rule : Rule | str
        The rule that changes the weights: `pepita`, or another rule that reads ``moved``.
    transfer : str
        The transfer function of the hidden units.
    perturbation : float
        The standard deviation of the weights F from the outputs to the stimulus, times the root of half of its units.
    circuit : Unpack[CircuitOptions]
        See `CircuitOptions`.

    Raises
    ------
    UsageError
        If there are fewer than three sizes.
    RecircuitError
        If the circuit refuses its arguments.

    Notes
    -----
    A presentation begins with a step in which the stimulus forgets the error of the one before. The phase ``forward`` ends
    with two steps for the sum that divides the outputs.
    """
    three_or_more(sizes, "input_modulation")
    rule = as_rule(rule)
    net = new_circuit(circuit)
    layers = add_layers(net, sizes, _hidden(transfer), OUTPUT, INPUT, clamps="now")
    x, o, one = layers[0], layers[-1], net.constant("one")
    net.population("pool", 1, SummingUnit(o, sends="might", told_as="total", during="forward"))
    add_teacher(net, o, "teacher", during="answer")
    for pre, post in pairwise(layers):
        both = "forward" if post is o else "forward and again"
        net.connect(pre, post, rule=rule.forward, weights=normal(scaled_by=np.sqrt(2)), during=both)
        net.connect(one, post, rule=rule.forward, weights=0.0, during=both)
    weights = normal(perturbation * np.sqrt(2 / sizes[0]))
    net.connect(o, x, into="fed", sends="wrong", weights=weights, during="again and plasticity", closed="zero")
    dt, up = net.dt, (len(sizes) - 1) * net.dt
    net.phases("forward", up + 3 * dt, "answer", dt, "again", up, "plasticity", dt, evaluation="forward")
    return net


def _hidden(transfer: str) -> Neuron:
    return Neuron(f"""
        basal : 1 (compartment)
        rate  = {find_transfer(transfer)[0]} : 1 (during forward and again)
        first = rate                         : 1 (after forward)
        moved = rate - first                 : 1
    """)

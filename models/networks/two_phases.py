"""Layered networks that settle twice, without and with a teacher, for rules that compare the two.

    x -> h1 <-> h2 <-> ... <-> o        and a bias for every unit

    free: all rates follow f(below + gain above);   taught: the same, while o is held at what is wanted;   then weights change

Feedback begins as the transpose of the forward weights, and changes by the rule's own feedback equation, if it has one.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Unpack

import numpy as np

from ...circuits import Circuit, Neuron
from ...circuits.library.neurons import taught_output, two_phase_unit
from ...plasticity import Rule
from ...plasticity.registry import as_rule
from ...plasticity.rules import contrastive_bias
from .circuit_options import CircuitOptions, new_circuit
from .layer_options import three_or_more
from .layers_in_line import add_layers, add_teacher

__all__ = ["two_phases"]


def two_phases(
    sizes: Sequence[int],
    rule: Rule | str = "generec",
    *,
    transfer: str = "logistic",
    gain: float = 1.0,
    settling: int = 20,
    feedback_weights: Any = None,
    **circuit: Unpack[CircuitOptions],
) -> Circuit:
    """Make a network that settles without a teacher, then with one, and learns from the difference.

    Parameters
    ----------
    sizes : Sequence[int]
        The numbers of units of the layers, stimulus first; three or more.
    rule : Rule | str
        The rule that changes the weights: `generec`, `contrastive_hebbian`, or another one that reads ``free``.
    transfer : str
        The transfer function of hidden units and outputs.
    gain : float
        The factor by which feedback is multiplied.
    settling : int
        The number of steps of each phase, for each layer of units.
    feedback_weights : Any
        The feedback weights to begin with; None: the transpose of the forward weights.
    circuit : Unpack[CircuitOptions]
        See `CircuitOptions`.

    Raises
    ------
    UsageError
        If there are fewer than three sizes.
    RecircuitError
        If the circuit refuses its arguments.
    """
    three_or_more(sizes, "two_phases")
    rule = as_rule(rule)
    net = new_circuit(circuit)
    always, one = "free and taught", net.constant("one")
    hidden, output = two_phase_unit(transfer=transfer, gain=gain), taught_output(transfer=transfer)
    layers = add_layers(net, sizes, hidden, output, Neuron("rate : 1\nfree = rate : 1"))
    add_teacher(net, layers[-1], "wanted", during="taught")
    bias = contrastive_bias.with_parameters(rate=rule.parameters["rate"]) if "rate" in rule.parameters else None
    random, up = np.random.default_rng(net.seed), {}
    for pre, post in pairwise(layers):
        up[post.name] = random.normal(0, pre.size**-0.5, (post.size, pre.size))
        net.connect(pre, post, into="below", rule=rule.forward, weights=up[post.name], during=always)
        net.connect(one, post, into="below", rule=bias and bias.forward, weights=0.0, during=always)
    for lower, upper in pairwise(layers[1:]):
        back = up[upper.name].T.copy() if feedback_weights is None else feedback_weights
        learns = rule.feedback if rule.feedback.plastic else None
        net.connect(upper, lower, into="above", sends="rate", rule=learns, weights=back, during=always)
    length = settling * (len(sizes) - 2) * net.dt
    net.phases("free", length, "taught", length, "plasticity", net.dt, evaluation="free")
    return net

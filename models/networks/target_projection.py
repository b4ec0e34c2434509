"""Layered networks whose hidden layers receive the target from the supervisor, and no error (Frenkel, Lefebvre and Bol 2021).

x -> h1 -> h2 -> ... -> o        s -> h1, h2, ... by random synapses of their own, and a bias for every unit

forward: h_l = f(W_l h_(l-1)), o logistic;   tell: the supervisor presents the target;   then weights change
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Unpack

from ...circuits import Circuit, Neuron, normal
from ...circuits.library.transfer import transfer as find_transfer
from ...plasticity import Rule
from ...plasticity.registry import as_rule
from .circuit_options import CircuitOptions, new_circuit
from .layer_options import three_or_more
from .layers_in_line import add_layers, add_teacher

__all__ = ["target_projection"]

OUTPUT = Neuron(f"""
    basal   : 1 (compartment)
    teacher : 1 (compartment)
    rate = {find_transfer("logistic")[0]} : 1 (during forward)
    told = teacher - rate      : 1
""")


def target_projection(
    sizes: Sequence[int],
    rule: Rule | str = "drtp",
    *,
    transfer: str = "tanh",
    **circuit: Unpack[CircuitOptions],
) -> Circuit:
    """Make a network whose hidden layers receive random projections of the target, and no error.

    Its outputs are logistic, and learn from minus the derivative of the cross-entropy by their fields.

    Parameters
    ----------
    sizes : Sequence[int]
        The numbers of units of the layers, stimulus first; three or more.
    rule : Rule | str
        The rule that changes the weights: `drtp`, or another rule that reads ``told``.
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
    three_or_more(sizes, "target_projection")
    rule = as_rule(rule)
    net = new_circuit(circuit)
    layers, one = add_layers(net, sizes, _hidden(transfer), OUTPUT), net.constant("one")
    s = add_teacher(net, layers[-1], "teacher", during="tell")
    for pre, post in pairwise(layers):
        net.connect(pre, post, rule=rule.forward, during="forward")
        net.connect(one, post, rule=rule.forward, weights=0.0, during="forward")
    for layer in layers[1:-1]:
        net.connect(s, layer, into="apical", weights=normal(1.0), during="tell")
    net.phases("forward", (len(sizes) - 1) * net.dt, "tell", net.dt, "plasticity", net.dt, evaluation="forward")
    return net


def _hidden(transfer: str) -> Neuron:
    f, slope = find_transfer(transfer)
    return Neuron(f"""
        basal  : 1 (compartment)
        apical : 1 (compartment)
        rate = {f}            : 1 (during forward)
        told = apical*{slope} : 1
    """)

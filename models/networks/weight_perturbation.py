"""Layered networks that learn from noise in their weights (Werfel, Xie and Seung 2005; Dembo and Kailath 1990).

clean: h_l = f(W_l h_(l-1) + b_l), o linear;   draw: every weight takes noise;   noisy: the same with these weights
plasticity: `rise`, by how much the noise raised half the squared error, is broadcast, and weights change
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Unpack

from ...circuits import Circuit, Neuron, OneToOne
from ...circuits.library.transfer import transfer as find_transfer
from ...plasticity import Rule
from ...plasticity.registry import as_rule
from .circuit_options import CircuitOptions, new_circuit
from .layer_options import three_or_more
from .layers_in_line import add_layers

__all__ = ["weight_perturbation"]

LOSS = Neuron("""
    squares : 1 (compartment)
    clean = squares         : 1 (after clean)
    rate  = squares - clean : 1 (during noisy)
""")
OUTPUT = Neuron("""
    basal  : 1 (compartment)
    wanted : 1 (compartment)
    rate   = basal              : 1 (during clean and noisy)
    miss   = (wanted - rate)**2 : 1
""")


def weight_perturbation(
    sizes: Sequence[int],
    rule: Rule | str = "weight_perturbation",
    *,
    transfer: str = "tanh",
    **circuit: Unpack[CircuitOptions],
) -> Circuit:
    """Make a network that answers twice, without and with noise in its weights, and learns from the change of its loss.

    Parameters
    ----------
    sizes : Sequence[int]
        The numbers of units of the layers, stimulus first; three or more.
    rule : Rule | str
        The rule that changes the weights: `weight_perturbation`, or another rule that reads ``rise``.
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
    three_or_more(sizes, "weight_perturbation")
    rule = as_rule(rule)
    net, twice = new_circuit(circuit), "clean and noisy"
    hidden = Neuron(f"basal : 1 (compartment)\nrate = {find_transfer(transfer)[0]} : 1 (during {twice})")
    layers = add_layers(net, sizes, hidden, OUTPUT)
    s, one = net.supervisor("s", sizes[-1], on=1, off=0), net.constant("one")
    loss = net.population("loss", 1, LOSS)
    net.broadcast(loss, "rise", during="plasticity")
    for pre, post in pairwise(layers):
        for source, weights in ((pre, None), (one, 0.0)):
            net.connect(source, post, rule=rule.forward, weights=weights, during=twice, learns="draw and plasticity")
    net.connect(s, layers[-1], into="wanted", weights=1.0, connectivity=OneToOne(), during=twice)
    net.connect(layers[-1], loss, into="squares", sends="miss", weights=0.5, during=twice)
    dt, up = net.dt, len(sizes) * net.dt
    net.phases("clean", up, "draw", dt, "noisy", up, "plasticity", dt, evaluation="clean")
    return net

"""The circuits of `baldi-equivalence`: one network at a time, with errors from layer to layer, straight to each, or by W^T."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from brian2.units import ms
from numpy.typing import NDArray

from ....circuits import Circuit, OneToOne, Population, Projection, pyramidal
from ....plasticity import Rule, Transpose, bp, frfb
from ...analysis.expected_learning import Flow
from ...networks.independent_networks import OUTPUT, Networks, side_by_side
from ...networks.learning_channel_units import channel_unit
from ...networks.learning_channel_variant import Variant

Array = NDArray[np.floating]
Weights = Sequence[Array]

#: Backpropagation whose backward weights have noise, drawn again at every update (Eq. 20). No synapse knows its partner's
#: weight, so that this one is a control: the forward synapse draws what its partner has, as ``back``.
noisy = Rule(
    "noisy-transpose",
    source="Baldi, Sadowski and Lu 2018, Eq. 20",
    about="The feedback weights are the transpose of the forward weights plus noise, drawn anew at every update; a control.",
    forward="dw = rate*error_post*x_pre\nback = w + sd*randn()",
    state=dict(back=0.0),
    parameters=dict(rate=0.1, sd=0.1),
    feedback=Transpose("back"),
    local=False,
)


def chain(
    weights: Weights, x: Array, target: Array, rule: Rule, channel: Weights = (), transfer: str = "linear"
) -> Flow:
    """Make a network whose errors come down from layer to layer.

    Parameters
    ----------
    weights : sequence of array
        The initial W_1, ..., W_L.
    x, target : array
        The rows, all of which every presentation shows.
    rule : Rule
        bp, noisy, or frfb with a ``channel``.
    channel : sequence of array
        C_1, ..., C_(L-1), of which C_i brings the error of layer i+1 to layer i. Without it, it is W^T.
    transfer : str
        The transfer function of the hidden units.
    """
    net = Circuit(len(x), 1 * ms, seed=len(weights))
    unit = channel_unit(Variant("rbp", transfer=transfer), 1 * ms)
    layers = [net.stimulus("x", x.shape[1])]
    layers += [net.population(f"h{i}", len(w), unit) for i, w in enumerate(weights[:-1], 1)]
    layers.append(_output(net, target))
    forward = [
        net.connect(pre, post, rule=rule.forward, weights=w, name=f"W{i}")
        for i, ((pre, post), w) in enumerate(zip(pairwise(layers), weights, strict=True), 1)
    ]
    for i, (post, pre) in enumerate(pairwise(layers[1:]), 1):
        own = _backward(rule, forward[i]) if not channel else channel[i - 1]
        net.connect(pre, post, into="apical", sends="error", weights=own, name=f"C{i}")
    L = len(weights)
    net.phases("feedforward", L * ms, "error", 1 * ms, "feedback", (L - 1) * ms, "plasticity", 1 * ms)
    return Flow(net, {"x": x, "target": target})


def skipping(weights: Weights, x: Array, target: Array, channel: Weights, transfer: str = "linear") -> Flow:
    """Return the same network, whose errors go from the output straight to each layer through C_1, ..., C_(L-1)."""
    networks = Networks([w[None] for w in weights], [c[None] for c in channel])
    net = side_by_side(networks, frfb, batch_size=len(x), hidden=pyramidal(transfer))
    return Flow(net, {"x": x, "target": target})


def powers(start: Array, x: Array, targets: Array, mu: float) -> Flow:
    """Return networks A[1, 1, 1] beside each other that learn by gradient descent, with the hidden units' O = S^mu (Eq.
    119).
    """
    model = pyramidal(f"basal**{mu:.12g}", 1 * ms, derivative=f"{mu:.12g}*basal**({mu:.12g} - 1)")
    networks = Networks(list(start[:, :, None, None]), [])
    net = side_by_side(networks, bp, batch_size=len(x), hidden=model)
    return Flow(net, {"x": np.tile(x[:, None], (1, start.shape[1])), "target": targets})


def forward_weights(flow: Flow, rate: float, times: Sequence[float] | Array) -> list[Array]:
    """Return W_1, ..., W_L at these times, (times, N_i, N_(i-1))."""
    found = flow.run(rate, times).weights
    return [found[name] for name in sorted(found)]


def _output(net: Circuit, target: Array) -> Population:
    y = net.population("y", target.shape[1], OUTPUT)
    shown = net.stimulus("target", target.shape[1])
    net.connect(shown, y, into="wanted", weights=1.0, connectivity=OneToOne(), during="error")
    return y


def _backward(rule: Rule, forward: Projection) -> object:
    """Return the weights of a feedback projection that has none of its own."""
    return forward.transposed("back") if rule is noisy else forward.T

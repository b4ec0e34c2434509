"""The circuits of `baldi-facts`: learning channels that are given link by link, and one that brings errors to the top layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from brian2.units import ms
from numpy.typing import NDArray

from ....circuits import Circuit, OneToOne, SoftmaxOutput
from ....plasticity.rules.random_backpropagation import rbp
from ...networks.learning_channel_units import channel_unit
from ...networks.learning_channel_variant import Variant
from ...networks.modulated_units import LOSS, error, modulatory, unit
from ...networks.random_backpropagation import scaled

Array = NDArray[np.floating]

#: (a layer, a layer below it) -> the matrices that bring errors from the one to the other, each a projection of its own.
Links = Mapping[tuple[int, int], Sequence[Array]]


def forward_matrices(sizes: Sequence[int], rng: np.random.Generator) -> list[Array]:
    """Draw W_1, ..., W_L as they begin."""
    return [scaled()(rng, (post, pre)) for pre, post in pairwise(sizes)]


def linked(forward: Sequence[Array], links: Links, *, rate: float, batch_size: int, seed: int) -> Circuit:
    """Make a network (`x`, `h1`, ..., softmax output `o`) with a learning channel of any links; its units are those of RBP.

    Errors come down in one step for each hidden layer, so that a layer may receive them on paths of different lengths.
    """
    net = Circuit(batch_size, 1 * ms, precision="float32", seed=seed)
    rule = rbp.with_parameters(rate=rate).with_rate_decay(1e-6).forward
    layers = [net.stimulus("x", forward[0].shape[1])]
    layers += [
        net.population(f"h{h}", len(w), channel_unit(Variant("rbp"), net.dt)) for h, w in enumerate(forward[:-1], 1)
    ]
    layers.append(net.population("o", len(forward[-1]), SoftmaxOutput()))
    for (pre, post), w in zip(pairwise(layers), forward, strict=True):
        net.connect(pre, post, rule=rule, weights=w)
    for (above, below), matrices in links.items():
        for k, c in enumerate(matrices):
            name = f"c{above}_{below}_{k}"
            net.connect(layers[above], layers[below], into="apical", sends="error", weights=c, name=name)
    L = len(forward)
    net.phases(
        "feedforward", L * ms, "error", 2 * ms, "feedback", (L - 1) * ms, "plasticity", 1 * ms, evaluation=["feedforward"]
    )  # fmt: skip
    return net


def top_channel(sizes: Sequence[int], random: bool, *, rate: float, batch_size: int, seed: int) -> Circuit:
    """Make a network of one hidden layer whose output units get their errors unit by unit, or through a random matrix.

    The hidden layer has RBP's random matrix in both cases, and error units of their own send the errors. Output units are
    tanh units, which stay finite whatever they learn.
    """
    net = Circuit(batch_size, 1 * ms, precision="float32", seed=seed)
    rule = rbp.with_parameters(rate=rate).forward
    x = net.stimulus("x", sizes[0], during="feedforward")
    h, o = net.population("h1", sizes[1], unit("tanh", 1 * ms)), net.population("o", sizes[2], unit("tanh", 1 * ms))
    for pre, post in ((x, h), (h, o)):
        net.connect(pre, post, rule=rule, weights=scaled())
    e, m = net.population("e", sizes[2], error(gated=True)), net.population("m1", sizes[1], modulatory(gated=False))
    loss = net.population("loss", 1, LOSS)
    s = net.supervisor("s", sizes[2], on=0.9, off=-0.9, during="error")
    one: dict[str, Any] = dict(weights=1.0, connectivity=OneToOne())
    net.connect(s, e, into="wanted", during="error", **one)
    net.connect(o, e, into="received", during="error", **one)
    net.connect(o, e, into="gain", during="error", sends="slope", name="o_gates_e", **one)
    net.connect(e, loss, sends="squares", into="squares", weights=0.5, during="error")
    top: dict[str, Any] = dict(weights=_as_long_as_one) if random else one
    net.connect(e, o, into="apical", during="feedback", sends="rate", **top)
    net.connect(e, m, into="drive", during="feedback", sends="passed", weights=scaled())
    net.connect(m, h, into="apical", during="feedback", sends="rate", **one)
    net.phases(
        "feedforward", 2 * ms, "error", 2 * ms, "feedback", 2 * ms, "plasticity", 1 * ms, evaluation=["feedforward"]
    )
    return net


def _as_long_as_one(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Return a random matrix that keeps the length of what it is given, on average."""
    return rng.standard_normal(shape) / np.sqrt(shape[1])

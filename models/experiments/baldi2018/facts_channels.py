"""The learning channels that `baldi-facts` compares, and how each of them learns to tell images apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from ....circuits import Circuit
from ...data import Dataset
from ...networks.random_backpropagation import Variant, random_backpropagation, scaled
from ..framework.experiment import Settings
from ..framework.training_runs import or_guess, trained
from .channel_training import Protocol
from .facts_circuits import Array, Links, forward_matrices, linked, top_channel

FULL = Protocol(epochs=5)
#: Section 5.1 compares what networks come to.
LONG = Protocol()
QUICK = Protocol("digits", (40, 40, 40, 40), 20, 6, 3.0)
TOP = {"top layer: its own errors": False, "top layer: a random matrix": True}
ALGORITHMS = ("BP", "RBP", "SRBP")
EXACT, TEN_BITS = "{}, exact errors", "{}, errors of 10 bits"
BITS = {
    named.format(name): Variant(name.lower(), signal=signal, bits=10)
    for name in ALGORITHMS
    for named, signal in ((EXACT, ""), (TEN_BITS, "quantised"))
}
VARIANTS = {
    "BP": Variant("bp"),
    "RBP": Variant("rbp"),
    "RBP, congruent throughout": Variant("rbp", redrawn="sign-concordant"),
    **BITS,
}
LINKED = ("RBP, congruent at first", "matrices of ±1", "cascade", "RBP and SRBP mixed", "three matrices averaged")


def protocol_of(name: str, settings: Settings) -> Protocol:
    """Return how a channel is trained."""
    return QUICK if settings.quick else LONG if name in BITS else FULL


def run(name: str, data: Dataset, protocol: Protocol, seed: int, settings: Settings) -> dict[str, Any]:
    """Return accuracies by epoch, in percent; of a channel that began congruent, also the share of weights that still are."""
    net = _circuit(name, data, protocol, seed)
    label = f"baldi-facts: {name}, seed {seed}"
    epochs = protocol.epochs
    rows, _ = or_guess(lambda: trained(settings, net, data, epochs, label=label), epochs, data.classes)
    found = {part: [round(100 * (1 - row[f"{part}_error"]), 4) for row in rows] for part in ("train", "test")}
    if name == LINKED[0]:
        found["congruent"] = [100.0, round(100 * _share_congruent(net), 4)]
    net.close()
    return found


def _circuit(name: str, data: Dataset, protocol: Protocol, seed: int) -> Circuit:
    sizes, batch = (data.n_features, *protocol.hidden, data.classes), protocol.batch_size
    if name in TOP:
        return top_channel((sizes[0], sizes[1], sizes[-1]), TOP[name], rate=0.1, batch_size=batch, seed=seed)
    if name in VARIANTS:
        variant = VARIANTS[name].with_(rate=protocol.faster * VARIANTS[name].rate)
        return random_backpropagation(sizes, variant, batch_size=batch, seed=seed)
    rng = np.random.default_rng([seed, 8])
    forward = forward_matrices(sizes, rng)
    return linked(forward, links(name, forward, rng), rate=0.1 * protocol.faster, batch_size=batch, seed=seed)


def links(name: str, forward: list[Array], rng: np.random.Generator) -> Links:
    """Return the matrices of a channel, (a layer, a layer below it) -> one or more; 0 is the stimulus, L the output."""
    sizes = [len(w) for w in forward]
    L = len(sizes)

    def drawn(above: int, below: int) -> Array:
        return scaled()(rng, (sizes[below - 1], sizes[above - 1]))

    steps = [(h + 1, h) for h in range(1, L)]
    if name == "RBP, congruent at first":
        return {(a, b): [np.abs(drawn(a, b)) * np.sign(forward[a - 1].T)] for a, b in steps}
    if name == "matrices of ±1":  # as large as the others are
        return {(a, b): [np.sign(c) * np.sqrt(2 / sum(c.shape))] for a, b in steps for c in [drawn(a, b)]}
    if name == "cascade":
        return {(a, b): [drawn(a, b)] for b in range(1, L) for a in range(b + 1, L + 1)}
    if name == "RBP and SRBP mixed":  # every other layer has the errors of the output
        return {(L if b % 2 else a, b): [drawn(L if b % 2 else a, b)] for a, b in steps}
    return {(a, b): [drawn(a, b) / np.sqrt(3) for _ in range(3)] for a, b in steps}


def _share_congruent(net: Circuit) -> float:
    """Return the share of the channel's weights that have the sign of their forward partners."""
    L = sum(name.startswith("c") for name in net.projections) + 1
    layers = ["x", *(f"h{h}" for h in range(1, L)), "o"]
    signs = [
        np.sign(net[f"c{h + 1}_{h}_0.w"]) == np.sign(net[f"{layers[h]}_to_{layers[h + 1]}.w"]).T for h in range(1, L)
    ]
    return float(np.mean(np.concatenate([s.ravel() for s in signs])))

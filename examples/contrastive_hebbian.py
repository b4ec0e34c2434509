"""Contrastive Hebbian learning: feedback is symmetric or random (Movellan 1991; Detorakis et al. 2019).

Movellan, J. R. (1991). Contrastive Hebbian learning in the continuous Hopfield model. Connectionist Models, 10-17. Xie, X. and
Seung, H. S. (2003). Equivalence of backpropagation and contrastive Hebbian learning in a layered network. Neural Computation
15, 441-454. Detorakis, G., Bartley, T. and Neftci, E. (2019). Contrastive Hebbian learning with random feedback weights.
Neural Networks 114, 1-14.

    free:    dx_k/dt = f(W_k x_(k-1) + gamma G_k x_(k+1) + b_k) - x_k, until it has settled;  f is logistic
    taught:  the same, while the outputs are held at what is wanted
    dW_k = rate gamma^(k - L) (x_k x_(k-1)^T taught - x_k x_(k-1)^T free),   db_k = rate gamma^(k - L) (x_k taught - x_k free)

Contrastive Hebbian learning has G_k equal to the transpose of W_(k+1) at all times: both begin equal and make the same changes.
In its random form G is drawn once and stays. As feedback is weak, the difference of the two phases is of the size gamma one
layer below the outputs, and its rate is larger by 1/gamma.

What is shown: both learn the digits of scikit-learn, with one hidden layer. The source of the random form trains on
handwritten digits and letters of other sets, so that its numbers cannot be compared. The bound, which was set before the first
run, is 10% test error.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure

import recircuit as rc
from recircuit.plasticity.rules import contrastive_bias, contrastive_hebbian

GAMMA = 0.1
HIDDEN, OUTPUT = rc.two_phase_unit(gain=GAMMA), rc.taught_output()


def network(
    sizes: tuple[int, int, int] = (64, 100, 10),
    symmetric: bool = True,
    rate: float = 0.5,
    batch_size: int = 20,
    seed: int = 0,
) -> rc.Circuit:
    """Return a network with one hidden layer and biases, whose feedback learns as W does, or stays as it is."""
    net = rc.Circuit(batch_size=batch_size, seed=seed)
    always, random = "free and taught", np.random.default_rng(seed)
    x, one = net.stimulus("x", sizes[0], rc.Neuron("rate : 1\nfree = rate : 1")), net.constant("one")
    h, o = net.population("h", sizes[1], HIDDEN), net.population("o", sizes[2], OUTPUT)
    s = net.supervisor("s", sizes[2], on=1, off=0, during="taught")
    net.connect(s, o, into="wanted", weights=1.0, connectivity=rc.OneToOne(), during="taught")
    first, second = random.normal(0, sizes[0] ** -0.5, sizes[1::-1]), random.normal(0, sizes[1] ** -0.5, sizes[:0:-1])
    back = second.T.copy() if symmetric else random.normal(0, 1, sizes[1:])
    for pre, post, weights, faster in ((x, h, first, 1 / GAMMA), (h, o, second, 1)):
        weight, bias = (rule.with_parameters(rate=rate * faster) for rule in (contrastive_hebbian, contrastive_bias))
        net.connect(pre, post, into="below", rule=weight.forward, weights=weights, during=always)
        net.connect(one, post, into="below", rule=bias.forward, weights=0.0, during=always)
    learns = weight.feedback if symmetric else None
    net.connect(o, h, into="above", sends="rate", rule=learns, weights=back, during=always)
    net.phases("free", 20 * ms, "taught", 20 * ms, "plasticity", 1 * ms, evaluation="free")
    return net


def main(out: Path = Path("."), epochs: int = 15) -> dict[str, float]:
    """Train with both kinds of feedback, print test errors, and draw them over epochs."""
    figure, found = Figure(figsize=(5.5, 3.8), layout="constrained"), {}
    ax = figure.subplots()
    for name, symmetric in (("symmetric feedback", True), ("random feedback", False)):
        net = network(symmetric=symmetric)
        history = rc.train(net, rc.load("digits"), epochs, output="o", backend="numpy", progress=False)
        found[name] = history.test_error
        print(f"{name:18} test error {found[name]:.1%} on digits (the sources have other data)")
        ax.plot(np.arange(1, epochs + 1), 100 * np.array(history["test_error"]), label=name)
    ax.set(xlabel="epoch", ylabel="test error (%)", ylim=(0, None), title="contrastive Hebbian learning")
    ax.legend()
    figure.savefig(out / "contrastive_hebbian.png")
    assert max(found.values()) < 0.1, found
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)

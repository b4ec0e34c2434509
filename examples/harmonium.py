"""Harmonium, or restricted Boltzmann machine: contrastive divergence learns a distribution (Smolensky 1986, Hinton 2002).

Smolensky, P. (1986). Information processing in dynamical systems: foundations of harmony theory. In Parallel Distributed
Processing 1, 194-281. Hinton, G. E. (2002). Training products of experts by minimizing contrastive divergence. Neural
Computation 14, 1771-1800.

    p(v, h) is proportional to exp(v^T W h + b v + c h),   v and h are 0 or 1
    show: v0 = data     up: h0 drawn from p(h|v0)     down: v1 drawn from p(v|h0)     again: p(h|v1)
    dW = rate (v0 p(h|v0)^T - v1 p(h|v1)^T),   db = rate (v0 - v1),   dc = rate (p(h|v0) - p(h|v1))

The four moments are four phases, and what is needed of an earlier one is a latch. The synapses up and down begin equal and
make the same changes.

What is shown: bars and stripes of 4 x 4 pixels. With so few hidden units the likelihood is computed exactly, by a sum over
all their states. The bound is the entropy of the data, 3.379 nats: no model has a larger mean log-likelihood than -3.379.
Contrastive divergence with one step down and up follows the gradient of something else: on this task the likelihood rises,
stays below the bound, and falls again, as Fischer and Igel report (2010, Empirical analysis of the divergence of Gibbs
sampling based learning algorithms for restricted Boltzmann machines, ICANN, LNCS 6354, 208-217).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure
from numpy.typing import NDArray

import recircuit as rc

CD = rc.Rule(
    "contrastive-divergence",
    source="Hinton 2002",
    forward="dw = rate*(first_post*first_pre - p_post*rate_pre)",
    feedback="dw = rate*(first_post*first_pre - rate_post*p_pre)",
    parameters=dict(rate=0.1),
)
VISIBLE_BIAS, HIDDEN_BIAS = (
    rc.Rule(
        f"{name}-bias", source="Hinton 2002", forward=f"dw = rate*(first_post - {name}_post)", parameters=dict(rate=0.1)
    )
    for name in ("rate", "p")
)
VISIBLE = rc.Neuron("""
    data  : 1 (compartment)
    basal : 1 (compartment)
    rate  = in_show*data + in_down*int(rand() < 1/(1 + exp(-basal))) : 1 (during show and down)
    first = rate : 1 (after show)
""")
HIDDEN = rc.Neuron("""
    basal : 1 (compartment)
    p     = 1/(1 + exp(-basal))  : 1
    rate  = int(rand() < p)      : 1 (during up)
    first = p                    : 1 (after up)
""")


def harmonium(visible: int, hidden: int, rate: float = 0.1, batch_size: int = 10, seed: int = 0) -> rc.Circuit:
    """Return a circuit of visible and hidden units, each with a bias, and of synapses between the two layers."""
    net, random = rc.Circuit(batch_size=batch_size, seed=seed), np.random.default_rng(seed)
    x, one = net.stimulus("x", visible), net.constant("one")
    v, h = net.population("v", visible, VISIBLE), net.population("h", hidden, HIDDEN)
    net.connect(x, v, into="data", weights=1.0, connectivity=rc.OneToOne(), during="show")
    w, rule = random.normal(0, 0.1, (hidden, visible)), CD.with_parameters(rate=rate)
    net.connect(v, h, name="W", rule=rule.forward, weights=w, during="up and again")
    net.connect(h, v, name="back", rule=rule.feedback, weights=w.T.copy(), during="down")
    net.connect(one, v, name="b", rule=VISIBLE_BIAS.with_parameters(rate=rate), weights=0.0)
    net.connect(one, h, name="c", rule=HIDDEN_BIAS.with_parameters(rate=rate), weights=0.0)
    net.phases("show", 1 * ms, "up", 1 * ms, "down", 1 * ms, "again", 1 * ms, "plasticity", 1 * ms)
    return net


def bars_and_stripes(size: int) -> NDArray[np.float64]:
    """Return all images of whole rows, and all of whole columns; the empty and the full image are both, and occur twice."""
    rows = np.array([[k >> bit & 1 for bit in range(size)] for k in range(2**size)], float)
    stripes = np.repeat(rows[:, None], size, axis=1)
    return np.concatenate([stripes, stripes.transpose(0, 2, 1)]).reshape(2 ** (size + 1), -1)


def log_likelihood(net: rc.Circuit, images: NDArray) -> float:
    """Return the mean over images of log p(v), with p(v) summed over all states of the hidden units."""
    w, b, c = net["W.w"], net["b.w"].ravel(), net["c.w"].ravel()
    states = np.array([[k >> bit & 1 for bit in range(len(c))] for k in range(2 ** len(c))], float)
    partition = np.logaddexp.reduce(states @ c + np.logaddexp(0, states @ w + b).sum(axis=1))
    return float(np.mean(images @ b + np.logaddexp(0, images @ w.T + c).sum(axis=1)) - partition)


def main(out: Path = Path("."), size: int = 4, hidden: int = 16, epochs: int = 8000) -> float:
    """Learn, print the likelihood and its bound, and draw its course and some of the weights."""
    images, random = bars_and_stripes(size), np.random.default_rng(2)
    _, times = np.unique(images, axis=0, return_counts=True)
    entropy = -float(np.sum(times / len(images) * np.log(times / len(images))))
    net = harmonium(size**2, hidden, rate=0.05, batch_size=16)
    curve = [log_likelihood(net, images)]
    for _ in range(40):
        net.run(np.concatenate([random.permutation(images) for _ in range(epochs // 40)]))
        curve.append(log_likelihood(net, images))
    print(
        f"mean log-likelihood {curve[0]:.3f} before, at most {max(curve):.3f} while learning, {curve[-1]:.3f} in the end"
    )
    print(f"bound {-entropy:.3f}; all images equally likely: {-(size**2) * np.log(2):.3f}")
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    left, right = figure.subfigures(1, 2)
    left.suptitle("Weights of each unit; red: positive, blue: negative", fontsize=10)
    for ax, row in zip(left.subplots(4, 4).ravel(), net["W.w"]):
        ax.imshow(row.reshape(size, size), cmap="RdBu_r", vmin=-5, vmax=5)
        ax.set(xticks=[], yticks=[])
    ax = right.subplots()
    ax.plot(np.linspace(0, epochs, len(curve)), curve, label="circuit")
    ax.axhline(-entropy, c="k", ls="--", label="bound")
    ax.set(xlabel="epoch", ylabel="mean log-likelihood (nats)")
    ax.legend()
    figure.savefig(out / "harmonium.png")
    assert curve[0] < curve[-1] < max(curve) <= -entropy
    return curve[-1]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)

"""Principal components: one unit learns the first (Oja 1982), and several learn them in order (Sanger 1989).

Oja, E. (1982). A simplified neuron model as a principal component analyzer. J. Math. Biol. 15, 267-273.
Sanger, T. D. (1989). Optimal unsupervised learning in a single-layer linear feedforward neural network. Neural Networks 2,
459-473.

    y = W x        Oja:  dw = rate y (x - y w)        Sanger:  dw_k = rate y_k (x - sum over j <= k of y_j w_j)

Sanger's sum reads the weights of other units, which no synapse can know. Here it is computed by units: the residual units
e_k = e_(k-1) - y_k w_k hold what the components up to k leave of the input, and the rule is the product y_k e_k. The synapses
y_k -> e_k learn by the same product, and so they stay equal to w_k if they begin as w_k.

What is shown: on the digits that ship with scikit-learn the weights become the eigenvectors of the covariance, of length 1.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure
from numpy.typing import NDArray

import recircuit as rc

OJA = rc.Rule("oja", source="Oja 1982", forward="dw = rate*x_post*(x_pre - x_post*w)", parameters=dict(rate=0.05))
SANGER = rc.Rule(
    "sanger",
    source="Sanger 1989",
    forward="dw = rate*x_post*x_pre",
    feedback="dw = rate*x_pre*x_post",
    parameters=dict(rate=0.05),
)
LINEAR = rc.Neuron("basal : 1 (compartment)\nrate = basal : 1 (during feedforward)")
RESIDUAL = rc.Neuron("""
    input     : 1 (compartment)
    remains   : 1 (compartment)
    explained : 1 (compartment)
    whole = input               : 1
    rate  = remains - explained : 1
""")


def begin(units: int, inputs: int, seed: int) -> NDArray[np.float64]:
    """Return small random weights."""
    return np.random.default_rng(seed).normal(0, 0.1, (units, inputs))


def oja(inputs: int, rule: rc.Rule = OJA, batch_size: int = 10, seed: int = 0) -> rc.Circuit:
    """Return a circuit with one linear unit."""
    net = rc.Circuit(batch_size=batch_size, seed=seed)
    y = net.population("y", 1, LINEAR)
    net.connect(net.stimulus("x", inputs), y, rule=rule, weights=begin(1, inputs, seed))
    net.phases("feedforward", 1 * ms, "plasticity", 1 * ms)
    return net


def sanger(inputs: int, components: int, rule: rc.Rule = SANGER, batch_size: int = 10, seed: int = 0) -> rc.Circuit:
    """Return a circuit of linear units y1, y2, ..., each of which has units for what is left of the input."""
    net = rc.Circuit(batch_size=batch_size, seed=seed)
    x = net.stimulus("x", inputs)
    one, always, left = rc.OneToOne(), "feedforward", x
    for k, w in enumerate(begin(components, inputs, seed), 1):
        y, e = net.population(f"y{k}", 1, LINEAR), net.population(f"e{k}", inputs, RESIDUAL)
        net.connect(x, e, into="input", weights=1.0, connectivity=one, during=always)
        net.connect(left, e, name=f"left{k}", into="remains", weights=1.0, connectivity=one, during=always)
        net.connect(e, y, name=f"w{k}", sends="whole", rule=rule.forward, weights=w[None], during=always)
        net.connect(y, e, name=f"r{k}", into="explained", rule=rule.feedback, weights=w[:, None], during=always)
        left = e
    net.phases("feedforward", (3 + components) * ms, "plasticity", 1 * ms)
    return net


def digits() -> NDArray[np.float64]:
    """Return the training digits, with values from 0 to 1, less their mean."""
    images = np.asarray(rc.load("digits").x_train, float).reshape(-1, 64) / 16
    return images - images.mean(axis=0)


def main(out: Path = Path("."), components: int = 4, epochs: int = 60) -> NDArray[np.float64]:
    """Train both, print the cosine of each weight vector with its eigenvector, and draw the weights."""
    x = digits()
    _, vectors = np.linalg.eigh(x.T @ x / len(x))
    principal = vectors[:, ::-1].T[:components]
    random = np.random.default_rng(0)
    one = oja(64, OJA.with_rate_decay(1e-3))
    several = sanger(64, components, SANGER.with_rate_decay(1e-3))
    for _ in range(epochs):
        shown = random.permutation(x)[: len(x) // 10 * 10]
        one.run(shown)
        several.run(shown)
    found = np.vstack([one["x_to_y.w"], *(several[f"w{k}.w"] for k in range(1, components + 1))])
    wanted = np.vstack([principal[:1], principal])
    length = np.linalg.norm(found, axis=1)
    cosine = np.abs((found * wanted).sum(axis=1)) / length
    names = ["Oja", *(f"Sanger {k}" for k in range(1, components + 1))]
    for name, c, n in zip(names, cosine, length):
        print(f"{name:9} cosine with the eigenvector {c:.4f} (source: 1), length {n:.4f} (source: 1)")
    draw(names, found * np.sign((found * wanted).sum(axis=1))[:, None], wanted, cosine).savefig(out / "oja_sanger.png")
    assert cosine.min() > 0.99 and np.abs(length - 1).max() < 0.02
    return cosine


def draw(names: list[str], found: NDArray, wanted: NDArray, cosine: NDArray) -> Figure:
    """Draw the weights above, and the eigenvectors below."""
    figure = Figure(figsize=(2 * len(names), 4.4), layout="constrained")
    for k, axes in enumerate(np.transpose(figure.subplots(2, len(names)))):
        for ax, image, title in zip(
            axes, (found[k], wanted[k]), (f"{names[k]}\ncosine {cosine[k]:.3f}", "eigenvector")
        ):
            ax.imshow(image.reshape(8, 8), cmap="RdBu_r", vmin=-0.4, vmax=0.4)
            ax.set(title=title, xticks=[], yticks=[])
    return figure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)

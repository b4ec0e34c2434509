"""Competing hidden units: they learn features of images without labels (Krotov and Hopfield 2019).

Krotov, D. and Hopfield, J. J. (2019). Unsupervised learning by competing hidden units. PNAS 116, 7723-7731.

    y = W x,   g = 1 for the unit with the largest y, -delta for the one that comes after it, 0 for all others
    dw_ij = rate g_i (x_j - y_i w_ij)                                     (p = 2; the rank of the second is k = 2)

The largest and the next come from units of their own, each with one window over all hidden units. They send 1 back, through the
transposes of these windows, which reach the winner alone.

What is shown: on the digits of scikit-learn, a linear readout of max(0, y)^n, with n = 4.5 as in the source, classifies better
than one of as many random units. (The source has MNIST, with 2,000 units: 1.46% test error.) The weights of a unit that only
wins come to a length of 1, as the source derives; coming second makes longer weights longer.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.linear_model import RidgeClassifier

import recircuit as rc

COMPETE = rc.Rule(
    "competing",
    source="Krotov and Hopfield 2019",
    forward="dw = rate*(won_post - delta*next_post)*(x_pre - w*incoming(w*x_pre))",
    parameters=dict(rate=0.2, delta=0.2),
)
HIDDEN = rc.Neuron("""
    basal : 1 (compartment)
    won   : 1 (compartment)
    next  : 1 (compartment)
    rate  = basal          : 1
    rest  = basal - 1e6*won : 1
""")
LARGEST = rc.Neuron("basal : 1 (compartment)\nrate = 1.0 : 1")


def competing(inputs: int, units: int, rule: rc.Rule = COMPETE, batch_size: int = 1, seed: int = 0) -> rc.Circuit:
    """Return a circuit of hidden units, with two units that tell the first and the second of them that they are so."""
    net, random = rc.Circuit(batch_size=batch_size, seed=seed), np.random.default_rng(seed)
    x, h = net.stimulus("x", inputs), net.population("h", units, HIDDEN)
    net.connect(x, h, rule=rule, weights=random.normal(0, 1, (units, inputs)))
    for name, sends, into in (("first", "rate", "won"), ("second_best", "rest", "next")):
        best = net.population(name, 1, LARGEST)
        up = net.connect(h, best, sends=sends, connectivity=rc.MaxPool.of_all(units))
        net.connect(best, h, into=into, weights=up.T)
    net.phases("compete", 3 * ms, "plasticity", 1 * ms)
    return net


def test_error(features: NDArray, data: rc.Dataset, power: float = 4.5) -> float:
    """Return the test error of a linear readout of units with these weights."""
    made = [
        np.maximum(0, x.reshape(len(x), -1) @ features.T) ** power for x in (scaled(data.x_train), scaled(data.x_test))
    ]
    scale = made[0].mean(axis=0) + 1e-12
    readout = RidgeClassifier().fit(made[0] / scale, data.y_train)
    return float(np.mean(readout.predict(made[1] / scale) != data.y_test))


def scaled(x: NDArray) -> NDArray[np.float64]:
    """Return the images, scaled to length 1."""
    rows = np.asarray(x, float).reshape(len(x), -1)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def main(out: Path = Path("."), units: int = 100, epochs: int = 20) -> dict[str, float]:
    """Learn features of digits, print the lengths of weights and test errors, and draw some features."""
    data = rc.load("digits")
    shown, random = scaled(data.x_train), np.random.default_rng(1)
    net = competing(64, units, batch_size=10)
    drawn = scaled(net["x_to_h.w"])
    for epoch in range(epochs):
        net["x_to_h.rate"] = float(COMPETE.parameters["rate"]) * (1 - epoch / epochs)
        net.run(shown[random.permutation(len(shown))])
    features = net["x_to_h.w"]
    winners = (shown @ features.T).argmax(axis=1)
    used, length = np.unique(winners), np.linalg.norm(features, axis=1)
    share = float(np.mean(np.abs(length[winners] - 1) < 0.05))
    found = {"learned": test_error(features, data), "random": test_error(drawn, data)}
    print(
        f"{len(used)} of {units} units win some images; the winner of {share:.1%} of the images has weights of length ",
        end="",
    )
    print("0.95 to 1.05 (theory: 1)")
    print(f"test error of a linear readout: {found['learned']:.1%}, of random units {found['random']:.1%}")
    figure = Figure(figsize=(6, 3.4), layout="constrained")
    figure.suptitle("Weights of 24 units; red: positive, blue: negative", fontsize=10)
    for k, ax in enumerate(figure.subplots(3, 8).flat):
        weights, most = features[used[k]].reshape(8, 8), np.abs(features[used[k]]).max()
        ax.imshow(weights, cmap="RdBu_r", vmin=-most, vmax=most)
        ax.set(xticks=[], yticks=[])
    figure.savefig(out / "competing_hidden_units.png")
    assert found["learned"] < min(0.05, found["random"])
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)

"""APEX: principal components in order, by units that each inhibit those after them (Kung and Diamantaras 1990).

Kung, S. Y. and Diamantaras, K. I. (1990). A neural network learning algorithm for adaptive principal component extraction
(APEX). ICASSP, 861-864. Diamantaras, K. I. and Kung, S. Y. (1996). Principal Component Neural Networks. Wiley.

    y_j = w_j x - sum over k < j of c_jk y_k
    dw_j  = rate y_j (x - y_j w_j)             Oja's rule: it keeps the weights of length 1
    dc_jk = rate y_j (y_k - y_j c_jk)          anti-Hebbian: the output is inhibited by what it has in common with y_k

All synapses learn by the same rule; those between the units have the other sign. In `oja_sanger.py` units for residuals do
what the lateral synapses do here. y_j is complete after j steps.

What is shown: on the digits that ship with scikit-learn w_j becomes the j-th eigenvector of the covariance, and the lateral
weights vanish, as the source proves (cosine 1, length 1, c = 0).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure
from numpy.typing import NDArray

import recircuit as rc

APEX = rc.Rule(
    "apex",
    source="Kung and Diamantaras 1990",
    forward="dw = rate*x_post*(x_pre - x_post*w)",
    parameters=dict(rate=0.05),
)
UNIT = rc.Neuron("""
    input     : 1 (compartment)
    inhibited : 1 (compartment)
    rate = input - inhibited : 1 (during feedforward)
""")


def apex(inputs: int, units: int, rule: rc.Rule = APEX, batch_size: int = 10, seed: int = 0) -> rc.Circuit:
    """Return a circuit of linear units in a row, with synapses from each to those after it."""
    net, random = rc.Circuit(batch_size=batch_size, seed=seed), np.random.default_rng(seed)
    x, y = net.stimulus("x", inputs), net.population("y", units, UNIT)
    net.connect(x, y, into="input", rule=rule, weights=random.normal(0, 0.1, (units, inputs)))
    after = np.tri(units, k=-1, dtype=bool)
    net.connect(y, y, into="inhibited", rule=rule, weights=0.0, connectivity=after)
    net.phases("feedforward", (units + 1) * ms, "plasticity", 1 * ms)
    return net


def digits() -> NDArray[np.float64]:
    """Return the training digits, with values from 0 to 1, less their mean."""
    images = np.asarray(rc.load("digits").x_train, float).reshape(-1, 64) / 16
    return images - images.mean(axis=0)


def main(out: Path = Path("."), units: int = 4, epochs: int = 80) -> NDArray[np.float64]:
    """Learn, print the cosines with the eigenvectors, and draw weights and lateral weights."""
    x, random = digits(), np.random.default_rng(0)
    principal = np.linalg.eigh(x.T @ x / len(x))[1][:, ::-1].T[:units]
    net = apex(64, units, APEX.with_rate_decay(1e-3))
    lateral = []
    for _ in range(epochs):
        net.run(random.permutation(x)[: len(x) // 10 * 10])
        lateral.append(np.abs(net["y_to_y.w"]).max())
    w = net["x_to_y.w"]
    length = np.linalg.norm(w, axis=1)
    signed = (w * principal).sum(axis=1) / length
    for k in range(units):
        print(
            f"unit {k + 1}: cosine with the eigenvector {abs(signed[k]):.4f} (source: 1), length {length[k]:.4f} (source: 1)"
        )
    print(f"largest lateral weight {lateral[-1]:.4f}, {max(lateral):.3f} on the way (source: 0)")
    draw(w * np.sign(signed)[:, None], principal, lateral).savefig(out / "apex.png")
    assert np.abs(signed).min() > 0.99 and np.abs(length - 1).max() < 0.02 and lateral[-1] < 0.1
    return np.abs(signed)


def draw(found: NDArray, wanted: NDArray, lateral: list[float]) -> Figure:
    """Draw the weights above, the eigenvectors below, and the lateral weights over time."""
    figure = Figure(figsize=(9, 3.8), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(2, 1))
    for axes, images, name in zip(left.subplots(2, len(found)), (found, wanted), ("unit", "eigenvector")):
        for k, (ax, image) in enumerate(zip(axes, images), 1):
            ax.imshow(image.reshape(8, 8), cmap="RdBu_r", vmin=-0.4, vmax=0.4)
            ax.set(title=f"{name} {k}", xticks=[], yticks=[])
    ax = right.subplots()
    ax.semilogy(np.arange(1, len(lateral) + 1), lateral)
    ax.set(xlabel="epoch", ylabel="largest lateral weight")
    return figure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)

"""Non-negative matrix factorisation: multiplicative updates take images apart into parts (Lee and Seung 1999).

Lee, D. D. and Seung, H. S. (1999). Learning the parts of objects by non-negative matrix factorization. Nature 401, 788-791.

    V_i = about sum over a of W_ia H_a                       an image V, parts W, and how much of each part, H
    H_a  <- H_a sum over i of W_ia V_i/(WH)_i
    W_ia <- W_ia sum over images of V_i/(WH)_i H_a,   W_ia <- W_ia/(sum over j of W_ja)

The units of the image divide what is shown by what the parts make of it, and send the ratio. There are synapses in both
directions, with weights of their own that begin equal and stay so: the part's sum over its synapses is `incoming(w)` for those
that it receives from the image, and `outgoing(w)` for those by which it makes the image. Every image has a batch element, so
that a presentation of all of them is one iteration of the algorithm.

What is shown: images of 6 x 6 are sums of twelve bars, each with a random brightness. The divergence of V from WH falls in
every iteration, as the source proves, and the parts become the bars.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure
from numpy.typing import NDArray

import recircuit as rc

PARTS = rc.Rule(
    "parts",
    source="Lee and Seung 1999",
    forward="""
    g = x_post*x_pre
    w = w*g
    w = w/incoming(w)
    """,
    feedback="""
    g = x_post*x_pre
    w = w*g
    w = w/outgoing(w)
    """,
)
IMAGE = rc.Neuron("""
    shown : 1
    made  : 1 (compartment)
    rate  = shown/(made + 1e-12) : 1 (during infer and compare)
""")
PART = rc.Neuron("""
    ratio : 1 (compartment)
    turn  = 1 - turn                 : 1 (during infer)
    rate  = rate*(1 + turn*(ratio - 1)) : 1 (during infer)
""")


def factors(images: int, pixels: int, parts: int, seed: int = 0) -> rc.Circuit:
    """Return a circuit of an image and its parts, which change in every second step by the ratio after their last change."""
    net, random = rc.Circuit(batch_size=images, seed=seed), np.random.default_rng(seed)
    x = net.stimulus("x", pixels, IMAGE, clamps="shown")
    h = net.population("h", parts, PART, initial={"rate": random.uniform(0.5, 1.5, (images, parts))})
    weights = random.uniform(0.5, 1.5, (pixels, parts))
    weights /= weights.sum(axis=0)
    net.connect(x, h, into="ratio", rule=PARTS.forward, weights=weights.T.copy())
    net.connect(h, x, into="made", sends="rate", rule=PARTS.feedback, weights=weights)
    net.phases("infer", 2 * ms, "compare", 1 * ms, "plasticity", 1 * ms)
    return net


def bars(images: int, side: int, seed: int = 1) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return images, and the bars of which they are sums: each is there with probability 1/5, with a random brightness."""
    random, rows = np.random.default_rng(seed), np.eye(side)
    each = np.array([np.outer(*pair).ravel() for row in rows for pair in ((row, np.ones(side)), (np.ones(side), row))])
    bright = random.uniform(0.5, 1.5, (images, 2 * side)) * (random.random((images, 2 * side)) < 0.2)
    return bright @ each + 1e-3, each


def divergence(net: rc.Circuit, shown: NDArray) -> float:
    """Return how far the images are from what the parts make, on average over pixels."""
    made = net["h.rate"] @ net["h_to_x.w"].T
    return float(np.mean(shown * np.log(shown / made) - shown + made))


def main(out: Path = Path("."), images: int = 300, side: int = 6, iterations: int = 200) -> float:
    """Take the images apart, print how alike parts and bars are, and draw the parts and the divergence."""
    shown, each = bars(images, side)
    net, curve = factors(images, side**2, 2 * side), []
    for _ in range(iterations):
        net.run(shown)
        curve.append(divergence(net, shown))
    parts = net["h_to_x.w"].T
    cosines = (parts / np.linalg.norm(parts, axis=1, keepdims=True)) @ (
        each / np.linalg.norm(each, axis=1, keepdims=True)
    ).T
    found = float(cosines.max(axis=0).min())
    rises = int(np.sum(np.diff(curve) > 1e-12))
    print(f"divergence {curve[0]:.4f} after one iteration, {curve[-1]:.6f} after {iterations}; it rose {rises} times")
    print(f"cosine of each bar with the part that is most alike: at least {found:.4f}")
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    tiles = np.pad(parts.reshape(-1, side, side), ((0, 0), (1, 1), (1, 1)), constant_values=parts.max() / 2)
    left.imshow(np.block([[*tiles[k : k + 4]] for k in range(0, 2 * side, 4)]), cmap="gray")
    left.set(title="Parts", xticks=[], yticks=[])
    right.semilogy(curve)
    right.set(xlabel="iteration", ylabel="divergence of V from WH")
    figure.savefig(out / "non_negative_factors.png")
    assert rises == 0 and found > 0.98, (rises, found)
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)

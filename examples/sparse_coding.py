"""Sparse coding: inference by thresholds (ISTA) finds the causes of the input (Olshausen and Field 1996).

Olshausen, B. A. and Field, D. J. (1996). Emergence of simple-cell receptive field properties by learning a sparse code for
natural images. Nature 381, 607-609. Daubechies, I., Defrise, M. and De Mol, C. (2004). An iterative thresholding algorithm
for linear inverse problems with a sparsity constraint. Comm. Pure Appl. Math. 57, 1413-1457.

    e = x - Phi a                                           error units: the input less what explains it
    a := shrink(a + step Phi^T e, step lambda)              shrink(u, l) = u - clip(u, -l, l): it minimises
                                                            |x - Phi a|^2/2 + lambda sum |a|
    dPhi = rate (e - Phi_k Phi_k . e) a_k in each column k  the gradient, without its part along the column, so that a
                                                            column that begins with length 1 keeps it

Phi stands in two sets of synapses, from the causes to the errors and back. Both make the same changes from what their two
units know, and begin equal, so they stay transposes of each other. Phi_k . e is the input of cause k.

What is shown: images that are sums of a few out of many oriented edges (Gabor functions). The columns of Phi come to be these
edges, as in the source's control, in which the method found the known causes of artificial data. The bound is a cosine of 1
between each edge and its column. Some edges are much alike (cosines up to 0.91), which has two consequences that were measured
in NumPy too: thresholds need 200 steps to tell them apart (with 50, 89% of the edges are found), and the length of
columns is held, while the source adapts it until each a has the same variance (81% with 200 steps, 72% with 50).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure
from numpy.typing import NDArray

import recircuit as rc

SPARSE = rc.Rule(
    "sparse-coding",
    source="Olshausen and Field 1996",
    forward="dw = rate*x_post*(error_pre - drive_post*w)",
    feedback="dw = rate*x_pre*(error_post - drive_pre*w)",
    parameters=dict(rate=2.0),
)
CAUSE = rc.Neuron(
    """
    drive : 1 (compartment)
    u     = rate + step*drive                           : 1
    rate  = u - clip(u, -step*sparsity, step*sparsity)  : 1 (during infer)
    """,
    step=0.1,
    sparsity=0.1,
)


def network(
    inputs: int, causes: int, rule: rc.Rule = SPARSE, settling: int = 200, batch_size: int = 50, seed: int = 0
) -> rc.Circuit:
    """Return a circuit of inputs, their errors, and causes that explain them."""
    net = rc.Circuit(batch_size=batch_size, seed=seed)
    x, a = net.stimulus("x", inputs), net.population("a", causes, CAUSE)
    e = net.population("e", inputs, rc.ErrorUnits(x, during="infer"))
    phi = np.random.default_rng(seed).normal(size=(inputs, causes))
    phi /= np.linalg.norm(phi, axis=0)
    net.connect(e, a, name="up", into="drive", sends="rate", rule=rule.forward, weights=phi.T.copy(), during="infer")
    net.connect(a, e, name="phi", rule=rule.feedback, weights=phi, during="infer")
    net.phases("infer", settling * ms, "plasticity", 1 * ms)
    return net


def edges(size: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Return Gabor functions of length 1 at each place, with random orientations and phases, one in each column."""
    at = np.arange(size)
    columns = []
    for row in at:
        for column in at:
            angle, phase = random.uniform(0, np.pi), random.uniform(0, 2 * np.pi)
            v, u = np.meshgrid(at - row, at - column, indexing="ij")
            along = np.cos(angle) * u + np.sin(angle) * v
            across = np.cos(angle) * v - np.sin(angle) * u
            columns.append(np.exp(-(along**2 + across**2 / 3) / 2) * np.cos(1.8 * along + phase))
    found = np.array(columns).reshape(size**2, -1).T
    return found / np.linalg.norm(found, axis=0)


def images(causes: NDArray, count: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Return sums of causes, of which each is there with probability 0.06, with a Laplacian strength."""
    strength = random.laplace(size=(count, causes.shape[1])) * (random.random((count, causes.shape[1])) < 0.06)
    return strength @ causes.T


def likeness(net: rc.Circuit, causes: NDArray) -> NDArray[np.float64]:
    """Return for each cause the largest cosine with a column of Phi, without its sign."""
    phi = net["phi.w"]
    return np.abs(causes.T @ (phi / np.linalg.norm(phi, axis=0))).max(axis=1)


def main(out: Path = Path("."), size: int = 6, count: int = 90_000) -> NDArray[np.float64]:
    """Learn, print how many causes were found, and draw causes and columns."""
    random = np.random.default_rng(1)
    causes = edges(size, random)
    net = network(size**2, size**2)
    curve = [likeness(net, causes).mean()]
    for _ in range(20):
        net.run(images(causes, count // 20, random))
        curve.append(likeness(net, causes).mean())
    found = likeness(net, causes)
    print(f"cosine of each cause with its column: mean {found.mean():.3f}, at random {curve[0]:.3f} (bound: 1)")
    print(f"causes with a cosine above 0.95: {np.mean(found > 0.95):.0%} (source: all of the known causes)")
    draw(net["phi.w"], causes, curve).savefig(out / "sparse_coding.png")
    assert (found > 0.95).all()
    return found


def draw(phi: NDArray, causes: NDArray, curve: list[float]) -> Figure:
    """Draw some causes above, the columns that are most like them below, and the mean cosine over time."""
    figure, size = Figure(figsize=(10, 3.2), layout="constrained"), round(len(phi) ** 0.5)
    left, right = figure.subfigures(1, 2, width_ratios=(2, 1))
    cosine = causes.T @ (phi / np.linalg.norm(phi, axis=0))
    best = np.abs(cosine).argmax(axis=1)
    for k, (above, below) in enumerate(left.subplots(2, 10).T):
        column = phi[:, best[3 * k]] * np.sign(cosine[3 * k, best[3 * k]])
        for ax, image in ((above, causes[:, 3 * k]), (below, column)):
            ax.imshow(image.reshape(size, size), cmap="gray")
            ax.set(xticks=[], yticks=[])
        if k == 0:
            above.set(ylabel="cause")
            below.set(ylabel="column")
    ax = right.subplots()
    ax.plot(curve)
    ax.set(xlabel="images / 4,500", ylabel="mean cosine", ylim=(0, 1))
    return figure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)

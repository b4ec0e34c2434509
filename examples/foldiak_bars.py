"""Anti-Hebbian learning: bars are found one by one by units that inhibit each other (Foldiak 1990).

Foldiak, P. (1990). Forming sparse representations by local anti-Hebbian learning. Biol. Cybern. 64, 165-170.

    dy*/dt = f(sum_j q_ij x_j + sum_j w_ij y*_j - t_i) - y*,   f(u) = 1/(1 + exp(-10 u)),   then y = 1 where y* > 1/2, else 0
    anti-Hebbian:  dw_ij = -alpha (y_i y_j - p^2), and w_ij <= 0        between units, without w_ii
    Hebbian:       dq_ij = beta y_i (x_j - q_ij)
    threshold:     dt_i  = gamma (y_i - p)

Inputs are 8 x 8 images, in which each of the 16 bars is drawn with probability p = 1/8; where two cross, the image is not
brighter. As in the paper there are 16 units, and the thresholds are first adjusted alone.

What is shown: each unit becomes the detector of one bar. The source reports that after about 1,200 patterns the units have
found the bars (we did not verify this number in its text). Here it is counted of how many of the 16 bars there is a unit that
answers to them, and in how many images all the units represent the bars without an error.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure
from numpy.typing import NDArray

import recircuit as rc

P = 1 / 8
HEBB = rc.Rule("foldiak-q", source="Foldiak 1990", forward="dw = beta*y_post*(x_pre - w)", parameters=dict(beta=0.02))
ANTI = rc.Rule(
    "foldiak-w",
    source="Foldiak 1990",
    forward="dw = -alpha*(y_post*y_pre - p**2)",
    parameters=dict(alpha=0.1, p=P),
).with_weight_limit(None, 0)
UNIT = rc.Neuron(
    """
    input     : 1 (compartment)
    lateral   : 1 (compartment)
    rate      = in_settle*(rate + step*(1/(1 + exp(-slope*(input + lateral - threshold))) - rate)) : 1 (during begin and settle)
    y         = int(rate > 0.5)             : 1 (after settle)
    threshold = threshold + gamma*(y - p)   : 1 (shared, during adapt)
    """,
    slope=10.0,
    step=0.1,
    gamma=0.02,
    p=P,
)


def network(inputs: int = 64, units: int = 16, alpha: float = 0.1, beta: float = 0.02, seed: int = 0) -> rc.Circuit:
    """Return a circuit of units with the same inputs, and inhibition between each two of them."""
    net, random = rc.Circuit(seed=seed), np.random.default_rng(seed)
    x, h = net.stimulus("x", inputs), net.population("h", units, UNIT, initial={"threshold": 0.7})
    q = random.uniform(size=(units, inputs))
    net.connect(
        x, h, into="input", rule=HEBB.with_parameters(beta=beta), weights=q / np.linalg.norm(q, axis=1, keepdims=True)
    )
    anti = ANTI.with_parameters(alpha=alpha)
    net.connect(h, h, into="lateral", rule=anti, weights=0.0, autapses=False, during="settle", closed="zero")
    net.phases("begin", 1 * ms, "settle", 60 * ms, "plasticity", 1 * ms, "adapt", 1 * ms)
    return net


def bars(count: int, size: int, random: np.random.Generator) -> tuple[NDArray, NDArray]:
    """Return images, and which bars are in them: the rows first, then the columns."""
    drawn = random.random((count, 2 * size)) < P
    images = drawn[:, :size, None] | drawn[:, None, size:]
    return images.reshape(count, -1).astype(float), drawn.astype(float)


def main(out: Path = Path("."), count: int = 4000, size: int = 8) -> int:
    """Adjust the thresholds, learn, count the bars that have been found, and draw the weights."""
    random = np.random.default_rng(1)
    net = network(alpha=0.0, beta=0.0)
    net["h.gamma"] = 0.1
    net.run(bars(100, size, random)[0])
    threshold = net["h.threshold"].copy()
    net = network()
    net["h.threshold"] = threshold
    found = []
    for _ in range(count // 200):
        net.run(bars(200, size, random)[0])
        found.append(detected(net["x_to_h.w"], size))
    images, drawn = bars(500, size, random)
    answers = net.run(images, learn=False, record=["h.y"])["h.y"].reshape(500, -1, 16)[:, -1]
    hits = answers.T @ drawn / drawn.sum(axis=0)
    right = np.mean(np.all(answers == drawn[:, hits.argmax(axis=1)], axis=1))
    print(f"bars with a unit of their own: {found[-1]} of {2 * size} after {count} images (source: all)")
    print(f"images in which every unit is right about its bar: {right:.1%}")
    draw(net["x_to_h.w"], found, size).savefig(out / "foldiak_bars.png")
    assert found[-1] >= 2 * size - 2
    return found[-1]


def detected(q: NDArray, size: int) -> int:
    """Return how many bars have a unit whose weights are more like this bar than like any other."""
    rows, columns = np.eye(size)[:, :, None] * np.ones(size), np.eye(size)[:, None, :] * np.ones((size, 1))
    templates = np.concatenate([rows, columns]).reshape(2 * size, -1)
    likeness = (q - q.mean(axis=1, keepdims=True)) @ templates.T
    likeness /= np.linalg.norm(q - q.mean(axis=1, keepdims=True), axis=1, keepdims=True) * np.linalg.norm(templates[0])
    return len({int(row.argmax()) for row in likeness if row.max() > 0.7})


def draw(q: NDArray, found: list[int], size: int) -> Figure:
    """Draw the weights of all units, and the number of bars found over time."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    left, right = figure.subfigures(1, 2)
    left.suptitle("Weights of each unit; white: large", fontsize=10)
    for ax, row in zip(left.subplots(4, 4).ravel(), q):
        ax.imshow(row.reshape(size, size), cmap="gray")
        ax.set(xticks=[], yticks=[])
    ax = right.subplots()
    ax.plot(200 * np.arange(1, len(found) + 1), found)
    ax.axhline(2 * size, ls="--", c="k")
    ax.set(xlabel="images", ylabel="bars with a unit of their own")
    return figure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)

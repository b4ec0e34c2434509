"""Self-organising map: units beside each other come to stand for stimuli that are alike (Kohonen 1982).

Kohonen, T. (1982). Self-organized formation of topologically correct feature maps. Biol. Cybern. 43, 59-69.

    answer  a_i = w_i x,  and the winner is the unit with the largest answer          (inputs and weights of length 1)
    hood    g_i = exp(-|place of i - place of the winner|^2/(2 radius^2)),  the radius shrinks
    dw_i = rate g_i (x - w_i),  and w_i is brought back to length 1

In the circuit a unit for the total of exp(sharpness a) divides all units, so that the winner's activity is close to 1 and
that of all others to 0; where several answers are nearly equal, they share. The hood is brought by lateral synapses that do
not learn; their weights are set again as the radius shrinks.

What is shown: units on a grid of 8 x 8 and points on a part of a sphere. In the end the map is ordered: for almost every
point the two units with the largest answers are neighbours on the grid. Two units drawn at random are neighbours in 10.4% of
the cases. The source shows how such maps unfold, and gives no number.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure
from numpy.typing import NDArray

import recircuit as rc

MAP = rc.Rule(
    "self-organising-map",
    source="Kohonen 1982",
    forward="""
        dw = rate*hood_post*(x_pre - w)
        w = w/sqrt(incoming(w**2))
    """,
    parameters=dict(rate=0.2),
)
UNIT = rc.Neuron(
    """
    basal : 1 (compartment)
    hood  : 1 (compartment)
    whole : 1 (broadcast)
    expressed = exp(sharpness*(basal - 1)) : 1
    rate      = expressed/whole            : 1 (during compete)
    """,
    sharpness=500.0,
)


def network(inputs: int, side: int, batch_size: int = 1, seed: int = 0) -> rc.Circuit:
    """Return a circuit of units on a grid with the same inputs, and of a unit that divides their answers."""
    net, random, units = rc.Circuit(batch_size=batch_size, seed=seed), np.random.default_rng(seed), side**2
    x, h = net.stimulus("x", inputs), net.population("h", units, UNIT)
    net.population("total", 1, rc.SummingUnit(h, sends="expressed", told_as="whole", during="sum"))
    weights = random.normal(size=(units, inputs)) * 0.1 + 1
    net.connect(x, h, rule=MAP, weights=weights / np.linalg.norm(weights, axis=1, keepdims=True), during="answer")
    net.connect(h, h, name="hood", into="hood", weights=neighbourhood(side, side / 2), during="spread")
    net.phases("answer", 1 * ms, "sum", 1 * ms, "compete", 1 * ms, "spread", 1 * ms, "plasticity", 1 * ms)
    return net


def neighbourhood(side: int, radius: float) -> NDArray[np.float64]:
    """Return how much each unit takes part when another wins, shape (units, units)."""
    place = np.indices((side, side)).reshape(2, -1).T
    return np.exp(-((place[:, None] - place) ** 2).sum(axis=2) / (2 * radius**2))


def points(count: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Return points on a sphere, in a cap around (1, 1, 1)."""
    found = random.normal(size=(8 * count, 3))
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return found[found.sum(axis=1) > 1.4][:count]


def order(w: NDArray, shown: NDArray, side: int) -> tuple[float, float]:
    """Return how often the two best units are neighbours, and the mean angle of points and winners in degrees."""
    answers = shown @ w.T
    best = np.argsort(answers, axis=1)[:, -2:]
    apart = np.abs(np.array(np.unravel_index(best[:, 0], (side, side))) - np.unravel_index(best[:, 1], (side, side)))
    return float(np.mean(apart.max(axis=0) == 1)), float(
        np.degrees(np.arccos(np.minimum(answers.max(axis=1), 1))).mean()
    )


def main(out: Path = Path("."), side: int = 8, blocks: int = 60, length: int = 100) -> float:
    """Let the hood shrink while points are shown, print the order of the map, and draw it before and after."""
    random = np.random.default_rng(1)
    net, shown = network(3, side), points(1000, random)
    before, start = net["x_to_h.w"].copy(), order(net["x_to_h.w"], shown, side)
    for radius in np.geomspace(side / 2, 0.6, blocks):
        net["hood.w"] = neighbourhood(side, radius)
        net.run(points(length, random))
    ordered, angle = order(net["x_to_h.w"], shown, side)
    print(f"the two best units are neighbours for {ordered:.1%} of the points, before learning for {start[0]:.1%}")
    print(f"mean angle of a point and its winner {angle:.2f} degrees, before learning {start[1]:.2f}")
    figure = Figure(figsize=(8, 3.8), layout="constrained")
    for ax, w, title in zip(figure.subplots(1, 2), (before, net["x_to_h.w"]), ("before", "after")):
        grid = w.reshape(side, side, 3)
        ax.scatter(*shown[:, :2].T, s=2, c="0.8")
        ax.plot(*grid.transpose(2, 0, 1)[:2], "C0")
        ax.plot(*grid.transpose(2, 1, 0)[:2], "C0")
        ax.set(title=title, aspect="equal", xlabel="first input", ylabel="second input")
    figure.savefig(out / "self_organising_map.png")
    assert ordered > 0.9 and start[0] < 0.2
    return ordered


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)

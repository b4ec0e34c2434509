"""BCM: a threshold that slides makes units selective (Bienenstock, Cooper and Munro 1982; Intrator and Cooper 1992).

Bienenstock, E. L., Cooper, L. N. and Munro, P. W. (1982). Theory for the development of neuron selectivity. J. Neurosci. 2,
32-48. Intrator, N. and Cooper, L. N. (1992). Objective function formulation of the BCM theory. Neural Networks 5, 3-17.

    y = w x        dw = rate y (y - theta) x        theta: the mean of y^2 over the recent past

What is shown: of K linearly independent patterns, all equally frequent, each unit comes to answer to one alone. The theory
says how strongly: a stable fixed point has y = K for one pattern and y = 0 for the K - 1 others, since then
theta = <y^2> = K = y. So the selectivity, 1 - (mean answer)/(largest answer), is 1 - 1/K. Patterns come in random order, and
theta follows chance: the longer its memory and the lower the rate, the closer the answers are to the theory.

The threshold is a variable of the unit: it is shared by the batch elements, which are the patterns that the unit sees.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import ms
from matplotlib.figure import Figure
from numpy.typing import NDArray

import recircuit as rc

BCM = rc.Rule(
    "bcm",
    source="Intrator and Cooper 1992",
    forward="dw = rate*x_post*(x_post - theta_post)*x_pre",
    parameters=dict(rate=0.002),
)
UNIT = rc.Neuron(
    """
    basal : 1 (compartment)
    rate  = basal                           : 1 (during feedforward)
    theta = theta + pace*(basal**2 - theta) : 1 (shared, during average)
    """,
    pace=0.01,
)


def bcm(inputs: int, units: int, rule: rc.Rule = BCM, batch_size: int = 5, seed: int = 0) -> rc.Circuit:
    """Return a circuit of units that see the same inputs, and do not see each other."""
    net = rc.Circuit(batch_size=batch_size, seed=seed)
    x, h = net.stimulus("x", inputs), net.population("h", units, UNIT)
    weights = np.random.default_rng(seed).uniform(0, 0.5, (units, inputs))
    net.connect(x, h, rule=rule, weights=weights, during="feedforward")
    net.phases("feedforward", 1 * ms, "average", 1 * ms, "plasticity", 1 * ms)
    return net


def patterns(count: int, inputs: int) -> NDArray[np.float64]:
    """Return bumps of activity around a ring, which overlap: they are linearly independent, but far from orthogonal."""
    places, centres = np.arange(inputs) / inputs, np.arange(count) / count
    return np.exp(3 * (np.cos(2 * np.pi * (places - centres[:, None])) - 1))


def main(out: Path = Path("."), count: int = 5, inputs: int = 20, units: int = 20) -> NDArray[np.float64]:
    """Let the units become selective, print how far they are from the theory, and draw their answers over time."""
    shown, random = patterns(count, inputs), np.random.default_rng(1)
    net = bcm(inputs, units, BCM.with_rate_decay(3e-4))
    answers = [net["x_to_h.w"] @ shown.T]
    for _ in range(300):
        net.run(shown[random.integers(count, size=1000)])
        answers.append(net["x_to_h.w"] @ shown.T)
    last = np.sort(answers[-1], axis=1)
    selectivity = 1 - last.mean(axis=1) / last[:, -1]
    print(
        f"largest answer {last[:, -1].mean():.3f}, from {last[:, -1].min():.3f} to {last[:, -1].max():.3f} (theory: {count})"
    )
    print(f"other answers at most {np.abs(last[:, :-1]).max():.3f} (theory: 0)")
    print(f"selectivity {selectivity.mean():.4f} (theory: {1 - 1 / count})")
    draw(np.array(answers), net["h.theta"]).savefig(out / "bcm.png")
    assert np.abs(last[:, -1] / count - 1).max() < 0.05 and np.abs(last[:, :-1]).max() < 0.05 * count
    return answers[-1]


def draw(answers: NDArray, theta: NDArray) -> Figure:
    """Draw one unit over time, and all units in the end, in the order of their preferred patterns."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(np.arange(len(answers)), answers[:, 0], label=[f"pattern {k}" for k in range(answers.shape[2])])
    left.axhline(theta[0], ls="--", c="k", label="threshold, at the end")
    left.set(xlabel="presentations / 1000", ylabel="answer y of unit 0", title="A unit becomes selective")
    left.legend(fontsize=8)
    last = answers[-1][np.argsort(answers[-1].argmax(axis=1), kind="stable")]
    image = right.imshow(last, aspect="auto", cmap="viridis")
    right.set(xlabel="pattern", ylabel="unit, sorted", title="Answers of all units", yticks=range(0, len(last), 5))
    figure.colorbar(image, ax=right, label="y")
    return figure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."), help="the folder of the figure")
    main(parser.parse_args().out)

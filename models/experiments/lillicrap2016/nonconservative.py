"""Lillicrap et al. 2016, Supplementary Note 16: what feedback alignment does to the weights is no function's gradient.

The network of Eq. 75-78 has one unit in each layer, and biases: h = Ax + c, y = Wh + b. What one presentation changes, over
the rate, is the field; a circuit for every weight displaced a little to either side gives its Jacobian at 100 random
points. It is not symmetric; that of backpropagation is. Eq. 79 misprints two entries of it: (1, 1) is -h^2, not h^2, and
(1, 4) is -Wh + e, not -W + e. (Eq. 73 and 74 have the weights in another order.)
"""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from ....plasticity import Rule, bp, frfb
from ...analysis.expected_learning import Flow
from ...networks.independent_networks import Networks, side_by_side
from ..framework.experiment import Experiment, Report, Settings, checks
from ..framework.figure_style import BLUE, GREY, letter, new_figure
from ..theory.averaged_equations import Array

POINTS, STEP = 100, 1e-4
NAMES = ("W2", "b2", "W1", "b1")  # W, b, A, c


def run(settings: Settings) -> Report:
    """Compute Jacobians with fixed feedback and with the transpose."""
    rng = settings.rng(5)
    theta, B = rng.uniform(-1.5, 1.5, (POINTS, 4)), rng.uniform(-1.5, 1.5, POINTS)
    x, y = rng.uniform(-1.5, 1.5, (2, POINTS))
    settings.show_progress("lillicrap-nonconservative: feedback alignment")
    found = jacobian(theta, B, x, y, frfb, settings.backend)
    settings.show_progress("lillicrap-nonconservative: backpropagation")
    control = jacobian(theta, B, x, y, bp, settings.backend)
    right, printed = (eq_79(theta, B, x, y, printed=p) for p in (False, True))
    entries = np.abs(found - printed).max(axis=0) > 1e-3
    rows = checks(
        f"{POINTS} random points: ",
        [
            (
                "largest distance of the Jacobian from Eq. 79 with (1, 1) = -h^2 and (1, 4) = -Wh + e",
                float(np.abs(found - right).max()),
                "<=",
                1e-6,
            ),
            ("entries in which Eq. 79 as printed is wrong", int(entries.sum()), "==", 2),
            (
                "entries in which Eq. 79 as printed is wrong, counted among (1, 1) and (1, 4)",
                int(entries[0, 0]) + int(entries[0, 3]),
                "==",
                2,
            ),
            (
                "asymmetry |J - J^T|/|J|, the least of the points",
                float(asymmetry(found).min()),
                ">",
                0.01,
                "not symmetric",
            ),
            (
                "backpropagation: asymmetry |J - J^T|/|J|, the largest of the points",
                float(asymmetry(control).max()),
                "<=",
                1e-6,
            ),
        ],
    )
    return Report(rows, _draw(found, right, control))


def jacobian(theta: Array, B: Array, x: Array, y: Array, rule: Rule, backend: str) -> Array:
    """Return d(field)/d(theta), (points, 4, 4), by central differences: two circuits for each weight, all beside each other."""
    moves = np.concatenate([STEP * np.eye(4), -STEP * np.eye(4)])
    at = (theta[:, None] + moves).reshape(-1, 4)
    B, x, y = (np.repeat(v, len(moves)) for v in (B, x, y))
    changed = field(at, B, x, y, rule, backend).reshape(len(theta), 2, 4, 4)
    return ((changed[:, 0] - changed[:, 1]) / (2 * STEP)).mT


def field(theta: Array, B: Array, x: Array, y: Array, rule: Rule, backend: str) -> Array:
    """Return what one presentation changes, over the rate: (n, 4), for W, b, A, c in theta (n, 4)."""
    W, b, A, c = theta.T
    networks = Networks([A[:, None, None], W[:, None, None]], [B[:, None, None]])
    net = side_by_side(networks, rule, batch_size=1, biases=True)
    flow = Flow(net, {"x": x[None], "target": y[None]}, backend)
    flow.start({"b1.w": c, "b2.w": b})
    rate = 2.0**-10
    trajectory = flow.run(rate, [0, rate])
    flow.close()
    return np.stack([np.diff(trajectory.weights[f"{name}.w"], axis=0)[0] / rate for name in NAMES], axis=1)


def eq_79(theta: Array, B: Array, x: Array, y: Array, *, printed: bool) -> Array:
    """Return the Jacobian by hand, (points, 4, 4), or as it is printed."""
    W, b, A, c = theta.T
    h = A * x + c
    e = y - W * h - b
    first = [h**2 if printed else -(h**2), -h, -W * x * h + e * x, (-W if printed else -W * h) + e]
    second = [-h, -np.ones_like(h), -W * x, -W]
    third, fourth = ([factor * v for v in second] for factor in (B * x, B))
    return np.array([first, second, third, fourth]).transpose(2, 0, 1)


def asymmetry(J: Array) -> Array:
    """Return |J - J^T|/|J|, point by point."""
    return np.linalg.norm(J - J.mT, axis=(1, 2)) / np.linalg.norm(J, axis=(1, 2))


def _draw(found: Array, right: Array, control: Array) -> Figure:
    figure = new_figure(5.8, 2.7)
    left, beside = figure.subplots(1, 2)
    left.axline((0, 0), slope=1, color="black", linewidth=0.5)
    left.plot(right.ravel(), found.ravel(), ".", color=BLUE, markersize=2)
    left.set(title="entries of the Jacobian", xlabel="Eq. 79, mended", ylabel="circuit")
    edges = np.geomspace(1e-12, 3, 40)
    for J, colour, name in ((found, BLUE, "feedback alignment"), (control, GREY, "backpropagation")):
        beside.hist(np.maximum(asymmetry(J), 2e-12), bins=edges, color=colour, label=name)
    beside.set(title="asymmetry at 100 points", xlabel=r"$|J - J^T|/|J|$", ylabel="points", xscale="log")
    beside.legend(loc="upper center")
    letter([left, beside])
    return figure


EXPERIMENT = Experiment(
    "lillicrap-nonconservative",
    "Lillicrap et al. 2016, Note 16",
    "The changes of weights by feedback alignment are no function's gradient.",
    run,
    seeds=0,
    quick_seeds=0,
    drawn="100 points",
)

"""Lillicrap et al. 2016, Supp. Fig. 14: where backpropagation has come to rest, feedback alignment does not stay.

A tanh network with biases learns a quadratic function of its inputs on a fixed set of stimuli, all shown at a time: first
with errors sent down by W^T, until it is near a local minimum whose error is not zero; then the same circuit with errors sent
down by B. Both pathways are there, each into a compartment of its own; a parameter of the hidden units, changed between two
runs, says which they listen to. Sizes are not given: here 10-12-5, 200 stimuli, y* = x^T Q_k x, scaled; rate .04.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from brian2.units import ms
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ....circuits import Neuron
from ...analysis.expected_learning import Flow
from ...networks.independent_networks import Networks, side_by_side
from ..framework.experiment import Experiment, Report, Settings, checks, many
from ..framework.figure_style import BLUE, GREY, ORANGE, letter, new_figure
from ..theory.averaged_equations import Array

SIZES, ROWS, RATE = (10, 12, 5), 200, 0.04

#: Listens to W^T e where ``random`` is 0, and to B e where it is 1.
HIDDEN = Neuron(
    """
    basal       : 1 (compartment)
    apical      : 1 (compartment)
    transported : 1 (compartment)
    drate/dt    = (tanh(basal) - rate)/tau : 1 (during feedforward)
    error       = (random*apical + (1 - random)*transported)*(1 - rate**2) : 1 (during feedback)
    """,
    tau=1 * ms,
    random=0.0,
)


def run(settings: Settings) -> Report:
    """Every seed."""
    first, second = (4_000, 3_000) if settings.quick else (40_000, 20_000)
    found = []
    for seed in settings.seeds:
        settings.tell(f"lillicrap-switch: seed {seed}")
        found.append(_switched(seed, first, second, settings.backend))
    return Report(_checks(found), _draw(found, first, second))


def _switched(seed: int, first: int, second: int, backend: str) -> tuple[Array, Array]:
    """NSE at every look while W^T sends the errors, and while B does: (looks,) each."""
    n_i, n_h, n_o = SIZES
    rng = np.random.default_rng(seed)
    x, Q = rng.standard_normal((ROWS, n_i)), rng.standard_normal((n_o, n_i, n_i))
    target = np.einsum("bi,kij,bj->bk", x, Q, x)
    target = (target - target.mean(axis=0)) / target.std(axis=0)
    A, W = rng.uniform(-1, 1, (1, n_h, n_i)) / np.sqrt(n_i), rng.uniform(-1, 1, (1, n_o, n_h)) / np.sqrt(n_h)
    B = rng.uniform(-0.5, 0.5, (1, n_h, n_o))
    net = side_by_side(Networks([A, W], [B]), batch_size=ROWS, hidden=HIDDEN, biases=True)
    net.connect(net["y"], net["h1"], into="transported", sends="error", weights=net["W2"].T, during="feedback")
    flow = Flow(net, {"x": x, "target": target}, backend)
    seen = []
    for random, presentations in ((0.0, first), (1.0, second)):
        net["h1.random"] = random
        course = flow.run(RATE, RATE * np.unique(np.round(looks(presentations))))
        seen.append(_nse(course.weights, x, target))
    flow.close()
    return seen[0], seen[1]


def looks(presentations: int) -> Array:
    """When the error is looked at: often at first."""
    return np.concatenate([np.arange(0.0, 200.0, 10.0), np.linspace(200, presentations, 120)])


def _nse(weights: Mapping[str, Array], x: Array, target: Array) -> Array:
    found = []
    for A, c, W, b in zip(*(weights[f"{name}.w"] for name in ("W1", "b1", "W2", "b2")), strict=True):
        y = np.tanh(x @ A.T + c) @ W.T + b
        found.append(np.sum((target - y) ** 2) / np.sum((target - target.mean(axis=0)) ** 2))
    return np.array(found)


def _checks(found: Sequence[tuple[Array, Array]]) -> list:
    stay = [float(bp[-1] / bp[-20]) for bp, _ in found]
    jump = [float(fa.max() / bp[-1]) for bp, fa in found]
    return checks(
        f"{many(found)}, ",
        [
            ("backpropagation at the end: NSE, the least", min(float(bp[-1]) for bp, _ in found), ">", 0.01),
            ("the same: how much it still falls in the last sixth, the most, as a factor", min(stay), ">=", 0.8),
            ("after the switch: the largest NSE over that before, the least of the runs", min(jump), ">", 1.02),
            (
                "at the end: NSE over its largest after the switch, the worst",
                max(float(fa[-1] / fa.max()) for _, fa in found),
                "<",
                0.8,
            ),
            ("at the end: NSE with B, the worst", max(float(fa[-1]) for _, fa in found), "<=", 0.6),
        ],
    )


def _draw(found: Sequence[tuple[Array, Array]], first: int, second: int) -> Figure:
    figure = new_figure(6.6, 2.7)
    whole, near = figure.subplots(1, 2)
    for bp, fa in found:
        before, after = (np.unique(np.round(looks(n))) for n in (first, second))
        for ax in (whole, near):
            ax.semilogy(before, bp, color=GREY, linewidth=0.9)
            ax.semilogy(first + after, fa, color=BLUE, linewidth=0.9)
    whole.plot([], [], color=GREY, label="errors by Wᵀ")
    whole.plot([], [], color=BLUE, label="errors by B")
    whole.axvline(first, color=ORANGE, linewidth=0.8)
    near.axvline(first, color=ORANGE, linewidth=0.8, label="switch")
    whole.set(title="a quadratic function", xlabel="presentation", ylabel="NSE")
    near.set(title="around the switch", xlabel="presentation", xlim=(first - 1500, first + 3500))
    for ax in (whole, near):
        ax.xaxis.set_major_locator(MaxNLocator(4))
    whole.legend()
    near.legend()
    letter([whole, near])
    return figure


EXPERIMENT = Experiment(
    "lillicrap-switch",
    "Lillicrap et al. 2016, Supp. Fig. 14",
    "Feedback alignment leaves the points where backpropagation has come to rest.",
    run,
    seeds=5,
)

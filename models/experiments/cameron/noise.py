"""Cameron, Chen, Wagner and Sejnowski: mean-zero noise at every layer trains the pairs, and no data are needed.

In a chain of 24-16-16-24 units one pair contracts, one is square, and one expands. All of them learn at the same time, and
each layer is the upper end of one pair and the lower end of the next. Noise is N(0, 1), there are 100 batch elements, and
the rate is .1/(1 + .01 n).

The second network is one as it is in use, 20-24-16-8 (tanh units, weights by Glorot and Bengio, stimuli and labels drawn at
random): noise teaches B alone, at the rate .1/(1 + .001 n). The supervised rule is there with the rate 0, so that whatever
moves W is noise. Nothing moves it. Beside it, pairs of the same sizes learn with dA on, at the rate .1/(1 + .01 n), from
weights of their own (B begins at random there, and at 0 in the network). They show how far noise alone moves weights. Two
things keep task and noise apart: dA is off, and noise comes after the supervised phases.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ....plasticity import Rule
from ....plasticity.rules import recirculated_feedback, recirculation
from ...networks.recirculation import chain, recirculating
from ..framework.experiment import Check, Experiment, Report, Row, Settings, checks, many
from ..framework.figure_style import BLUE, ORANGE, letter, new_figure
from .pseudoinverse_pairs import CONDITIONS, Pair, draw_pair, furthest, kept_pairs, trajectory, worst

SIZES = (24, 16, 16, 24)
PAIRS = ("contracting, 24 to 16", "square, 16 to 16", "expanding, 16 to 24")
NETWORK = (20, 24, 16, 8)
BATCH_SIZE = 100
BOTH = recirculation.with_parameters(rate=0.1).with_rate_decay(0.01)
B_ALONE = Rule(
    "b_alone",
    source=recirculated_feedback.source,
    forward="dw = supervised*error_post*x_pre",
    feedback="dw = rate*(shown_post - apical_post)*received_pre",
    parameters=dict(supervised=0.0, rate=0.1),
).with_rate_decay(0.001)


def run(settings: Settings) -> Report:
    """Run the chain, the network, and pairs of its sizes with dA on, from each seed's start."""
    presentations = 2_000 if settings.quick else 20_000
    how = presentations, settings.backend
    trained: dict[str, list[Pair]] = {name: [] for name in PAIRS}
    used, moved = [], []
    for seed in settings.seeds:
        settings.show_progress(f"cameron-noise: seed {seed}")
        chained, network, disturbed = (
            kept_pairs(settings, f"{name}-{seed}", _about(name, presentations, seed), partial(make, seed, *how))
            for name, make in RUNS.items()
        )
        for name, pair in zip(PAIRS, chained, strict=True):
            trained[name].append(pair)
        used.append(network)
        moved.append(disturbed)
    return Report(_checks(trained, used, moved, settings.quick), _draw(trained, used, moved))


def _chained(seed: int, presentations: int, backend: str) -> list[Pair]:
    return trajectory(chain(SIZES, BOTH, batch_size=BATCH_SIZE, seed=seed), presentations, backend)


def _network(seed: int, presentations: int, backend: str) -> list[Pair]:
    net = recirculating(NETWORK, B_ALONE, batch_size=BATCH_SIZE, seed=seed, precision="float64")
    return trajectory(net, presentations, backend, _stimuli(seed))


def _disturbed(seed: int, presentations: int, backend: str) -> list[Pair]:
    """Return pairs of the network's sizes, with dA on."""
    return trajectory(chain(NETWORK[1:], BOTH, ends="below", batch_size=BATCH_SIZE, seed=seed), presentations, backend)


RUNS = {"chain": _chained, "network": _network, "network with dA": _disturbed}


def _about(name: str, presentations: int, seed: int) -> dict[str, Any]:
    rule = B_ALONE if name == "network" else BOTH
    sizes = SIZES if name == "chain" else NETWORK
    return {"run": name, "sizes": sizes, "rule": str(rule), "presentations": presentations, "seed": seed}


def _stimuli(seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {"x": rng.standard_normal((1000, NETWORK[0])), "s": rng.integers(0, NETWORK[-1], 1000)}


Runs = Sequence[Sequence[Pair]]


def _checks(trained: Mapping[str, Sequence[Pair]], used: Runs, moved: Runs, quick: bool) -> list[Check]:
    limit = 0.1 if quick else 0.03
    made = []
    for name, pairs in trained.items():
        rows: list[Row] = [(f"condition {k}, {CONDITIONS[k][0]}", worst(pairs, k), "<=", limit) for k in CONDITIONS]
        rows.append(("|B - A^+|/|A^+|", furthest(pairs), "<=", limit))
        made += checks(f"{name}, at the end, the worst of {many(pairs)}: ", rows)
    everywhere = [pair for run in used for pair in run]
    return made + checks(
        f"network, {many(used)}: ",
        [
            ("|B - W^+|/|W^+|, the worst layer", furthest(everywhere), "<=", limit),
            ("the Penrose conditions, the worst layer", max(worst(everywhere, k) for k in CONDITIONS), "<=", limit),
            ("|W - W(0)|/|W(0)| by noise", float(max(pair.moved[-1] for pair in everywhere)), "==", 0.0),
            (
                "|W - W(0)|/|W(0)| with dA on, the layer with the least",
                min(float(p.moved[-1]) for run in moved for p in run),
                ">=",
                0.1,
            ),
        ],
    )


def _draw(trained: Mapping[str, Sequence[Pair]], used: Runs, moved: Runs) -> Figure:
    figure = new_figure(8.6, 2.7)
    axes = figure.subplots(1, 4, width_ratios=[3, 3, 3, 2])
    for ax, (name, pairs) in zip(axes, trained.items(), strict=False):
        draw_pair(ax, pairs, name)
    for ax in axes[1:3]:
        ax.set_yticklabels([])
    axes[0].set_ylabel("relative distance")
    axes[0].legend(loc="lower left", fontsize=6.5)
    layers = np.arange(len(NETWORK) - 2)
    off = np.mean([[pair.distance[-1] for pair in run] for run in used], axis=0)
    change = np.mean([[pair.moved[-1] for pair in run] for run in moved], axis=0)
    axes[3].bar(layers - 0.2, off, 0.4, color=BLUE, label="|B − W⁺|/|W⁺|, dA off")
    axes[3].bar(layers + 0.2, change, 0.4, color=ORANGE, label="change of W, dA on")
    axes[3].set(title="a network in use", xticks=layers, xticklabels=[f"W$_{k + 2}$" for k in layers], ylim=(0, 1.3))
    axes[3].legend(fontsize=6.5)
    letter(axes)
    return figure


EXPERIMENT = Experiment(
    "cameron-noise",
    "Cameron, Chen, Wagner and Sejnowski, mean-zero noise at each layer",
    "Noise of mean zero trains the pairs of matrices without any data.",
    run,
    seeds=10,
    keeps=True,
)

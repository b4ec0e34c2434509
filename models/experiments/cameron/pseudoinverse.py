"""Cameron, Chen, Wagner and Sejnowski: a linear pair, both of whose matrices learn by recirculation.

B goes to A^+, of the A that has itself moved. Sizes and rates are not given; here pairs go from 20 to 10, from 15 to 15 and
from 10 to 20 units, with weights by Glorot and Bengio, 100 batch elements, and the rate .1/(1 + .01 n). From below the pair
is driven by data, rows that are white (drawn from N(0, 1), then made exactly so: with another covariance C the fourth
condition becomes that of a pseudoinverse weighted by C), and from above by noise.

Two variants fail. An expanding pair that is driven from below alone never meets the third condition, and a contracting one
that is driven from above alone never the fourth; and with a rate that stays, the last condition that is met, and B, stay as
far off as the noise of each update carries them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from ....plasticity import Rule
from ....plasticity.rules import recirculation
from ...networks.recirculation import ENDS, chain
from ..framework.experiment import Check, Experiment, Report, Row, Settings, checks, many
from ..framework.figure_style import letter, new_figure
from .pseudoinverse_pairs import CONDITIONS, Pair, draw_pair, furthest, kept_pairs, named, trajectory, worst

SIZES = {"contracting": (20, 10), "square": (15, 15), "expanding": (10, 20)}
BATCH_SIZE, ROWS = 100, 2000
DECAYING = recirculation.with_parameters(rate=0.1).with_rate_decay(0.01)
STAYING = recirculation.with_parameters(rate=0.1)

#: What else is shown: (sizes, ends, whether the rate stays).
BESIDE = {
    "below alone": ("expanding", ("below",), False),
    "above alone": ("contracting", ("above",), False),
    "constant rate": ("contracting", ENDS, True),
}


def run(settings: Settings) -> Report:
    """Run all of them from each seed's start."""
    presentations = 2_000 if settings.quick else 20_000
    plan = {name: (name, ENDS, False) for name in SIZES} | BESIDE
    found: dict[str, list[Pair]] = {name: [] for name in plan}
    for seed in settings.seeds:
        for name, (sizes, ends, stays) in plan.items():
            settings.show_progress(f"cameron-pseudoinverse: seed {seed}, {name}")
            rule = STAYING if stays else DECAYING
            about = {
                "sizes": SIZES[sizes],
                "ends": ends,
                "rule": str(rule),
                "presentations": presentations,
                "seed": seed,
            }
            make = partial(_pairs, SIZES[sizes], rule, ends, seed, presentations, settings.backend)
            found[name] += kept_pairs(settings, f"{name}-{seed}", about, make)
    return Report(_checks(found, settings.quick), _draw(found))


def _pairs(
    sizes: tuple[int, ...], rule: Rule, ends: Sequence[str], seed: int, presentations: int, backend: str
) -> list[Pair]:
    data = "below" in ends
    net = chain(sizes, rule, ends=ends, data=data, batch_size=BATCH_SIZE, seed=seed)
    return trajectory(net, presentations, backend, {"x": white(sizes[0], seed)} if data else None)


def white(units: int, seed: int) -> np.ndarray:
    """Return rows (2000, units) whose mean of x x^T is the identity."""
    x = np.random.default_rng([seed, 1]).standard_normal((ROWS, units))
    return np.sqrt(ROWS) * np.linalg.qr(x)[0]


def _checks(found: Mapping[str, Sequence[Pair]], quick: bool) -> list[Check]:
    limit = 0.06 if quick else 0.03
    made = []
    for name, text in named(SIZES).items():
        pairs = found[name]
        rows: list[Row] = [
            (f"condition {k}, {CONDITIONS[k][0]}", worst(pairs, k), "<=", limit if k == _last_condition(name) else 1e-6)
            for k in CONDITIONS
        ]
        rows.append(("|B - A^+|/|A^+|", furthest(pairs), "<=", limit if _last_condition(name) else 1e-6))
        rows.append(("|A - A(0)|/|A(0)|, the least", min(float(p.moved[-1]) for p in pairs), ">=", 0.2))
        made += checks(f"{text}, at the end, the worst of {many(pairs)}: ", rows)
    below, above, stays = (found[name] for name in BESIDE)
    decays = np.mean([p.distance[-1] for p in found["contracting"]])
    return made + checks(
        "",
        [
            ("expanding, from below alone: condition 3, the best run", min(p.end(3) for p in below), ">=", 0.3),
            ("contracting, from above alone: condition 4, the best run", min(p.end(4) for p in above), ">=", 0.3),
            (
                "contracting, constant rate: |B - A^+|/|A^+|, times that with the rate that decays",
                float(np.mean([p.distance[-1] for p in stays]) / decays), ">=", 3.0,
            ),
        ],
    )  # fmt: skip


def _last_condition(name: str) -> int:
    """Return the condition that is met no better than the noise of the updates lets it; 0 if there is none."""
    return {"contracting": 4, "square": 0, "expanding": 3}[name]


def _draw(found: Mapping[str, Sequence[Pair]]) -> Figure:
    figure = new_figure(8.2, 4.9)
    grid = figure.subplots(2, 3, sharey=True)
    titles = [*named(SIZES).values(), *(f"{sizes}, {name}" for name, (sizes, _, _) in BESIDE.items())]
    for ax, title, pairs in zip(grid.flat, titles, found.values(), strict=True):
        draw_pair(ax, pairs, title)
    for row in grid:
        row[0].set_ylabel("relative distance")
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside right center")
    letter([*grid.flat])
    return figure


EXPERIMENT = Experiment(
    "cameron-pseudoinverse",
    "Cameron, Chen, Wagner and Sejnowski, linear pair",
    "The two matrices of a linear pair become pseudoinverses of each other by recirculation.",
    run,
    seeds=10,
    keeps=True,
)

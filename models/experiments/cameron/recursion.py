"""Cameron, Chen, Wagner and Sejnowski, "global error minimization": what a chain of learned pseudoinverses is to the whole.

The layers of a linear chain learn their pairs by recirculation, all at once. Then B = B_1 B_2 B_3 is compared with the four
Penrose conditions for J = W_3 W_2 W_1. The poster says that B is not J^+ in general, but that conditions 1 to 3 are
preserved where every layer is narrower than the one below it. They are, since W_l B_l = 1 there. The poster does not say
what follows: where every layer is wider, conditions 1, 2 and 4 hold; from wide to narrow to wide all four hold; from narrow
to wide to narrow none holds but by chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial, reduce

import numpy as np
from matplotlib.figure import Figure

from ...analysis.measures import penrose, pseudoinverse_distance
from ...networks.recirculation import chain
from ..framework.experiment import Check, Experiment, Report, Row, Settings, checks, many
from ..framework.figure_style import GREY, letter, new_figure
from ..framework.saved_runs import kept
from .pseudoinverse import BATCH_SIZE, DECAYING, white
from .pseudoinverse_pairs import CONDITIONS, trajectory

SIZES = {
    "contracting": (24, 16, 10, 6),
    "expanding": (6, 10, 16, 24),
    "narrow waist": (16, 6, 16),
    "wide waist": (8, 16, 6),
}
HOLD = {"contracting": (1, 2, 3), "expanding": (1, 2, 4), "narrow waist": (1, 2, 3, 4), "wide waist": ()}


def run(settings: Settings) -> Report:
    """Run every chain from each seed's start."""
    presentations = 300 if settings.quick else 10_000
    found: dict[str, list[tuple[float, ...]]] = {name: [] for name in SIZES}
    for seed in settings.seeds:
        for name, sizes in SIZES.items():
            settings.show_progress(f"cameron-recursion: seed {seed}, {name}")
            about = {"sizes": sizes, "rule": str(DECAYING), "presentations": presentations, "seed": seed}
            make = partial(_chain, sizes, seed, presentations, settings.backend)
            found[name].append(tuple(kept(settings, f"{name}-{seed}", about, lambda m=make: {"end": list(m())})["end"]))
    return Report(_checks(found, settings), _draw(found))


def _chain(sizes: Sequence[int], seed: int, presentations: int, backend: str) -> tuple[float, ...]:
    """Return how far B_1 ... B_L is from each condition for W_L ... W_1, and from its pseudoinverse."""
    net = chain(sizes, DECAYING, data=True, batch_size=BATCH_SIZE, seed=seed)
    trajectory(net, presentations, backend, {"x": white(sizes[0], seed)}, looks=2)
    names = ["x", *(f"h{i}" for i in range(1, len(sizes)))]
    up = [net[f"{a}_to_{b}.w"] for a, b in zip(names, names[1:], strict=False)]
    down = [net[f"{b}_to_{a}.w"] for a, b in zip(names, names[1:], strict=False)]
    J, B = reduce(np.matmul, up[::-1]), reduce(np.matmul, down)
    return (*penrose(B, J), pseudoinverse_distance(B, J))


def _checks(found: Mapping[str, Sequence[tuple[float, ...]]], settings: Settings) -> list[Check]:
    made: list[Check] = []
    limit = 0.3 if settings.quick else 0.05
    for name, runs in found.items():
        rows: list[Row] = []
        exact = {"contracting": (1, 2, 3)}.get(name, ())
        for k in CONDITIONS:
            values = [one[k - 1] for one in runs]
            if k in HOLD[name]:
                rows.append(
                    (f"condition {k}, {CONDITIONS[k][0]}, the worst", max(values), "<=", 1e-6 if k in exact else limit)
                )
            else:
                rows.append((f"condition {k}, {CONDITIONS[k][0]}, the best", min(values), ">=", 0.05))
        distances = [one[-1] for one in runs]
        whole = ("|B - J^+|/|J^+|, the worst", max(distances), "<=", limit)
        rows.append(whole if len(HOLD[name]) == 4 else ("|B - J^+|/|J^+|, the least", min(distances), ">=", 0.05))
        made += checks(f"{'-'.join(map(str, SIZES[name]))}, {name}, {many(runs)}: ", rows)
    return made


def _draw(found: Mapping[str, Sequence[tuple[float, ...]]]) -> Figure:
    figure = new_figure(7.6, 2.7)
    axes = figure.subplots(1, 4, sharey=True)
    colours = [*(colour for _, colour in CONDITIONS.values()), GREY]
    labels = [*(text for text, _ in CONDITIONS.values()), "B = J⁺"]
    for ax, (name, runs) in zip(axes, found.items(), strict=True):
        for place, (colour, label) in enumerate(zip(colours, labels, strict=True)):
            values = np.maximum([one[place] for one in runs], 1e-16)
            spots = place + np.linspace(-0.2, 0.2, len(values)) if len(values) > 1 else np.array([float(place)])
            ax.semilogy(spots, values, ".", color=colour, markersize=5, label=label)
        ax.set_xticks([])
        ax.set(title=name, xlabel="-".join(map(str, SIZES[name])), ylim=(1e-17, 10), xlim=(-0.6, 4.6))
    axes[0].set_ylabel("relative distance")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    letter(axes)
    return figure


EXPERIMENT = Experiment(
    "cameron-recursion",
    "Cameron, Chen, Wagner and Sejnowski, layer-wise reciprocals",
    "A chain of learned pseudoinverses is compared with the pseudoinverse of the whole.",
    run,
    seeds=5,
    keeps=True,
)

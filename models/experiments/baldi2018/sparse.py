"""Baldi, Sadowski and Lu 2018, Fig. 3 and 4: channels in which a unit sends to n units of a layer, on average.

Weights are 0 or 1 (in RBP 1/sqrt(n), as the caption of Fig. 4 asks). Fig. 4 is SRBP from n = 0 to all: with n = 0
nothing arrives; with all weights 1 what arrives is the sum of the output's errors, which softmax makes zero. So both
ends are the top layer alone, and for the same reason the mean of a matrix of SRBP never matters.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...networks.random_backpropagation import Variant
from ..framework.accuracy_curves import COLOURS, draw_mean
from ..framework.experiment import Check, Experiment, Report, Settings
from ..framework.figure_style import BLUE, letter, mark_paper, new_figure
from ..framework.saved_runs import at_end
from .channel_training import QUICK, Curves, Printed, learn

LEVELS = (8, 2, 1)
SWEEP = (0, 20, 50, 80, 95, 100)
TABLE = {
    "RBP sparse-8": Printed(96.0, 0.4),
    "RBP sparse-2": Printed(96.3, 0.5),
    "RBP sparse-1": Printed(90.3, 1.1),
    "SRBP sparse-8": Printed(96.9, 0.1),
    "SRBP sparse-2": Printed(95.8, 0.2),
    "SRBP sparse-1": Printed(94.6, 0.6),
}
BASE = {"RBP": Variant("rbp"), "SRBP": Variant("srbp")}


def run(settings: Settings) -> Report:
    """Run all levels from each seed."""
    units = QUICK.hidden[0] if settings.quick else 100
    plan = {f"{a} sparse-{n}": v.with_(matrix="sparse", n=n) for a, v in BASE.items() for n in LEVELS}
    sweep = {f"SRBP sparse-{n}": BASE["SRBP"].with_(matrix="sparse", n=n) for n in _levels(units) if n not in LEVELS}
    curves = learn(plan | sweep, settings)
    checks = _quick_checks(curves) if settings.quick else [p.check(name, curves[name]) for name, p in TABLE.items()]
    return Report([*checks, *_check_ends(curves, units)], _draw(curves, units))


def _levels(units: int) -> list[int]:
    return sorted({*LEVELS, *(round(n * units / 100) for n in SWEEP)})


def _quick_checks(curves: Curves) -> list[Check]:
    floors = {"RBP sparse-8": 88.0, "RBP sparse-2": 88.0, "SRBP sparse-8": 92.0, "SRBP sparse-2": 90.0}
    return [Check(f"{n}: test accuracy on digits", at_end(curves[n]), ">=", floor) for n, floor in floors.items()]


def _check_ends(curves: Curves, units: int) -> list[Check]:
    """Check Fig. 4: both ends fail, and nothing between them does."""
    inner = [at_end(curves[f"SRBP sparse-{n}"]) for n in _levels(units) if 2 <= n <= 0.8 * units]
    return [
        Check(f"SRBP, n = {n} of {units}: points of test accuracy below the worst n between 2 and {0.8 * units:g}",
              min(inner) - at_end(curves[f"SRBP sparse-{n}"]), ">=", 5.0)
        for n in (0, units)
    ]  # fmt: skip


def _draw(curves: Curves, units: int) -> Figure:
    figure = new_figure(7.6, 2.6)
    axes = figure.subplots(1, 3)
    for ax, algorithm in zip(axes, BASE, strict=False):
        for n, colour in zip(LEVELS, COLOURS, strict=False):
            draw_mean(ax, [r["test"] for r in curves[f"{algorithm} sparse-{n}"]], colour, f"n = {n}")
        ax.set(title=algorithm, xlabel="epoch", ylabel="test accuracy (%)", ylim=(70, 100.5))
        names = [f"{algorithm} sparse-{n}" for n in LEVELS]
        mark_paper(ax, {n: TABLE[n].mean for n in names if n in TABLE}, dict(zip(names, COLOURS, strict=False)))
        ax.legend(loc="lower right")
    _draw_sweep(axes[2], curves, units)
    letter(axes)
    return figure


def _draw_sweep(ax: Axes, curves: Curves, units: int) -> None:
    levels = _levels(units)
    values = [[run["test"][-1] for run in curves[f"SRBP sparse-{n}"]] for n in levels]
    ax.plot(levels, [np.mean(v) for v in values], color=BLUE, marker="o", markersize=3)
    for n, v in zip(levels, values, strict=True):
        ax.plot([n] * len(v), v, ".", color=BLUE, markersize=2, alpha=0.5)
    ax.set(title="SRBP", xlabel=f"n, of {units}", ylabel="test accuracy (%)")


EXPERIMENT = Experiment(
    "baldi-sparse",
    "Baldi, Sadowski and Lu 2018, Fig. 3 and 4",
    "Each unit of the learning channel sends to only a few units of a layer.",
    run,
    seeds=5,
    data=("mnist",),
    keeps=True,
)

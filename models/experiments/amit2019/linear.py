"""Amit 2019, Fig. 3: updated against fixed random feedback in a deep linear network.

A linear network of 40-100-100-10 units learns T, the product of a random teacher's matrices, in 5000 iterations of Eq. 15
from the same W_i(0): by backpropagation (R_i = W_i^T at all times), by URFB (R random, epsilon = 1) and by FRFB (epsilon =
0). The paper gives neither scales nor rate: here W and R begin with sd .5/sqrt(fan-in), and the rate is .03. It shows three
runs; ten are made here, since "URFB is faster than FRFB" is a claim about every run.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ....plasticity import bp
from ..framework.experiment import Check, Experiment, Report, Settings, many
from ..framework.figure_style import BLUE, GREY, ORANGE, RED, letter, new_figure
from .linear_circuits import Path, Problem, iterations_to_learn, learn, random_problem, urfb_epsilon

RATE = 0.03
RULES = {
    "BP": bp.with_parameters(rate=RATE),
    "URFB": urfb_epsilon.with_parameters(rate=RATE, epsilon=1.0),
    "FRFB": urfb_epsilon.with_parameters(rate=RATE, epsilon=0.0),
}
COLOURS = {"BP": GREY, "URFB": BLUE, "FRFB": ORANGE}
FLOOR = 1e-25  # below, a relative error is rounding
LAYERS = (1, 2, 3)

Runs = list[tuple[Problem, dict[str, Path]]]


def run(settings: Settings) -> Report:
    """Run all three rules from each seed's start."""
    iterations = 1500 if settings.quick else 5000
    runs: Runs = []
    for seed in settings.seeds:
        problem = random_problem(seed)
        paths = {}
        for name, rule in RULES.items():
            settings.show_progress(f"amit-linear: seed {seed}, {name}")
            paths[name] = learn(problem, rule, iterations, settings.backend)
        runs.append((problem, paths))
    return Report(_checks(runs, iterations), _draw(runs[:3]))


FASTER = "URFB converges faster than FRFB"


def _checks(runs: Runs, iterations: int) -> list[Check]:
    negligible = 1e-10 if iterations == 5000 else 1e-4
    ends = {name: max(paths[name].error[-1] for _, paths in runs) for name in RULES}
    checks = [
        Check(
            f"{name}: |e|^2/|T|^2 after {iterations} iterations, the worst of {many(runs)}",
            end,
            "<=",
            negligible,
            "negligible error",
        )
        for name, end in ends.items()
    ]
    ahead = [_ahead(paths["URFB"].error, paths["FRFB"].error) for _, paths in runs]
    sooner = [iterations_to_learn(paths["FRFB"].error) / iterations_to_learn(paths["URFB"].error) for _, paths in runs]
    checks += [
        Check(
            "share of iterations with URFB's error below FRFB's, the lowest of the runs", min(ahead), ">=", 0.98, FASTER
        ),
        Check("runs in which URFB reaches 1e-4 before FRFB", sum(s > 1 for s in sooner), "==", len(runs), FASTER),
        Check("how many times sooner URFB reaches 1e-4, the least of the runs", min(sooner), ">", 1.0, FASTER),
    ]
    for layer in LAYERS:
        gap = min(_difference(paths, layer) for _, paths in runs)
        what = f"W{layer}: |URFB - BP| / |BP| at the end, the least of the runs, though the error is zero"
        checks.append(Check(what, gap, ">=", 0.05, "the resulting weights are not the same"))
    return checks


def _ahead(one: np.ndarray, other: np.ndarray) -> float:
    """Return the share of iterations, but the first, in which one error is below the other, down to rounding."""
    seen = np.arange(1, max(2, np.argmax(other < FLOOR) or len(other)))
    return float(np.mean(one[seen] < other[seen]))


def _difference(paths: dict[str, Path], layer: int) -> float:
    found, wanted = (paths[name].weights[layer - 1] for name in ("URFB", "BP"))
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


def _draw(runs: Runs) -> Figure:
    figure = new_figure(2.3 * len(runs) + 0.3, 6.4)
    grid = figure.subplots(4, len(runs), squeeze=False, height_ratios=[2, 1, 1, 1], sharey="row")
    for column, (_, paths) in zip(grid.T, runs, strict=True):
        _draw_errors(column[0], paths)
        for ax, layer in zip(column[1:], LAYERS, strict=True):
            _draw_difference(ax, paths, layer)
    for number, ax in enumerate(grid[0], start=1):
        ax.set_title(f"run {number}")
    letter(grid[0])
    grid[0, 0].set_ylabel("relative error  $|e|^2/|T|^2$")
    for row, layer in zip(grid[1:], LAYERS, strict=True):
        row[0].set_ylabel(f"$W_{layer}$: density")
        row[0].set_ylim(0, 1.25 * row[0].get_ylim()[1])
    for ax in grid[-1]:
        ax.set_xlabel("(URFB $-$ BP) / rms(BP), by weight")
    return figure


def _draw_errors(ax: Axes, paths: dict[str, Path]) -> None:
    for name, path in paths.items():
        ax.semilogy(np.maximum(path.error, 1e-32), color=COLOURS[name], label=name)
    ax.set(ylim=(1e-32, 10), xlabel="iteration", xlim=(0, len(paths["BP"].error)))
    ax.set_yticks([1, 1e-6, 1e-12, 1e-18, 1e-24, 1e-30])
    ax.legend(loc="upper right")


def _draw_difference(ax: Axes, paths: dict[str, Path], layer: int) -> None:
    """Draw how far each weight of URFB lies from the same weight of backpropagation, at the end."""
    found, wanted = (paths[name].weights[layer - 1] for name in ("URFB", "BP"))
    spread = ((found - wanted) / np.sqrt(np.mean(wanted**2))).ravel()
    ax.hist(spread, bins=np.linspace(-2, 2, 41).tolist(), density=True, color=BLUE, alpha=0.75, linewidth=0)
    ax.axvline(0, color=RED, linewidth=0.8)
    ax.set(xlim=(-2, 2), xticks=range(-2, 3))
    ax.text(
        1, 1, f"|URFB $-$ BP| =\n{_difference(paths, layer):.2f} |BP|", ha="right", va="top", transform=ax.transAxes
    )


EXPERIMENT = Experiment(
    "amit-linear",
    "Amit 2019, Fig. 3",
    "Updated and fixed random feedback are compared in a deep linear network.",
    run,
    seeds=10,
)

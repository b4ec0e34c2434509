"""Lillicrap et al. 2016, Supplementary Note 11, Theorem 1: feedback alignment takes the error to zero where C = 0.

100 linear networks of 4-3-2 units, each with its own T and B (N(0, 1)), begin at A = W = 0, the one start with which C = BW
+ W^T B^T - AA^T is 0 whatever B is. The circuits show the expected update (Eq. 6-7). Then E goes to 0, V = |BE|^2 never
rises, C stays what it was, and tr(AA^T) stays below the bound of Lemma 3. Other networks begin at random (sd .7), so that C
is not 0: the theorem says nothing about these.

Eq. 10 prints - C for + C. Lemma 3 derives |BT|^2 + 2 n_h^2 where Eq. 21 has 2 n_h: s = tr(AA^T) is held against both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...networks.independent_networks import Networks
from ..framework.claims import of_learned
from ..framework.experiment import Check, Experiment, Report, Settings, checks
from ..framework.figure_style import BLUE, GREY, ORANGE, letter, new_figure
from ..theory.convergence import Array, Convergence, LinearNetworks, converge, draw_convergence

SIZES = (4, 3, 2)
COUNT = 100


@dataclass(frozen=True)
class Runs:
    """What networks did: times, |E|^2/|T|^2, V and tr(AA^T), (times, count), |C| at the start, the two bounds."""

    times: Array
    error: Array
    V: Array
    s: Array
    C: Array
    bounds: tuple[Array, Array]
    convergence: Convergence


def run(settings: Settings) -> Report:
    """Run from zero and from random weights."""
    zero, other = (_runs(scale, settings) for scale in (0.0, 0.7))
    return Report(_checks(zero, other, settings), _draw(zero, other))


def _runs(scale: float, settings: Settings) -> Runs:
    settings.show_progress(f"lillicrap-theorem1: weights of sd {scale:g}")
    n_i, n_h, n_o = SIZES
    count = COUNT // 4 if settings.quick else COUNT
    rng = settings.rng(3)
    T, B = rng.standard_normal((count, n_o, n_i)), rng.standard_normal((count, n_h, n_o))
    A, W = scale * rng.standard_normal((count, n_h, n_i)), scale * rng.standard_normal((count, n_o, n_h))
    linear = LinearNetworks(Networks([A, W], [B]), np.tile(np.eye(n_i), (count, 1, 1)), T, settings.backend)
    times = np.concatenate([np.linspace(0, 4, 41), np.linspace(5, 40 if settings.quick else 80, 60).round()])
    rate = 1e-2 if settings.quick else 5e-3
    path = linear.trajectory(rate, np.unique(times))
    E = linear.system.error(path)
    BE = np.sum((B @ E) ** 2, axis=(-1, -2))

    def eq_10(w: Sequence[Array]) -> Array:
        A, W = w
        return B @ W + (B @ W).mT - A @ A.mT

    rates = [r * (2.5e-3 if settings.quick else 2e-4) for r in (4.0, 2.0, 1.0)]
    convergence = converge(linear, rates, np.linspace(0, 2, 6), {"C of Eq. 10": eq_10})
    linear.close()
    size = np.sum((B @ T) ** 2, axis=(1, 2))
    return Runs(
        np.unique(times),
        np.sum(E**2, axis=(-1, -2)) / np.sum(T**2, axis=(1, 2)),
        BE,
        np.sum(path[0] ** 2, axis=(-1, -2)),
        np.linalg.norm(eq_10((A, W)), axis=(1, 2)),
        (size + 2 * n_h, size + 2 * n_h**2),
        convergence,
    )


def _checks(zero: Runs, other: Runs, settings: Settings) -> list[Check]:
    rises, left = np.diff(zero.V, axis=0) / zero.V[0], float(zero.error[-1].max())
    made = checks(
        "C = 0: ",
        [
            ("random T and B", zero.error.shape[1], ">=", 25 if settings.quick else 100),
            ("|E|^2/|T|^2 at the end, the worst", left, "<=", 1e-2 if settings.quick else 1e-6, "Theorem 1: lim E = 0"),
            (
                "V, largest rise from one recorded time to the next, relative to V(0)",
                of_learned(float(rises.max()), left),
                "<=",
                1e-12,
                "dV/dt is negative semi-definite",
            ),
            (
                "s over |BT|^2 + 2 n_h^2, as Lemma 3 derives it, the largest",
                of_learned(float((zero.s / zero.bounds[1]).max()), left),
                "<=",
                1.0,
                "Lemma 3",
            ),
            (
                "s over |BT|^2 + 2 n_h, as Eq. 21 has it, the largest",
                of_learned(float((zero.s / zero.bounds[0]).max()), left),
                "<=",
                1.0,
                "Eq. 21",
            ),
        ],
    )
    made += zero.convergence.checks("C = 0: ")
    made += checks(
        "C not 0, of which the theorem says nothing: ",
        [
            ("|C| at the start, the least", float(other.C.min()), ">", 0.1),
            (
                "networks in which V rises on the way, by 1% or more",
                int((np.diff(other.V, axis=0).max(axis=0) > 0.01 * other.V[0]).sum()),
                ">=",
                1,
            ),
            (
                "share of the networks that reach |E|^2/|T|^2 <= .001 nevertheless",
                float((other.error[-1] <= 1e-3).mean()),
                ">=",
                0.9,
            ),
        ],
    )
    return made + other.convergence.checks("C not 0: ")


def _draw(zero: Runs, other: Runs) -> Figure:
    figure = new_figure(7.6, 4.7)
    grid = figure.subplots(2, 3)
    for column, (runs, title, colour) in enumerate(((zero, "C = 0", BLUE), (other, "C not 0", ORANGE))):
        _traces(grid[0, column], runs.times, runs.error, f"{title}: error", "|E|²/|T|²", colour)
        _traces(grid[1, column], runs.times, runs.V / runs.V[0], f"{title}: V", "V/V(0)", colour)
    for ax in grid[1, :2]:
        ax.set(xlim=(0, 6), ylim=(1e-6, 30))
    _bounds(grid[0, 2], zero)
    draw_convergence(grid[1, 2], {"C = 0": zero.convergence, "C not 0": other.convergence}, [BLUE, ORANGE])
    letter([*grid.flat])
    return figure


def _traces(ax: Axes, times: Array, values: Array, title: str, name: str, colour: str) -> None:
    ax.semilogy(times, np.maximum(values, 1e-14), color=colour, linewidth=0.4)
    ax.set(title=title, xlabel="t = rate × presentations", ylabel=name, xlim=(0, times[-1] / 2), ylim=(1e-13, 10))


def _bounds(ax: Axes, runs: Runs) -> None:
    largest = runs.s.max(axis=0)
    ax.loglog(runs.bounds[1], largest, ".", color=BLUE, markersize=3, label="2 n_h², derived")
    ax.loglog(runs.bounds[0], largest, ".", color=GREY, markersize=3, label="2 n_h, printed")
    span = np.array([largest.min(), runs.bounds[1].max()])
    ax.loglog(span, span, color="black", linewidth=0.7)
    ax.set(title="Lemma 3", xlabel="bound |BT|² + ...", ylabel="largest tr(AAᵀ)")
    ax.legend(loc="upper left", handlelength=0.8)


EXPERIMENT = Experiment(
    "lillicrap-theorem1",
    "Lillicrap et al. 2016, Note 11, Theorem 1",
    "Feedback alignment takes the error to zero (Theorem 1).",
    run,
    seeds=0,
    quick_seeds=0,
    drawn="200 networks",
)

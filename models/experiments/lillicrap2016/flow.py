"""Lillicrap et al. 2016, Supp. Fig. 10: the flow of a network of three neurons, y = W A x, with T = B = 1.

The expected update (Note 11) leads along parabolas W - A^2/2 to one of two hyperbolas A W = 1. On the upper right one e W B
e > 0, so that feedback helps. The lower left one is reached only from a small region, whose bound the paper does not give:
with K = W - A^2/2, the cubic A^3/2 + K A = 1 has roots at the lower left if K < -3/2, of which the outer one attracts what
begins left of the inner, unstable one. Every point of a grid is a circuit, and ends where this says.
"""

from __future__ import annotations

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..framework.experiment import Experiment, Report, Settings, checks
from ..framework.figure_style import BLUE, GREY, ORANGE, new_figure
from ..theory.convergence import Stages
from ..theory.two_weight_plane import Array, Plane, draw_field, draw_hyperbolas, field, grid

HIGH = 3.0
STAGES: Stages = ((1e-3, 4.0), (1e-2, 100.0))
QUICK: Stages = ((4e-3, 4.0), (2e-2, 100.0))


AVOIDED = "the bad hyperbola is avoided by starting near 0"


def run(settings: Settings) -> Report:
    """Compute the field, where every point of a grid ends, and trajectories from near 0."""
    settings.show_progress("lillicrap-flow: the field")
    plane = Plane(*grid(-HIGH, HIGH, 25), settings.backend)
    arrows = plane.arrows()
    settings.show_progress("lillicrap-flow: where it leads")
    dense = Plane(*grid(-HIGH, HIGH, 51 if settings.quick else 101), settings.backend)
    ends = dense.ends(QUICK if settings.quick else STAGES)
    reached, predicted = ends[0] < 0, bad(*dense.start)
    there = np.abs(ends.prod(axis=0) - 1) < 1e-3
    near = np.abs(separatrix(*dense.start)) < 1e-2  # so near to the bound that the step decides
    small = settings.rng(0).uniform(-0.1, 0.1, (2, 100))
    settings.show_progress("lillicrap-flow: trajectories")
    starts = np.concatenate([small, far()], axis=1)
    traced = Plane(starts[0], starts[1], settings.backend)
    paths = traced.trajectory(5e-3 if settings.quick else 1e-3, np.linspace(0, 12, 121))
    found = checks(
        "",
        [
            (
                "largest distance of an arrow from Eq. 8-9",
                float(np.abs(arrows - field(*plane.start)).max()),
                "<=",
                1e-11,
            ),
            (
                "points of the grid that end on a hyperbola, |AW - 1| < .001",
                int(there.sum()),
                "==",
                ends.shape[1],
            ),
            (
                "points that end on the lower left one, where e W B e < 0",
                int((reached & there).sum()),
                ">=",
                50,
                "a small region",
            ),
            (
                "points that end elsewhere than the cubic says, of those not at the bound",
                int((reached != predicted)[~near].sum()),
                "==",
                0,
            ),
            (
                "starts within .1 of 0 that end where e W B e > 0",
                int((paths[-1, 1, :100] > 0).sum()),
                "==",
                100,
                AVOIDED,
            ),
            (
                "starts within .1 of 0: A W at the end, largest distance from 1",
                float(np.abs(paths[-1, :, :100].prod(axis=0) - 1).max()),
                "<=",
                1e-3,
            ),
        ],
    )
    report = Report(found, _draw(plane, arrows, dense, reached, paths))
    for each in (plane, dense, traced):
        each.linear.close()
    return report


def unstable_root(A: Array, W: Array) -> Array:
    """Return the middle root of A^3/2 + K A - 1 on the parabola through each point; NaN where there is but one root."""
    K = np.minimum(W - A**2 / 2, -1.5)
    third = np.arccos((1.5 / -K) ** 1.5) / 3  # Viete, A^3 + 2 K A - 2 = 0
    return np.where(W - A**2 / 2 < -1.5, 2 * np.sqrt(-2 * K / 3) * np.cos(third - 2 * np.pi / 3), np.nan)


def bad(A: Array, W: Array) -> NDArray[np.bool_]:
    """Return whether a point leads to the lower left hyperbola: K < -3/2, and A left of the unstable root."""
    return np.nan_to_num(unstable_root(A, W), nan=-np.inf) > A


def separatrix(A: Array, W: Array) -> Array:
    """Return distance in A from the bound of that region, or in K where it begins."""
    K = W - A**2 / 2
    return np.where(K < -1.5, A - unstable_root(A, W), np.where(A < 0, K + 1.5, 1.0))


def far() -> Array:
    """Return starts of the trajectories that are drawn: one near 0, and others."""
    A = [0.02, -2.6, -1.4, -0.4, 2.7, 1.2, -2.8, -2.2, -1.2, 0.4]
    W = [-0.02, 2.6, 2.6, -1.2, -1.5, -2.6, 0.8, -1.9, -2.6, 2.7]
    return np.array([A, W])


def _draw(plane: Plane, arrows: Array, dense: Plane, reached: Array, paths: Array) -> Figure:
    figure = new_figure(4.6, 4.9)
    ax = figure.subplots()
    side = round(np.sqrt(reached.size))
    A, W = (v.reshape(side, side) for v in dense.start)
    ax.pcolormesh(
        A, W, reached.reshape(side, side), cmap=ListedColormap(["white", "#d9d9d9"]), zorder=0, shading="nearest"
    )
    draw_field(ax, plane, arrows, np.full(arrows.shape[1], 0.55), "Greys", (0, 1))
    draw_hyperbolas(ax, HIGH, "unstable", "$e\\,WB\\,e < 0$")
    ax.plot([], [], color=GREY, linewidth=2.2, label="$e\\,WB\\,e > 0$")
    for n in range(101, paths.shape[2]):
        ax.plot(*paths[:, :, n].T, color=BLUE, linewidth=1.1, zorder=4)
        ax.plot(*paths[0, :, n], "o", color="white", markeredgecolor=BLUE, markersize=3.2, zorder=5)
    ax.plot([], [], color=BLUE, linewidth=1.1, label="circuits")
    ax.plot(*paths[:, :, 100].T, color=ORANGE, linewidth=2.4, zorder=6, label="from near 0")
    ax.annotate(
        "",
        tuple(paths[-1, :, 100]),
        tuple(paths[30, :, 100]),
        arrowprops=dict(arrowstyle="-|>", color=ORANGE, lw=2.4),
        zorder=7,
    )
    ax.set(xlabel="A", ylabel="W", aspect="equal", xlim=(-HIGH, HIGH), ylim=(-HIGH, HIGH))
    ax.set_title("shaded: circuits that end at the lower left")
    figure.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=5, columnspacing=1)
    return figure


EXPERIMENT = Experiment(
    "lillicrap-flow",
    "Lillicrap et al. 2016, Supp. Fig. 10",
    "The flow of the weights of a network of three neurons is drawn.",
    run,
    seeds=0,
    quick_seeds=0,
    drawn="100 starts",
)

"""Baldi, Sadowski and Lu 2018, Fig. 11: the vector field of A[1, 1, 1] with c_1 = alpha = beta = 1.

Every arrow is what one presentation changed in a circuit that had these weights. Its colour is dP/dt. The fixed points
are the two hyperbolas a_1 a_2 = 1; those that lie below the parabola a_2 = -a_1^2/c_1 are unstable. There, as everywhere
on the hyperbolas, a small displacement w = a_2 u + a_1 v grows as exp(-beta (c_1 a_2 + a_1^2) t), Eq. 33.
"""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from ..framework.experiment import Experiment, Report, Row, Settings, checks
from ..framework.figure_style import BLUE, GREY, ORANGE, RED, letter, new_figure
from ..theory.two_weight_plane import Array, Plane, draw_field, draw_hyperbolas, field, grid

HIGH = 2.5
SMALL = 1e-5  # a displacement from a fixed point


def run(settings: Settings) -> Report:
    """Run the field, small displacements from the hyperbolas, and trajectories."""
    settings.show_progress("baldi-field: arrows")
    arrows = Plane(*grid(-HIGH, HIGH, 21 if settings.quick else 27), settings.backend)
    found = arrows.arrows()
    wanted = field(*arrows.start)
    settings.show_progress("baldi-field: displacements")
    at = np.concatenate([-np.geomspace(0.4, 2.4, 30), np.geomspace(0.4, 2.4, 30)])
    exponents = displaced(at, settings.backend)
    predicted = -(1 / at + at**2)
    settings.show_progress("baldi-field: trajectories")
    traced = Plane(*starts(), settings.backend)
    rate = 5e-3 if settings.quick else 1e-3
    paths = traced.trajectory(rate, np.linspace(0, 12, 241))
    beside = traced.linear.system.solve(np.linspace(0, 12, 25))
    away = paths[::10] - np.stack([w[..., 0, 0] for w in beside], axis=1)
    turned = (exponents > 0) == (at**2 + 1 / at < 0)
    made: list[Row] = [
        ("arrows, each of one presentation", arrows.start.shape[1], ">=", 400),
        ("largest distance of an arrow from Eq. 23", float(np.abs(found - wanted).max()), "<=", 1e-11),
        ("points on the hyperbolas, displaced a little", at.size, ">=", 60),
        ("displaced points that learning leaves", int((exponents > 0).sum()), ">=", 10),
        ("displaced points that are left or regained as the parabola says", int(turned.sum()), "==", at.size),
        ("exponent of a displacement from Eq. 33, relative, the worst", relative(exponents, predicted), "<=", 0.02),
        (f"trajectories, rate {rate:g}: largest distance from SciPy", float(np.abs(away).max()), "<=", 20 * rate),
        (
            "P at the end of the trajectories, largest distance from 1",
            float(np.abs(paths[-1].prod(axis=0) - 1).max()),
            "<=",
            1e-3,
        ),
    ]
    report = Report(checks("", made), _draw(arrows, found, paths, at, exponents))
    for plane in (arrows, traced):
        plane.linear.close()
    return report


def displaced(a1: Array, backend: str) -> Array:
    """Return how much log |w| grows in t, for networks displaced from (a_1, 1/a_1) by `SMALL` in a_1."""
    plane = Plane(a1 + SMALL, 1 / a1, backend)
    rate = 1e-3
    times = np.array([0, 0.05])
    trajectory = plane.linear.trajectory(rate, times)
    w = plane.linear.system.error(trajectory)[..., 0, 0]  # alpha - beta P = -w, to first order
    plane.linear.close()
    return np.log(np.abs(w[1] / w[0])) / times[1]


def relative(found: Array, wanted: Array) -> float:
    """Return the largest difference, relative to the wanted or to 1, if that is larger."""
    return float((np.abs(found - wanted) / np.maximum(np.abs(wanted), 1)).max())


def starts() -> tuple[Array, Array]:
    """Return points around the hyperbolas, and two at the unstable one."""
    a1 = np.array([-2.3, -1.6, -0.9, 0.0, 0.8, 0.2, 1.6, 2.3, -2.4, -1.2, -0.42, -0.38, -0.1, 1.0, -2.2])
    a2 = np.array([2.3, 2.3, 2.3, 2.3, 2.3, -0.3, -0.6, -2.0, 0.4, -0.1, -2.4, -2.4, -1.5, -2.4, -2.3])
    return a1, a2


def _draw(plane: Plane, arrows: Array, paths: Array, at: Array, exponents: Array) -> Figure:
    figure = new_figure(7.4, 4.1)
    left, right = figure.subplots(1, 2, width_ratios=[1.25, 1])
    dP = plane.start[0] * arrows[1] + plane.start[1] * arrows[0]
    quiver = draw_field(left, plane, arrows, np.clip(dP, -3, 3), "PuOr", (-3, 3))
    draw_hyperbolas(left, HIGH)
    a1 = np.linspace(-HIGH, HIGH, 200)
    left.plot(a1, -(a1**2), color=RED, linewidth=1.2, label="$a_2 = -a_1^2/c_1$")
    for n in range(paths.shape[2]):
        left.plot(*paths[:, :, n].T, color=BLUE, linewidth=1.2, zorder=4)
        left.plot(*paths[0, :, n], "o", color="white", markeredgecolor=BLUE, markersize=3.2, zorder=5)
    left.plot([], [], color=BLUE, linewidth=1.2, label="circuit")
    left.set(title="one presentation, everywhere", xlabel="$a_1$", ylabel="$a_2$", aspect="equal")
    left.set(xlim=(-HIGH, HIGH), ylim=(-HIGH, HIGH))
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=4)
    bar = figure.colorbar(quiver, ax=left, shrink=0.8, ticks=[-3, 0, 3])
    bar.set_label("dP/dt")
    for side in (at < 0, at > 0):
        right.plot(at[side], -(1 / at[side] + at[side] ** 2), color=GREY, linewidth=1)
    right.plot(at, exponents, ".", color=ORANGE, markersize=4, label="circuit, displaced")
    right.plot([], [], color=GREY, label="Eq. 33")
    right.axhline(0, color="black", linewidth=0.6)
    right.set(title="growth on the hyperbolas", xlabel="$a_1$ of the fixed point", ylabel="exponent", ylim=(-7, 3))
    right.legend(loc="lower center")
    letter([left, right])
    return figure


EXPERIMENT = Experiment(
    "baldi-field",
    "Baldi, Sadowski and Lu 2018, Fig. 11",
    "The vector field of a chain of two linear units is drawn.",
    run,
    seeds=0,
    quick_seeds=0,
)

"""The figure of lansdell-estimator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from .style import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, SKY, letter, new_figure

if TYPE_CHECKING:
    from .lansdell_estimator import Course, Found

COLOURS = (SKY, BLUE, GREEN, PURPLE, ORANGE)
LINEAR = (BLUE, RED, GREEN)


def draw(found: Found, scales: Sequence[float], linear: Mapping[str, Sequence[int]]) -> Figure:
    """Relative errors against samples; for each noise, each width, and the linear networks; bias; variance."""
    figure = new_figure(7.8, 4.8)
    grid = figure.subplots(2, 3)
    _long(grid[0, 0], found.long)
    _several(grid[0, 1], {f"c = {c:g}": course for c, course in found.noises.items()}, "each noise")
    _several(grid[0, 2], {f"N = {n}": course for n, course in found.widths.items()}, "each width")
    _linear(grid[1, 0], found, linear)
    _bias(grid[1, 1], found, np.array(scales))
    _variance(grid[1, 2], found)
    letter(grid.ravel())
    return figure


def _long(ax: Axes, courses: Sequence[Course]) -> None:
    for layer, colour, label in (("h2", BLUE, "top"), ("h1", ORANGE, "lower")):
        for place, course in enumerate(courses):
            ax.loglog(course.samples, course.distance[layer], color=colour, label=label if place == 0 else None)
    top = courses[0]
    ax.loglog(top.samples, top.distance["h2"][-1] * np.sqrt(top.samples[-1] / top.samples), ":", color=GREY, label="1/√samples")
    _named(ax, "samples", "|B − Wᵀ|/|W|", "both matrices")


def _several(ax: Axes, courses: dict[str, Course], title: str) -> None:
    for (label, course), colour in zip(courses.items(), COLOURS, strict=False):
        ax.loglog(course.samples, course.distance["h2"], color=colour, label=label)
        ax.loglog(course.samples, course.distance["h1"], "--", color=colour)
    _named(ax, "samples", "", f"{title} (dashed: lower)")


def _linear(ax: Axes, found: Found, sizes: Mapping[str, Sequence[int]]) -> None:
    for (name, courses), colour in zip(found.linear.items(), LINEAR, strict=True):
        label = "-".join(map(str, sizes.get(name, sizes["narrowing"]))) + ", direct" * (name == "direct")
        for place, course in enumerate(courses):
            ax.loglog(course.samples, course.distance["h1"], color=colour, label=label if place == 0 else None)
    _named(ax, "samples", "|B − Wᵀ|/|W|", "linear: lower matrix")


def _bias(ax: Axes, found: Found, scales: np.ndarray) -> None:
    for (name, (values, bars)), colour, power in zip(found.bias.items(), (BLUE, ORANGE), (2, 1), strict=True):
        ax.errorbar(scales, values, bars, fmt="o", ms=3, color=colour, label=f"{name} noise")
        ax.plot(scales, values[-1] * (scales / scales[-1]) ** power, ":", color=colour, label=f"c{'²' * (power == 2)}")
    ax.set(xscale="log", yscale="log", xticks=scales, xticklabels=[f"{c:g}" for c in scales], xlim=(0.04, 0.5))
    ax.xaxis.set_minor_formatter(NullFormatter())
    _named(ax, "c", "", "bias / gradient")


def _variance(ax: Axes, found: Found) -> None:
    widths = np.array([*found.variance])
    values, bars = np.array([*found.variance.values()]).T
    ax.errorbar(widths, values, bars, fmt="o", ms=3, color=BLUE, label="measured")
    ax.plot(widths, widths + 1, ":", color=GREY, label="N + 1")
    ax.set(xscale="log", yscale="log")
    _named(ax, "noisy units N", "", "variance / gradient²")


def _named(ax: Axes, x: str, y: str, title: str) -> None:
    ax.set(xlabel=x, ylabel=y, title=title)
    for axis, (low, high) in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim())):
        if high > 20 * low:
            axis.set_minor_formatter(NullFormatter())
    ax.legend()

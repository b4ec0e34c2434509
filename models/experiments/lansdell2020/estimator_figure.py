"""The figure of lansdell-estimator."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from ..framework.figure_style import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, SKY, letter, mark_paper, new_figure
from .ridge_feedback import LearningCurve

COLOURS = (SKY, BLUE, GREEN, PURPLE)
#: Curves that lie upon each other are seen side by side, since the first are the widest.
WIDTHS = (4.0, 2.6, 1.3, 1.3)


@dataclass
class Found:
    """All runs, by seed where there are several; bias and variance with their error bars."""

    long: list[LearningCurve]
    noises: dict[float, LearningCurve]
    widths: dict[int, LearningCurve]
    linear: dict[str, list[LearningCurve]]
    bias: dict[str, tuple[list[float], list[float]]]
    variance: dict[int, tuple[float, float]]


def draw(found: Found, scales: Sequence[float], widening: Sequence[int], narrowing: Sequence[int]) -> Figure:
    """Draw relative errors against samples; for each noise, each width, and the linear networks; bias; variance;
    angles, signs.
    """
    figure = new_figure(7.8, 7.2)
    grid = figure.subplots(3, 3)
    _long(grid[0, 0], found.long)
    _several(grid[0, 1], {f"c = {c:g}": curve for c, curve in found.noises.items()}, "by noise (dashed: lower)")
    _several(grid[0, 2], {f"N = {n}": curve for n, curve in found.widths.items()}, "by width (dashed: lower)")
    wide, narrow = ("-".join(map(str, sizes)) for sizes in (widening, narrowing))
    _linear(grid[1, 0], found, {"widening": wide, "narrowing": narrow, "direct": f"{narrow}, direct"})
    _bias(grid[1, 1], found, np.array(scales))
    _variance(grid[1, 2], found)
    for ax in grid[:2, 0]:
        ax.set_ylabel("|B − Wᵀ|/|W|")
    _draw_ends(grid[2, 0], found.noises, "c", "Fig. 4 B: angle to gradient (°)", lambda curve, h: curve[f"{h}_angle"])
    _draw_ends(
        grid[2, 1], found.noises, "c", "Fig. 4 C: signs that agree (%)", lambda curve, h: 100 * curve[f"{h}_signs"][-1]
    )
    _draw_ends(
        grid[2, 2], found.widths, "width N", "Fig. 4 E: angle to gradient (°)", lambda curve, h: curve[f"{h}_angle"]
    )
    letter(grid.ravel())
    return figure


def _long(ax: Axes, curves: Sequence[LearningCurve]) -> None:
    for layer, colour, label in (("h2", BLUE, "top"), ("h1", ORANGE, "lower")):
        for place, curve in enumerate(curves):
            _line(ax, curve, layer, color=colour, label=label if place == 0 else None)
    samples, end = np.array(curves[0]["samples"]), curves[0]["h2_distance"][-1]
    ax.plot(samples, end * np.sqrt(samples[-1] / samples), ":", color=GREY, label="1/√samples")
    _finish(ax, "samples", "both matrices")
    ax.set_ylim(bottom=min(0.005, ax.get_ylim()[0]))
    mark_paper(ax, {"top": 0.008}, {"top": BLUE})
    ax.legend()


def _several(ax: Axes, curves: dict[str, LearningCurve], title: str) -> None:
    for (label, curve), colour, width in zip(curves.items(), COLOURS, WIDTHS, strict=False):
        _line(ax, curve, "h2", color=colour, label=label, linewidth=width)
        _line(ax, curve, "h1", color=colour, linestyle="--")
    _finish(ax, "samples", title)
    ax.set_ylim(bottom=ax.get_ylim()[0] / 5)
    ax.legend(loc="lower left", ncols=2, columnspacing=1)


def _linear(ax: Axes, found: Found, labels: dict[str, str]) -> None:
    for (name, curves), colour in zip(found.linear.items(), (BLUE, RED, GREEN), strict=True):
        for place, curve in enumerate(curves):
            _line(ax, curve, "h1", color=colour, label=labels[name] if place == 0 else None)
    _finish(ax, "samples", "linear: lower matrix")


def _bias(ax: Axes, found: Found, scales: np.ndarray) -> None:
    for (name, (values, bars)), colour, power in zip(found.bias.items(), (BLUE, ORANGE), (2, 1), strict=True):
        seen = np.array(values) > 0
        label = f"{name} noise, c{'²' * (power == 2)}"
        ax.errorbar(scales[seen], np.array(values)[seen], np.array(bars)[seen], fmt="o", ms=3, color=colour)
        ax.plot(scales, values[-1] * (scales / scales[-1]) ** power, ":", color=colour, label=label)
    _finish(ax, "c", "bias / gradient")
    ax.set_xticks(scales, [f"{c:g}" for c in scales])


def _variance(ax: Axes, found: Found) -> None:
    widths = np.array([*found.variance])
    values, bars = np.array([*found.variance.values()]).T
    ax.errorbar(widths, values, bars, fmt="o", ms=3, color=BLUE, label="measured")
    ax.plot(widths, widths + 1, ":", color=GREY, label="N + 1")
    _finish(ax, "noisy units N", "variance / gradient²")


def _draw_ends(
    ax: Axes, curves: Mapping[Any, LearningCurve], x: str, title: str, of: Callable[[LearningCurve, str], float]
) -> None:
    """Draw, for each noise or width, a number at the end, for the upper and for the lower layer."""
    for layer, colour, label in (("h2", BLUE, "top"), ("h1", ORANGE, "lower")):
        ax.plot([*curves], [of(curve, layer) for curve in curves.values()], "o-", color=colour, ms=3, label=label)
    ax.set(xlabel=x, title=title, xscale="log")
    ax.set_ylim(0, max(ax.get_ylim()[1], 20))
    ax.set_xticks([*curves], [f"{value:g}" for value in curves])
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.legend(loc="lower left" if "signs" in title else "upper left")


def _line(ax: Axes, curve: LearningCurve, layer: str, **style: Any) -> None:
    ax.plot(curve["samples"], curve[f"{layer}_distance"], **style)


def _finish(ax: Axes, x: str, title: str) -> None:
    """Set log axes; 1, 2 and 5 of each decade have labels where there are few decades."""
    ax.set(xlabel=x, title=title, xscale="log", yscale="log")
    low, high = ax.get_ylim()
    if high < 200 * low:
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter("{x:g}")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_minor_formatter(NullFormatter())
    ax.legend()

"""The figure of lansdell-autoencoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from ...data import Dataset
from ..framework.figure_style import band, letter, mean_and_error, new_figure

__all__ = ["draw"]

LearningCurves = Mapping[str, Sequence[dict[str, Any]]]


def draw(curves: LearningCurves, colours: Mapping[str, str], data: Dataset) -> Figure:
    """Draw losses by epoch; below them, of the first seed, the plane of the bottleneck and some samples with the outputs."""
    figure = new_figure(7.8, 5.6)
    places = figure.add_gridspec(3, len(curves), height_ratios=[2, 1.3, 1.5])
    losses = figure.add_subplot(places[0, :])
    for name, runs in curves.items():
        for part, dashes in (("test", "-"), ("train", "--")):
            _curve(losses, [c[part] for c in runs], colours[name], dashes, name if part == "test" else None)
    losses.set(xlabel="epoch", title="loss (dashed: training)")
    losses.xaxis.set_major_locator(MaxNLocator(integer=True))
    losses.legend(ncols=3)
    planes = [figure.add_subplot(places[1, k]) for k in range(len(curves))]
    samples = [figure.add_subplot(places[2, k]) for k in range(len(curves))]
    for plane, picture, (name, runs) in zip(planes, samples, curves.items(), strict=True):
        codes = np.array(runs[0]["codes"])
        plane.scatter(*codes.T, c=data.y_test[: len(codes)], s=1, cmap="tab10", vmin=0, vmax=9, linewidths=0)
        plane.set(title=name, xticks=[], yticks=[])
        _show(picture, np.array(runs[0]["shown"]), data)
    planes[0].set(xlabel="bottleneck, unit 1", ylabel="unit 2")
    samples[0].set_yticks((np.arange(4) + 0.5) * samples[0].get_ylim()[0] / 4, ("sample", "output", "sample", "output"))
    _key(figure)
    letter([losses, *planes])
    return figure


def _key(figure: Figure) -> None:
    """Show which colour is which digit."""
    colours = matplotlib.colormaps["tab10"]
    marks = [Line2D([], [], marker="o", linestyle="", color=colours(digit), markersize=3.5) for digit in range(10)]
    figure.legend(
        marks, [str(digit) for digit in range(10)], title="digit", loc="outside lower center", ncols=10, columnspacing=1
    )


def _curve(ax: Axes, runs: Sequence[Sequence[float]], colour: str, dashes: str, label: str | None) -> None:
    """Draw the mean, and of several runs the standard error of the mean."""
    mean, bar = mean_and_error([run[1:] for run in runs])
    x = np.arange(1, len(mean) + 1)
    ax.plot(x, mean, dashes, color=colour, label=label)
    if len(runs) > 1:
        band(ax, x, mean - bar, mean + bar, colour, "standard error")


def _show(ax: Axes, shown: NDArray[np.floating], data: Dataset) -> None:
    """Show two rows of test samples, each with what the network makes of them below."""
    side = data.shape[0]
    seen = data.x_test[: len(shown)] * data.scale + data.offset
    framed = [np.pad(image.reshape(side, -1), side // 8) for image in (*seen, *shown)]
    above, below = np.array(framed).reshape(2, 2, len(shown) // 2, *framed[0].shape)
    rows = [np.hstack([*images]) for pair in zip(above, below, strict=True) for images in pair]
    ax.imshow(np.vstack(rows), cmap="gray_r", vmin=0, vmax=1)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)

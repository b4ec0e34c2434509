"""Accuracies over epochs, as curves: the mean over seeds and its range."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .figure_style import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, SKY, band, letter, mark_paper, new_figure

#: Name of a method -> of each seed its accuracies ``train`` and ``test`` by epoch, in percent.
Curves = dict[str, list[dict[str, Any]]]
COLOURS = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, GREY, "black")


def draw_curves(
    curves: Curves,
    panels: Mapping[str, Sequence[str]],
    lowest: float | Mapping[str, float] = 80,
    paper: Mapping[str, float] | None = None,
) -> Figure:
    """Draw a column for each panel, with the runs it names: training accuracy above, test accuracy below.

    Parameters
    ----------
    curves : Curves
        The curves, as `learn` returns them.
    panels : Mapping[str, Sequence[str]]
        Title -> names of runs.
    lowest : float | Mapping[str, float]
        Where the axes of accuracies begin, in percent: one number for all panels, or title -> number.
    paper : Mapping[str, float] | None
        Test accuracies of the paper, in percent, that are marked.
    """
    figure = new_figure(2.4 * len(panels) + 0.6, 4.4 + 0.14 * max(map(len, panels.values())))
    grid = figure.subplots(
        2, len(panels), squeeze=False, sharex="col", sharey="col" if isinstance(lowest, Mapping) else True
    )
    for column, (title, names) in zip(grid.T, panels.items(), strict=True):
        for ax, part in zip(column, ("train", "test"), strict=True):
            for name, (style, colour) in zip(names, product(("-", "--", ":"), COLOURS), strict=False):
                draw_mean(ax, [run[part] for run in curves[name]], colour, name, style)
        column[0].set(title=title, ylim=(lowest[title] if isinstance(lowest, Mapping) else lowest, 100.5))
        looks = zip(names, product(("-", "--", ":"), COLOURS), strict=False)
        mark_paper(column[1], {n: v for n, v in (paper or {}).items() if n in names}, {n: look[1] for n, look in looks})
        column[1].set_xlabel("epoch")
        column[1].legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), fontsize=6.5)
    grid[0, 0].set(ylabel="training accuracy (%)")
    grid[1, 0].set_ylabel("test accuracy (%)")
    letter(grid[0])
    return figure


def draw_mean(ax: Axes, runs: Sequence[Sequence[float]], colour: str, label: str, style: str = "-") -> None:
    """Draw the mean over runs, and their range as a band."""
    values = np.array(runs)
    epochs = np.arange(1, values.shape[1] + 1)
    ax.plot(epochs, values.mean(axis=0), color=colour, linestyle=style, label=label, linewidth=1)
    if len(values) > 1:
        band(ax, epochs, values.min(axis=0), values.max(axis=0), colour)

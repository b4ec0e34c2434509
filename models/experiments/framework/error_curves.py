"""Training and test errors of image methods over epochs, as curves."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator

from .experiment import Settings
from .figure_style import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, SKY, letter, mark_paper, new_figure
from .image_training import Runs

COLOURS = (BLUE, SKY, GREEN, RED, PURPLE, ORANGE, GREY, "black", "#9ecae1")


def titled(title: str, settings: Settings) -> str:
    """Return a title; of a quick run, what was shown there."""
    return "small, on digits" if settings.quick else title


def draw_errors(
    runs: Runs,
    title: str,
    figure: Figure | SubFigure | None = None,
    rows: Collection[str] = (),
    paper: Mapping[str, float] | None = None,
) -> Any:
    """Draw training and test error by epoch, in percent, as means over seeds.

    Parameters
    ----------
    runs : mapping
        The runs by method.
    title : str
        The title.
    figure : Figure or SubFigure, optional
        The figure that is drawn into.
    rows : collection of str
        The names of all methods, so that each has its own colour.
    paper : mapping of str to float, optional
        The test errors of the paper, as shares. They are marked.
    """
    figure = new_figure(6.6, 3.0) if figure is None else figure
    axes = figure.subplots(1, 2, sharey=True)
    for ax, part in zip(axes, ("train", "test"), strict=True):
        for name, found in runs.items():
            k = [*(rows or runs)].index(name)
            mean = 100 * np.mean([run[part] for run in found], axis=0)
            style = "--" if "untied" in name else ":" if k >= len(COLOURS) else "-"
            ax.plot(np.arange(1, len(mean) + 1), mean, style, color=COLOURS[k % len(COLOURS)], label=name)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set(xlabel="epoch", title=f"{title}: {part} error")
    axes[0].set(ylabel="wrong (%)", ylim=(0, None))
    colours = {name: COLOURS[k % len(COLOURS)] for k, name in enumerate(rows or runs) if name in runs}
    mark_paper(axes[1], {name: 100 * value for name, value in (paper or {}).items()}, colours)
    axes[1].legend(fontsize=6.5, ncols=1 + len(runs) // 8)
    letter(list(axes))
    return figure

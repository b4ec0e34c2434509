"""The style of the figures: sizes in inches for a page, few lines, and colours that colour-blind people distinguish."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter
from numpy.typing import ArrayLike, NDArray

# Okabe and Ito
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, GREY = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#777777",
)  # fmt: skip

#: Four steps from light to dark, for epsilon = 0, .25, .5, 1.
STEPS = ("#9ecae1", "#4f9bcb", "#1f6aa8", "#08306b")

STYLE: Any = {
    "figure.dpi": 100,
    "savefig.dpi": 200,
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.labelsize": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "axes.titlelocation": "left",
    "lines.linewidth": 1.3,
    "legend.frameon": False,
    "legend.fontsize": 7.5,
    "legend.handlelength": 1.6,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "xtick.minor.width": 0.5,
    "ytick.minor.width": 0.5,
}


@contextmanager
def styled() -> Iterator[None]:
    """Set the style, for as long as a figure is made and saved."""
    with matplotlib.rc_context(STYLE):
        yield


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure, in inches, with no window and constrained layout."""
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.06, h_pad=0.07)  # type: ignore[union-attr]
    return figure


def letter(axes: Sequence[Axes]) -> None:
    """Write letters a, b, c, ... before the titles."""
    for place, ax in enumerate(axes):
        ax.set_title(f"{'abcdefghijklmnopqrstuvwxyz'[place]}   {ax.get_title(loc='left')}", loc="left")


def band(ax: Axes, x: ArrayLike, low: ArrayLike, high: ArrayLike, colour: str, says: str = "range of the runs") -> None:
    """Draw a band around a curve. The legend says once, after the curves so far, what the bands are."""
    ax.fill_between(x, low, high, color=colour, alpha=0.2, linewidth=0)
    for line in [line for line in ax.lines if line.get_label() == says]:
        line.remove()
    ax.plot([], [], color=GREY, alpha=0.3, linewidth=5, label=says)


def mean_and_error(runs: ArrayLike) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Return the mean over runs, and its standard error: the runs' standard deviation sd over sqrt(n), 0 for a single run.

    sd^2 is the sum of the squared distances from the mean over n - 1.

    Parameters
    ----------
    runs : ArrayLike
        A row for each of the n runs.
    """
    values = np.asarray(runs, float)
    n = len(values)
    spread = values.std(axis=0, ddof=1) if n > 1 else np.zeros(values.shape[1:])
    return values.mean(axis=0), spread / np.sqrt(n)


def plain_decades(ax: Axes) -> None:
    """Put numbers such as 0.2, 0.5 and 20 at a logarithmic y-axis, in place of powers of ten."""
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter("{x:g}")
    ax.yaxis.set_minor_formatter(NullFormatter())


def mark_paper(ax: Axes, values: Mapping[str, float], colours: Mapping[str, str]) -> None:
    """Draw a mark at the right edge for each value of the paper that lies on the axis, in the colour of its curve.

    Call it when the limits of the axis are what they stay at; the legend says what the marks are.
    """
    low, high = ax.get_ylim()
    shown = {name: value for name, value in values.items() if name in colours and low <= value <= high}
    for name, value in shown.items():
        ax.plot(1.02, value, "<", color=colours[name], markersize=4, transform=ax.get_yaxis_transform(), clip_on=False)
    if shown:
        ax.plot([], [], "<", color=GREY, markersize=4, label="the paper")

"""The figure of `lillicrap-online`: a panel for each of its statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..framework.figure_style import GREEN, GREY, ORANGE, PURPLE, SKY, band, letter, new_figure, plain_decades
from .online_runs import Found, StudentNetwork, needed

Looks = Mapping[str, tuple[str, str]]

ALIKE: Looks = {"minibatches of 100": (GREY, "-"), "single samples": (GREEN, "-")}
MODULATORS: Looks = {"one modulator for each unit": (GREY, "-"), "one modulator for 10 units": (GREEN, "--")}
WEIGHTS: Looks = {
    "BP, usual weights": (GREY, "-"),
    "BP, small weights": ("black", "-"),
    "FA, usual weights": (SKY, "-"),
    "FA, small weights": (GREEN, "--"),
}
DIGITS: Looks = {
    "digits, minibatches of 100": (GREY, "-"),
    "digits, single samples": (GREEN, "-"),
    "digits, one modulator for 10 units": (ORANGE, "--"),
}
LAYERS: Looks = {"3 hidden layers, BP": (GREY, "-"), "3 hidden layers, FA": (GREEN, "-")}


def draw(found: Found, students: Mapping[str, StudentNetwork], units: Sequence[int], half: float) -> Figure:
    """Draw the courses of all networks, means over seeds, and how long learning takes as networks grow."""
    figure = new_figure(9.6, 5.2)
    grid = figure.subplots(2, 3)
    (alike, many, digits), (layers, small, growing) = grid
    _draw_curves(alike, found, students, ALIKE, "samples")
    _draw_curves(many, found, students, MODULATORS, "minibatches")
    _draw_curves(small, found, students, WEIGHTS, "minibatches")
    _epochs(digits, found, DIGITS, "test")
    digits.set_xscale("log")
    _epochs(layers, found, LAYERS, "train")
    for method, colour in (("reward", PURPLE), ("FA", GREEN)):
        _draw_growing_networks(growing, found, students, method, colour, units, half)
    titles = ("single samples", "modulators", "digits", "three hidden layers", "small initial weights", "size")
    for ax, title in zip(grid.flat, titles, strict=True):
        ax.set_title(title)
        ax.legend(fontsize=6.5)
    letter(list(grid.flat))
    return figure


def _draw_curves(ax: Axes, found: Found, students: Mapping[str, StudentNetwork], looks: Looks, unit: str) -> None:
    """Draw the NSE of runs on the teacher's task, against samples or minibatches."""
    for name, (colour, style) in looks.items():
        student, runs = students[name], np.array([run["nse"] for run in found[name]])
        x = student.part * (np.arange(runs.shape[1]) + 1) * (student.batch_size if unit == "samples" else 1)
        ax.plot(x, runs.mean(axis=0), style, color=colour, label=name, linewidth=1.1)
        band(ax, x, runs.min(axis=0), runs.max(axis=0), colour)
    ax.set(xlabel=unit, ylabel="NSE", yscale="log", xscale="log" if unit == "samples" else "linear")
    plain_decades(ax)


def _epochs(ax: Axes, found: Found, looks: Looks, part: str) -> None:
    """Draw the errors of runs on images after each epoch."""
    for name, (colour, style) in looks.items():
        mean = np.mean([run[part] for run in found[name]], axis=0)
        ax.plot(
            np.arange(1, len(mean) + 1),
            mean,
            style,
            color=colour,
            label=name.removeprefix("digits, ").removeprefix("3 hidden layers, "),
        )
    ax.set(xlabel="epoch", ylabel=f"{'training' if part == 'train' else part} error (%)", ylim=(0, None))


def _draw_growing_networks(
    ax: Axes,
    found: Found,
    students: Mapping[str, StudentNetwork],
    method: str,
    colour: str,
    units: Sequence[int],
    half: float,
) -> None:
    """Draw the minibatches that a method needs, against the size of the network."""
    names = [f"{method}, {n} units" for n in units]
    times = [[needed(run["nse"], half, students[name].part) for run in found[name]] for name in names]
    label = "global reward" if method == "reward" else method
    ax.errorbar(
        units, np.mean(times, axis=1), np.std(times, axis=1), color=colour, marker="o", markersize=4, label=label
    )
    ax.set(xlabel="units in each layer", ylabel="minibatches to an NSE of .5", xscale="log", yscale="log")
    ax.set_xticks(units, [str(n) for n in units])
    ax.set_yticks((10, 20, 50, 100, 200), ("10", "20", "50", "100", "200"))
    ax.minorticks_off()

"""The figure of amit-circuit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..framework.figure_style import BLUE, GREEN, GREY, ORANGE, RED, letter, new_figure

if TYPE_CHECKING:
    from .hinge_units import Grid, Run

COLOURS = {"printed": RED, "hysteresis": BLUE, "delay": GREEN}
TITLES = {"printed": "as printed", "hysteresis": "t with hysteresis", "delay": "t sees o late"}


def draw(cases: Mapping[float, Run], grid: Grid, timed: Mapping[str, Mapping[int, Run]], shown: int) -> Figure:
    """Draw the four cases; the circuit with time constants and its repairs; read-out, mean, lowest o, period."""
    figure = new_figure(7.8, 5.8)
    places = figure.add_gridspec(3, 12)
    top = [figure.add_subplot(places[0, 3 * i : 3 * i + 3]) for i in range(4)]
    middle = [figure.add_subplot(places[1, 4 * i : 4 * i + 4]) for i in range(3)]
    low = [figure.add_subplot(places[2, 3 * i : 3 * i + 3]) for i in range(4)]
    _cases(top, cases)
    for ax, (name, runs) in zip(middle, timed.items(), strict=True):
        _trace(ax, runs[shown], f"{TITLES[name]}, τ/dt = {shown}")
    middle[0].set_ylabel("o, t  (s = +1, h > S)")
    _read_out(low[0], grid)
    _against_ratio(low[1:], timed)
    letter([*top, *middle, *low])
    top[0].legend(loc="center right")
    low[1].legend(loc="lower right", labelspacing=0.3)
    return figure


def _cases(axes: list[Axes], cases: Mapping[float, Run]) -> None:
    learns, shut = min(cases), max(cases)
    panels = (
        (learns, 0, "s = +1, h ≤ S"),
        (shut, 0, "s = +1, h > S"),
        (learns, 1, "s = −1, h ≥ −S"),
        (shut, 1, "s = −1, h < −S"),
    )
    for ax, (h, unit, title) in zip(axes, panels, strict=True):
        run = cases[h]
        ax.axhline(0, color=GREY, linewidth=0.5)
        ax.step(range(len(run.o)), run.o[:, unit], where="mid", color=BLUE, label="o", linewidth=1.6)
        ax.step(range(len(run.t)), run.t[:, unit], where="mid", color=ORANGE, linestyle="--", label="t")
        ax.set(title=title, xlabel="step", xticks=range(0, 9, 2), xlim=(-0.5, 8.5))
        ax.set(ylim=(-0.15, 1.25) if unit == 0 else (-1.15, 0.15), yticks=[0, 0.5, 1] if unit == 0 else [-1, -0.5, 0])
    axes[0].set_ylabel("o, t  (dt = τ)")


def _trace(ax: Axes, run: Run, title: str) -> None:
    time = np.arange(len(run.o)) / run.ratio
    ax.axhline(0, color=GREY, linewidth=0.5)
    ax.plot(time, run.o[:, 0], color=BLUE, linewidth=1.6)
    ax.plot(time, run.t[:, 0], color=ORANGE, linestyle="--")
    ax.set(title=title, xlabel="time / τ", xlim=(0, 45), ylim=(-0.15, 1.25), yticks=[0, 0.5, 1])


def _read_out(ax: Axes, grid: Grid) -> None:
    """Draw the error that is read out, and where Eq. 4 has its steps."""
    seen = grid.inside & (np.abs(grid.h) <= 3)
    order = np.argsort(grid.h[seen])
    h = grid.h[seen][order]
    for unit, (colour, name) in enumerate(((BLUE, "s = +1"), (GREEN, "s = −1"))):
        ax.plot(h, grid.held[seen][order][:, unit], ".", color=colour, markersize=3)
        ax.text(-2.9 if unit == 0 else 2.9, 0.86 if unit == 0 else -0.27, name, color=colour, fontsize=7.5,
                ha="left" if unit == 0 else "right")  # fmt: skip
    ax.set(title="o read out", xlabel="h", ylabel="o", ylim=(-0.3, 1.15), xticks=[-3, -1, 1, 3], yticks=[0, 0.5, 1])


def _against_ratio(axes: list[Axes], timed: Mapping[str, Mapping[int, Run]]) -> None:
    for name, runs in timed.items():
        ratios = list(runs)
        for ax, what in zip(axes, ("mean", "low", "period"), strict=True):
            ax.plot(ratios, [getattr(r.cycles[+1], what) for r in runs.values()], "o-",
                    color=COLOURS[name], markersize=3, label=TITLES[name])  # fmt: skip
    axes[0].axhline(0.5, color=GREY, linewidth=0.8, linestyle=":")
    for ax, title in zip(axes, ("mean of o / (1 + e)", "lowest o / (1 + e)", "period / τ"), strict=True):
        ax.set(title=title, xlabel="τ/dt", xscale="log", ylim=(0, None))
        ax.minorticks_off()
        ax.set_xticks([1, 10, 100], ["1", "10", "100"])
    axes[0].set_ylim(0, 1.05)
    axes[1].set_ylim(-0.03, 1.05)

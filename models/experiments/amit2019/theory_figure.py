"""The figure of amit-theory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..framework.figure_style import BLUE, GREY, ORANGE, STEPS, letter, new_figure
from .theory_runs import Depth

HOLDS, BROKEN = 4, 7  # the modes of k = 3 that are drawn
LEAST = 1e-6  # of e
SOON = {HOLDS: 30, BROKEN: 60}  # until when the lambdas are drawn


def draw(depths: Mapping[int, Depth], epsilons: Sequence[float]) -> Figure:
    """Draw e by depth; what grows with epsilon; Theorem 2's condition broken; convergence with the rate."""
    figure = new_figure(7.6, 6.9)
    axes = figure.subplots(3, 3)
    for ax, (k, depth) in zip(axes[0], depths.items(), strict=False):
        _errors(ax, k, depth, epsilons)
    for ax in axes[0][len(depths) :]:
        ax.axis("off")
    three = depths[3]
    for place, ax in enumerate(axes[1]):
        name = rf"$\lambda_{place + 1}$"
        _lambda(ax, three, place, HOLDS, epsilons, f"{name}, k = 3, condition holds", name)
    _scaled(axes[2, 0], three, epsilons)
    _lambda(axes[2, 1], three, 1, BROKEN, epsilons, r"$\lambda_2$, k = 3, condition broken", r"$\lambda_2$")
    _convergence(axes[2, 2], depths)
    letter([ax for ax in axes.flat if ax.axison])
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=6)
    return figure


def _errors(ax: Axes, k: int, depth: Depth, epsilons: Sequence[float]) -> None:
    mode = HOLDS
    done = np.argmax(depth.finest[0].e[:, mode] < LEAST)
    for colour, epsilon, trajectory in zip(STEPS, epsilons, depth.finest, strict=True):
        exact = depth.system.lam_t[mode] - depth.exact[epsilon][:, :, mode].prod(axis=1)
        label = rf"$\epsilon$ = {epsilon:g}"
        ax.semilogy(trajectory.times, np.maximum(trajectory.e[:, mode], 1e-12), color=colour, label=label)
        dots = slice(None, None, _apart(depth, 1.05 * depth.finest[0].times[done]))
        ax.semilogy(depth.times[dots], np.maximum(exact, 1e-12)[dots], ".", color="black", markersize=2.5)
    ax.plot([], [], ".", color="black", markersize=2.5, label="SciPy")
    ax.set(title=f"k = {k}", xlabel="t = rate × presentations", ylabel="e, one mode", ylim=(LEAST, 2))
    ax.set_xlim(0, 1.05 * depth.finest[0].times[done])


def _apart(depth: Depth, until: float) -> int:
    """Return every how many of SciPy's times a dot is drawn: some 25 in a panel."""
    return max(1, round(until / depth.times[1] / 25))


def _lambda(ax: Axes, depth: Depth, place: int, mode: int, epsilons: Sequence[float], title: str, ylabel: str) -> None:
    for colour, epsilon, trajectory in zip(STEPS, epsilons, depth.finest, strict=True):
        ax.plot(trajectory.times, trajectory.lam[:, place, mode], color=colour)
        dots = slice(None, None, _apart(depth, SOON[mode]))
        ax.plot(depth.times[dots], depth.exact[epsilon][dots, place, mode], ".", color="black", markersize=2.5)
    ax.set(title=title, xlabel="t", ylabel=ylabel, xlim=(0, SOON[mode]), ylim=(0, None))


def _scaled(ax: Axes, depth: Depth, epsilons: Sequence[float]) -> None:
    for colour, epsilon, trajectory in zip(STEPS, epsilons, depth.finest, strict=True):
        ax.plot(trajectory.times, np.sqrt(epsilon) * trajectory.lam[:, 2, HOLDS], color=colour)
    name = r"$\sqrt{\epsilon}\,\lambda_3$"
    ax.set(title=f"{name}, k = 3, condition holds", xlabel="t", ylabel=name, xlim=(0, SOON[HOLDS]))


def _convergence(ax: Axes, depths: Mapping[int, Depth]) -> None:
    """Draw the convergence: both halve with the rate, and the dashed line has the slope 1."""
    for marker, (k, depth) in zip("os^", depths.items(), strict=False):
        ax.loglog(depth.rates, depth.gaps(1.0), marker=marker, markersize=4, color=BLUE)
        ax.loglog(depth.rates, depth.drifts(1.0), marker=marker, markersize=4, color=ORANGE)
        ax.plot([], [], marker, color=GREY, markersize=4, label=f"k = {k}")
    rates = np.array(next(iter(depths.values())).rates)
    ax.loglog(rates, rates * 0.06, color=GREY, linestyle="--", linewidth=0.8, label="slope 1")
    ax.plot([], [], color=BLUE, label=r"$\lambda$ from SciPy")
    ax.plot([], [], color=ORANGE, label="drift, Eq. 17")
    ax.set(title=r"circuit as the rate $\to$ 0", xlabel="rate", ylabel=r"largest, $\epsilon$ = 1")
    ax.set_xticks(rates, [f"{rate:g}" for rate in rates])
    ax.minorticks_off()
    low, high = ax.get_ylim()
    ax.set_ylim(low, high * 12)
    ax.legend(loc="upper left", ncols=2, columnspacing=1, handlelength=1.2)

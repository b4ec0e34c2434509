"""The figures of the measurements."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from benchmarks.report import TITLES
from recircuit.models.experiments.framework.figure_style import BLUE, GREY, ORANGE, new_figure, styled


def bars(findings: dict[str, Any], path: Path) -> None:
    """Draw the presentations a second of everyone, a panel for each case, with its ceiling."""
    with styled():
        figure = new_figure(7.2, 5.4)
        axes = figure.subplots(2, 2)
        for ax, case in zip(axes.flat, findings["cases"]):
            _bar(ax, case)
        figure.savefig(path)


def _bar(ax: Axes, case: dict[str, Any]) -> None:
    rows = sorted(case["rows"], key=lambda row: row["presentations_per_second"])
    labels = [row["label"] for row in rows]
    rates = [row["presentations_per_second"] for row in rows]
    bars = ax.barh(labels, rates, color=[BLUE if row["name"] == "recircuit" else GREY for row in rows], height=0.7)
    ax.bar_label(bars, [f"{rate:,.0f}" for rate in rates], padding=2, fontsize=6.5)
    ceiling = case["ceiling"]["presentations_per_second"]
    ax.axvline(ceiling, color=ORANGE, linestyle="--", linewidth=1)
    ax.set_xlim(0, 1.15 * max([ceiling, *rates]))
    ax.set_title(f"B = {case['batch_size']}, {TITLES[case['mode']]}")
    ax.set_xlabel("presentations/s (dashed: ceiling)")


# ---- lines over one thing that grows ---------------------------------------------------------------------------------


def panels(series: dict[str, list[dict[str, Any]]], path: Path) -> None:
    """Draw the seconds per presentation of all batch elements over width, depth, batch size and steps, with the
    straight line.
    """
    with styled():
        figure = new_figure(7.2, 5.0)
        for ax, (name, rows) in zip(figure.subplots(2, 2).flat, series.items()):
            places = [row[name] for row in rows]
            ax.loglog(places, [1e3 * row["seconds"] for row in rows], "o-", color=BLUE, label="measured", markersize=3)
            ax.loglog(places, [1e3 * row["line"] for row in rows], "--", color=GREY, label="straight line")
            ax.set_xticks(places, map(str, places))
            ax.yaxis.set_major_formatter("{x:g}")
            ax.minorticks_off()
            ax.set_xlabel(name)
            ax.set_ylabel("ms a presentation")
            ax.legend()
        figure.savefig(path)

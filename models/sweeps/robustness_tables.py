"""What rules reach in circuits that are worse than they were made, as a table (Markdown, CSV, JSON) and as a figure."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
from matplotlib.figure import Figure

from ..runs.result_file import finite
from .circuit_specs import Task
from .comparison_tables import name_rows
from .rule_robustness import IDEAL, Impaired
from .summary_tables import csv_text

__all__ = ["as_csv", "as_figure", "as_json", "as_markdown"]

NAMES = {"jitter": "jitter", "noise": "noise", "grid": "weights in steps of", "delay": "delay"}
COLUMNS = (
    "Mean test errors over the seeds, in percent; a dash stands for a circuit that diverged. Jitter is the standard "
    "deviation of the length of each part of a presentation, relative to its length. Noise is the standard deviation of what "
    "arrives at each unit in each step, besides its signals. Weights in steps are rounded by chance after each update. A delay "
    "is a number of steps, for all signals; phases are longer by as much."
)


def as_csv(found: Sequence[Impaired]) -> str:
    """Return a row for each run."""
    return csv_text([asdict(one) for one in found])


def as_json(found: Sequence[Impaired], task: Task) -> str:
    """Return the task and all runs. The error of a circuit that diverged is null."""
    contents = {"task": task.facts(), "runs": [asdict(one) for one in found]}
    return json.dumps(finite(contents), indent=1) + "\n"


def as_markdown(found: Sequence[Impaired], task: Task) -> str:
    """Return a table with a row for each rule, and a line on the task above it and on the columns below it."""
    seeds = len({one.seed for one in found})
    rules, columns, errors = _grid(found)
    lines = [
        task.in_words(seeds),
        "",
        f"| rule | {' | '.join(_heading(*column) for column in columns)} |",
        "| --- |" + " ---: |" * len(columns),
    ]
    for rule, row in zip(rules, errors, strict=True):
        lines.append(f"| {rule} | {' | '.join(_percent(error) for error in row)} |")
    return "\n".join([*lines, "", COLUMNS, ""])


def as_figure(found: Sequence[Impaired], task: Task) -> Figure:
    """Draw the test error of each rule in each circuit as a colour, with its number."""
    rules, columns, errors = _grid(found)
    figure = Figure(figsize=(2.6 + 1.05 * len(columns), 2 + 0.3 * len(rules)), layout="constrained")
    axes = figure.subplots()
    axes.imshow(np.nan_to_num(errors, nan=1.0), aspect="auto", cmap="viridis_r", vmin=0, vmax=1)
    for (row, column), error in np.ndenumerate(errors):
        dark = math.isnan(error) or error > 0.45
        axes.text(column, row, _percent(error), ha="center", va="center", color="w" if dark else "k", fontsize=8)
    axes.set_xticks(
        range(len(columns)),
        [_heading(*column).replace("weights in ", "weights\nin ").replace(" of ", "\nof ") for column in columns],
    )
    name_rows(axes, rules)
    axes.set_title(f"test error (%) on {task.data.name} after {task.epochs} epochs; a dash: it diverged")
    return figure


def _grid(found: Sequence[Impaired]) -> tuple[list[str], list[tuple[str, float]], np.ndarray]:
    """Return rules, columns, and the mean errors, which are NaN where a seed diverged."""
    rules = list(dict.fromkeys(one.rule for one in found))
    columns = list(dict.fromkeys((one.axis, one.value) for one in found))
    errors = np.array(
        [
            [statistics.fmean(e.test_error for e in found if (e.rule, e.axis, e.value) == (rule, *c)) for c in columns]
            for rule in rules
        ]
    )
    return rules, columns, errors


def _heading(axis: str, value: float) -> str:
    return axis if axis == IDEAL else f"{NAMES[axis]} {value:.3g}"


def _percent(error: float) -> str:
    return "-" if math.isnan(error) else f"{100 * error:.1f}"

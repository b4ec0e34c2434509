"""A comparison of rules as a table over seeds (Markdown, CSV, JSON) and as a figure."""

from __future__ import annotations

import json
import math
import statistics
import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..runs.result_file import finite
from .circuit_specs import Task
from .rule_comparison import Compared
from .summary_tables import csv_text

__all__ = ["as_csv", "as_figure", "as_json", "as_markdown", "name_rows", "over_seeds"]

Row = dict[str, Any]
COLUMNS = (
    "Angles are in degrees, between the update of a batch and minus the gradient of the loss, by all weights on the "
    "way from the stimulus to the answer. Multiplications and time are of one sample that is learned; memory is that "
    "of the synapse that keeps most. A dash stands for a value that does not exist, for instance where a circuit "
    "diverged; angles are means over the seeds that have one. Every rule learns with its own rate: a name with its "
    "default, a circuit in a file with that of the file."
)


def over_seeds(found: Sequence[Compared]) -> list[Row]:
    """Return a row for each rule: means over the seeds, and the standard deviation of the test error.

    The number of presentations is the mean over the seeds that reached the wanted error; `reached` is the number of these
    seeds.
    """
    rows = []
    for rule in dict.fromkeys(one.rule for one in found):
        group = [one for one in found if one.rule == rule]
        reached = [float(one.presentations) for one in group if one.presentations is not None]
        errors = [one.test_error for one in group]
        rows.append(
            {
                "rule": rule, "seeds": len(group), "test_error": _mean(errors),
                "test_error_sd": statistics.stdev(errors) if len(errors) > 1 and np.isfinite(errors).all() else math.nan,
                "presentations": _mean(reached), "reached": len(reached), "loss": group[0].loss,
                "angle_first": _mean_of_known([one.angle_first for one in group]),
                "angle_last": _mean_of_known([one.angle_last for one in group]),
                "multiplications": group[0].multiplications, "milliseconds": _mean([one.milliseconds for one in group]),
                "local": group[0].local, "bytes_of_synapse": group[0].bytes_of_synapse, "phases": group[0].phases,
                "steps": group[0].steps,
            }
        )  # fmt: skip
    return rows


def as_csv(found: Sequence[Compared]) -> str:
    """Return the runs as CSV: a row for each rule and seed."""
    return csv_text([asdict(one) for one in found])


def as_json(found: Sequence[Compared], task: Task) -> str:
    """Return the task, the rows over the seeds, and all runs as JSON. A number that does not exist is null."""
    contents = {
        "task": task.facts() | {"wanted_error": task.wanted_error},
        "rules": over_seeds(found),
        "runs": [asdict(one) for one in found],
    }
    return json.dumps(finite(contents), indent=1) + "\n"


def as_markdown(found: Sequence[Compared], task: Task) -> str:
    """Return a table over the seeds in Markdown, with a line about the task above it and a line about the columns below it."""
    shown = len({one.seed for one in found})
    lines = [
        task.in_words(shown),
        "",
        f"| rule | test error (%) | samples to {task.wanted_error:.0%} | angle at first (degrees) | "
        "angle at last (degrees) | loss | local | phases | steps | multiplications | time (ms) | memory (bytes) |",
        "| --- |" + " ---: |" * 4 + " --- | --- |" + " ---: |" * 5,
    ]
    for row in over_seeds(found):
        sd = "" if math.isnan(row["test_error_sd"]) else f" ± {100 * row['test_error_sd']:.1f}"
        sd += f" ({row['seeds']} {'seed' if row['seeds'] == 1 else 'seeds'})" if row["seeds"] < shown else ""
        some = f"{row['presentations']:,.0f}" if row["reached"] else "-"
        some += f" ({row['reached']} of {row['seeds']})" if 0 < row["reached"] < row["seeds"] else ""
        angles = " | ".join(_or_dash(row[key], 1) for key in ("angle_first", "angle_last"))
        lines.append(
            f"| {row['rule']} | {_or_dash(100 * row['test_error'], 1)}{sd} | {some} | {angles} | {row['loss']} | "
            f"{'yes' if row['local'] else 'no'} | {row['phases']} | {row['steps']} | {row['multiplications']:,} | "
            f"{_or_dash(row['milliseconds'], 2)} | {row['bytes_of_synapse']:.0f} |"
        )
    return "\n".join([*lines, "", COLUMNS, ""])


def as_figure(found: Sequence[Compared], task: Task) -> Figure:
    """Draw test errors, and angles before and after training, of each rule."""
    rows = over_seeds(found)
    places = np.arange(len(rows))
    figure = Figure(figsize=(10, 1.6 + 0.32 * len(rows)), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    left.barh(
        places,
        [100 * row["test_error"] for row in rows],
        xerr=[100 * row["test_error_sd"] for row in rows],
        color="0.7",
    )
    left.set(xlabel="test error (%)", title=f"{task.data.name}, {task.epochs} epochs")
    name_rows(left, [row["rule"] for row in rows])
    left.set_ylim(len(rows) - 0.4, -0.6)
    for place in (k for k, row in enumerate(rows) if math.isnan(row["test_error"])):
        left.text(0, place, " diverged", va="center")
    for key, name, marker in (("angle_first", "before", "o"), ("angle_last", "after", "s")):
        right.plot([row[key] for row in rows], places, marker, label=f"{name} training")
    right.axvline(90, color="0.8", zorder=0)
    right.set(xlabel="angle to the gradient (degrees)", xlim=(0, None))
    right.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return figure


def name_rows(axes: Axes, rules: Sequence[str]) -> None:
    """Name the rows of a figure by rules, without their folders. A long name takes several small lines.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The axes whose rows are named.
    rules : Sequence[str]
        The rules, from the first row on.
    """
    names = [rule.rpartition("/")[2] for rule in rules]
    wrapped = ["\n".join(textwrap.wrap(name.replace(",", ", "), 52)) if len(name) > 52 else name for name in names]
    axes.set_yticks(range(len(names)), wrapped)
    for label in axes.get_yticklabels():
        if "\n" in label.get_text():
            label.set_fontsize(6)


def _or_dash(value: float, digits: int) -> str:
    """Return a number, or a dash where there is none, since the circuit diverged."""
    return "-" if math.isnan(value) else f"{value:.{digits}f}"


def _mean(values: Sequence[float]) -> float:
    return statistics.fmean(values) if values else math.nan


def _mean_of_known(values: Sequence[float]) -> float:
    """Return the mean of the values that exist: a circuit without a gradient, or that diverged, has no angle."""
    return _mean([value for value in values if not math.isnan(value)])

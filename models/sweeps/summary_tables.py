"""The results of a sweep as two tables: a row for each run, and mean and standard deviation over the seeds."""

from __future__ import annotations

import csv
import io
import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .jobs import Job, Result

__all__ = ["Line", "Summary", "csv_text", "lines", "summaries"]

Row = dict[str, Any]
#: The columns of the last epoch that do not describe the circuit.
LEFT_OUT = ("epoch", "seconds", "presentations_per_second")


@dataclass(frozen=True)
class Line:
    """A run, or one check of an experiment's run.

    Parameters
    ----------
    variant : dict
        The variant that was run.
    seed : int or None
        The seed of the run.
    measured : dict
        The numbers that were measured.
    outcome : dict
        Whether the run diverged, and how long it took.
    """

    variant: Row
    seed: int | None
    measured: Row
    outcome: Row

    def row(self) -> Row:
        """Return the row of the table."""
        return self.variant | {"seed": self.seed} | self.measured | self.outcome


@dataclass(frozen=True)
class Summary:
    """A variant, over its runs.

    Parameters
    ----------
    variant : dict
        The variant.
    runs, diverged : int
        The number of runs, and of those that diverged.
    holds : int or None
        The number of runs in which the check holds. It is None for trainings.
    measured : mapping of str
        For each number that was measured, its mean and standard deviation. Each is None where it does not exist.
    """

    variant: Row
    runs: int
    diverged: int
    holds: int | None
    measured: Mapping[str, tuple[float | None, float | None]]

    def row(self) -> Row:
        """Return the row of the table."""
        made = self.variant | {"runs": self.runs, "diverged": self.diverged}
        for name, (mean, sd) in self.measured.items():
            made |= {f"{name}_mean": mean, f"{name}_sd": sd}
        return made if self.holds is None else made | {"holds": self.holds}


def lines(jobs: Sequence[Job], results: Mapping[str, Result]) -> list[Line]:
    """Return the finished runs in the order of the jobs; `results` are by the jobs' keys."""
    varied, rules = _varied(jobs), _rules_by_file(jobs)
    return [
        line
        for job in jobs
        if job.key in results
        for line in _lines(_variant(job, varied, rules), job, results[job.key])
    ]


def summaries(of: Sequence[Line]) -> list[Summary]:
    """Return a summary for each variant."""
    groups: dict[str, list[Line]] = {}
    for line in of:
        groups.setdefault(json.dumps(line.variant, sort_keys=True), []).append(line)
    return [_summary(group) for group in groups.values()]


def csv_text(rows: Sequence[Row]) -> str:
    """Return rows as the content of a .csv file, numbers with six digits."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(names)
    table.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return text.getvalue()


def _varied(jobs: Sequence[Job]) -> list[str]:
    """Return the rule, or the experiment, and the options in which jobs differ."""
    always = "id" if jobs and jobs[0].kind == "reproduce" else "rule"
    names = dict.fromkeys(name for job in jobs for name in job.options)
    differ = [n for n in names if len({str(job.options.get(n)) for job in jobs}) > 1]
    return [always, *(n for n in differ if n not in (always, "equations"))]


def _variant(job: Job, varied: Sequence[str], rules: Mapping[str, str]) -> Row:
    """Return the variant of a job. Rules of the same name are named with their files."""
    found = {name: job.options.get(name) for name in varied}
    with_file = rules.get(str(job.where.get("rule")))
    return found if with_file is None else found | {"rule": with_file}


def _rules_by_file(jobs: Sequence[Job]) -> dict[str, str]:
    """Return, for rules that share a name, the whole path of each, and the end of the path by which they differ."""
    files: dict[Any, dict[Any, str]] = {}
    for job in jobs:
        if "equations" in job.options:
            files.setdefault(job.options["rule"], {})[job.options["equations"]] = str(job.where["rule"])
    return {whole: tail for same in files.values() if len(same) > 1 for whole, tail in _tails(list(same.values()))}


def _tails(paths: Sequence[str]) -> list[tuple[str, str]]:
    """Return paths, each with the shortest end by which they differ."""
    parts = [path.split("/") for path in paths]
    length = next(
        n for n in range(1, 1 + max(map(len, parts))) if len({tuple(p[-n:]) for p in parts}) == len(set(paths))
    )
    return [(path, "/".join(part[-length:])) for path, part in zip(paths, parts)]


def _lines(variant: Row, job: Job, result: Result) -> list[Line]:
    outcome = {"diverged": bool(result["diverged"]), "seconds": result["seconds"]}
    if job.kind == "train":
        last = result["rows"][-1] if result["rows"] else {}
        measured = {name: value for name, value in last.items() if name not in LEFT_OUT}
        return [Line(variant, job.seed, measured, outcome)]
    checks = result["checks"] or [{"what": "", "value": None, "relation": "", "target": None, "ok": False}]
    return [
        Line(
            variant | {"check": number, **{name: check[name] for name in ("what", "relation", "target")}},
            job.seed, {"value": check["value"]}, {"ok": check["ok"], **outcome},
        )
        for number, check in enumerate(checks, start=1)
    ]  # fmt: skip


def _summary(group: Sequence[Line]) -> Summary:
    names = dict.fromkeys(name for line in group for name in line.measured)
    holds = sum(line.outcome["ok"] for line in group) if "ok" in group[0].outcome else None
    diverged = sum(line.outcome["diverged"] for line in group)
    measured = {name: _mean_and_sd([line.measured.get(name) for line in group]) for name in names}
    return Summary(group[0].variant, len(group), diverged, holds, measured)


def _mean_and_sd(values: Sequence[Any]) -> tuple[float | None, float | None]:
    there = [float(value) for value in values if value is not None]
    return statistics.fmean(there) if there else None, statistics.stdev(there) if len(there) > 1 else None


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)

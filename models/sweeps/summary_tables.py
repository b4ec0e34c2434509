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
#: Of the last epoch, what is not the circuit's doing.
LEFT_OUT = ("epoch", "seconds", "presentations_per_second")


@dataclass(frozen=True)
class Line:
    """A run, or one check of an experiment's run.

    variant: what it is a run of. seed: of the run. measured: numbers. rest: whether it diverged, how long it took.
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
    """A variant over its runs. measured: name -> (mean, sd), None where there is none; diverged, holds: how many."""

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
    """What a job is a run of; a rule is told with its file where another file has one of that name."""
    found = {name: job.options.get(name) for name in varied}
    told = rules.get(str(job.where.get("rule")))
    return found if told is None else found | {"rule": told}


def _rules_by_file(jobs: Sequence[Job]) -> dict[str, str]:
    """Of different rules of one name: the rule and its whole path -> the rule and as much of the path as tells them apart."""
    files: dict[Any, dict[Any, str]] = {}
    for job in jobs:
        if "equations" in job.options:
            files.setdefault(job.options["rule"], {})[job.options["equations"]] = str(job.where["rule"])
    return {whole: told for same in files.values() if len(same) > 1 for whole, told in _tails(list(same.values()))}


def _tails(paths: Sequence[str]) -> list[tuple[str, str]]:
    """Paths with the shortest ends by which they differ."""
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

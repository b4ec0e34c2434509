"""The tables of the circuits of papers."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

from benchmarks import report
from benchmarks.samples import Sample, of_processor_time

if TYPE_CHECKING:
    from benchmarks.papers import Case


def text(facts: dict[str, Any], cases: dict[str, Case]) -> str:
    """Return what was measured as Markdown, with the cases by name."""
    parts = [report.heading("Circuits of papers", facts)]
    parts.append(
        "Presentations per second, medians; everyone takes turns, and all weights were held against float64 before. "
        "The limit is the fastest way found to do nothing else.\n"
    )
    for found in facts["cases"]:
        case = cases[found["name"]]
        parts += [f"## {case.title}\n", f"{case.about}\n", table(case, found)]
        parts += [f"The limit is {rate:,.0f}: {way}.\n" for rate, way in _limit(found)]
        parts += [f"{label} did not take part: {why}\n" for label, why in found["absent"].items()]
        parts.append(table_of_processor_time(found))
    return "\n".join(part for part in parts if part)


def table(case: Case, found: dict[str, Any]) -> str:
    """Return rates without and with other programs, and of those without the share of the limit and the ratios to a peer."""
    head = ["", *_columns(found), "of the limit", "ratio of recircuit to it", "goal", "ratio of the limit to it"]
    rates = _rates(found)
    return report.table(
        head,
        [
            [row["label"], *rates[row["name"]].values(), *_compared(case, found, rates, row["name"])]
            for row in found["rows"]
        ],
    )


def ratios(facts: dict[str, Any], cases: dict[str, Case]) -> str:
    """Return the ratios of recircuit to each peer, without and with other programs: the table of docs/benchmarks.md."""
    lines = []
    for found in facts["cases"]:
        case, rates = cases[found["name"]], _rates(found)
        ours = rates.pop("recircuit", None)
        labels = {row["name"]: row["label"] for row in found["rows"]}
        for name, theirs in rates.items() if ours else ():
            lines.append([case.title, labels[name], *(ours[busy] / rate for busy, rate in theirs.items()), case.goal])
    columns = next((_columns(found) for found in facts["cases"]), [])
    return report.table(["circuit", "peer", *columns, "goal alone"], lines)


def _rates(found: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Return the medians of each simulator, by the number of busy processes beside it."""
    return {
        row["name"]: {busy: statistics.median(rates) for busy, rates in row["samples"].items()} for row in found["rows"]
    }


def _compared(
    case: Case, found: dict[str, Any], rates: dict[str, dict[str, float]], name: str
) -> list[float | str | None]:
    """Return one simulator's share of the limit, and the ratios of recircuit and of the limit to it."""
    limit = max(found["limits"].values(), default=None)
    ours, rate = rates.get("recircuit", {}).get("0"), rates[name].get("0")
    share = report.percent(rate / limit) if rate and limit else ""
    if name == "recircuit":
        return [f"{share} (goal: {case.share:.0%})" if share and case.share else share, None, None, None]
    return [share, ours / rate if ours and rate else None, case.goal, limit / rate if limit and rate else None]


def table_of_processor_time(found: dict[str, Any]) -> str:
    """Return presentations per second of processor time, if somebody was measured beside other programs."""
    columns = _columns(found)
    if columns in ([], ["alone"]):
        return ""
    rows = [
        [row["label"], *(of_processor_time(list(map(Sample, rates, row["processors"][busy])))
                         for busy, rates in row["samples"].items())]
        for row in found["rows"]
    ]  # fmt: skip
    return report.table(["presentations per second of processor time", *columns], rows)


def _columns(found: dict[str, Any]) -> list[str]:
    beside = next((row["samples"] for row in found["rows"]), {})
    return [f"{busy} busy processes" if busy != "0" else "alone" for busy in beside]


def _limit(found: dict[str, Any]) -> list[tuple[float, str]]:
    """Return the fastest way, if there is one."""
    return sorted(((rate, way) for way, rate in found["limits"].items()), reverse=True)[:1]

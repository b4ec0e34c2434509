"""The text of each part of benchmarks.gpu, also where only some of it was measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks import report
from benchmarks.agreement import BOUNDS
from benchmarks.gpu_parts import BY_CACHE, BY_CUBLAS, BY_WALK, OURS, TORCH, faster_ways


def _rows(part: dict[str, Any]) -> list[list[Any]]:
    return [[k, v] for k, v in part.items() if k != "took" and not isinstance(v, dict | list)]


def _agreement(part: dict[str, Any]) -> str:
    rows = part.get("rows", [])
    worst = {p: max((r.get("apart", float("inf")) for r in rows if r["precision"] == p), default=None) for p in BOUNDS}
    worst_cases = ", ".join(f"{p} {v:.1e} (bound {BOUNDS[p]:g})" for p, v in worst.items() if v is not None)
    failed = "; ".join(
        f"**{r['case']}, {r['precision']}, {r['way']}: {r.get('error', r.get('apart'))}**" for r in rows if not r["ok"]
    )
    return f"{len(rows)} of {part.get('of', len(rows))} cases; the worst: {worst_cases}. {failed}\n"


def _tests(part: dict[str, Any]) -> str:
    return "\n".join([part["summary"], *(f"- {line}" for line in [*part["failed"], *part.get("said", [])]), ""])


def _training(part: dict[str, Any]) -> str:
    rows = []
    for sizes, row in part.items():
        if isinstance(row, dict):
            for backend, found in row.items():
                errors = ", ".join(f"{100 * e:.2f}" for e in found["test errors"])
                rows.append([sizes, backend, found["epoch"], errors])
    table = report.table(["", "backend", "seconds an epoch", "test errors, %"], rows)
    return "\n".join([f"{part['data']}\n", table, *(f"- **{line}**" for line in part.get("failed", [])), ""])


def _reference(part: dict[str, Any]) -> str:
    labels = ["cuBLAS alone", OURS.label, *(t.label for t in TORCH), BY_WALK.label, BY_CACHE.label, BY_CUBLAS.label]
    rows = [[name, *(rates.get(label) for label in labels)] for name, rates in part["rates"].items()]
    lines = [report.table(["stimuli a second", *labels], rows)]
    lines += [f"- {who}: not measured ({why})" for who, why in part["absent"].items()]
    lines += [f"- {who}: {value:.1e} from float64, of the largest change" for who, value in part["apart"].items()]
    lines += [f"- {line}" for line in faster_ways(part["rates"])]
    memory = part.get("memory")
    if memory:
        lines.append(
            f"- memory: {memory['device'] / 2**20:.0f} MB, {memory['share']:.2f} of what is stored and the data"
        )
    return "\n".join([*lines, ""])


TEXT: dict[str, Callable[[dict[str, Any]], str]] = {
    "build": lambda part: report.table(["", "seconds"], _rows(part)),
    "agreement": _agreement,
    "tests": _tests,
    "training": _training,
    "reference": _reference,
    "anatomy": lambda part: "\n".join(["```", *part["lines"], "```", ""]),
    "brian2cuda": lambda part: report.table(["", ""], _rows(part)),
}

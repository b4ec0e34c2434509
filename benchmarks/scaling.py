"""How time and memory grow with width, depth, batch elements and steps, against the straight line; recircuit alone, cpp."""

from __future__ import annotations

import argparse
import statistics
from dataclasses import replace
from typing import Any

from benchmarks import machine, report
from benchmarks.client import Client, use_processors
from benchmarks.reference import say
from benchmarks.report_figures import panels
from benchmarks.roster import OURS
from benchmarks.workload import Settings, draw

CENTRE = Settings(rows=1024)
GROWING: dict[str, tuple[int, ...]] = {
    "width": (128, 256, 512, 1024, 2048, 4096),
    "depth": (2, 3, 4, 6, 8, 10),
    "batch_size": (1, 4, 16, 64, 256, 1024),
    "steps": (20, 40, 80, 160, 320),
}
QUICK: dict[str, tuple[int, ...]] = {"width": (128,), "depth": (2,), "batch_size": (1,), "steps": (20, 40)}


def settings_for(what: str, size: int) -> Settings:
    """Return the reference workload with one thing changed; depth is the number of layers of weights."""
    if what == "width":
        return replace(CENTRE, sizes=(784, size, size, 10))
    if what == "depth":
        return replace(CENTRE, sizes=(784, *[500] * (size - 1), 10))
    if what == "batch_size":
        return replace(CENTRE, batch_size=size, rows=max(CENTRE.rows, size))
    return replace(CENTRE, steps=size, clamped_from=size // 2)


def measure(threads: int, settings: Settings, seconds: float, samples: int) -> dict[str, Any]:
    """Return seconds a presentation of all batch elements, multiplications and memory, in a worker of its own."""
    client = Client(OURS, threads)
    try:
        path = str(client.log.with_suffix(".npz"))
        draw(settings).save(path)
        client.ask("open", problem=path, mode="needed", **{"as": "one"})
        facts = [client.ask("time", seconds=seconds, **{"as": "one"}) for _ in range(samples)]
        work = client.ask("call", method="multiplications", **{"as": "one"}) * settings.batch_size
        memory = client.ask("call", method="memory", **{"as": "one"})
    finally:
        client.close()
    took = statistics.median(t["seconds"] / t["presentations"] for t in facts)
    return {"seconds": took, "multiplications": work, "giga_per_second": work / took / 1e9, "memory": memory}


def run(arguments: argparse.Namespace) -> int:
    """Measure and write `scaling.json`, `scaling.md` and `scaling.png`."""
    use_processors(arguments.threads)
    seconds, samples = (0.05, 1) if arguments.quick else (1.0, 5)
    known: dict[Settings, dict[str, Any]] = {}
    series: dict[str, list[dict[str, Any]]] = {}
    for what, sizes in (QUICK if arguments.quick else GROWING).items():
        for size in sizes:
            settings = settings_for(what, size)
            say(f"{what} {size}")
            if settings not in known:
                known[settings] = measure(arguments.threads, settings, seconds, samples)
            series.setdefault(what, []).append({what: size, **known[settings]})
    for rows in series.values():
        add_line(rows)
    facts = machine.facts(arguments.threads) | {"sample_seconds": seconds, "samples": samples, "series": series}
    report.write("scaling", facts, text(facts), arguments.out)
    panels(series, arguments.out / "scaling.png")
    return 0


def add_line(rows: list[dict[str, Any]]) -> None:
    """Draw the straight line: time in proportion to multiplications, at the rate of the middle of the range."""
    middle = rows[len(rows) // 2]
    for row in rows:
        row["line"] = middle["seconds"] * row["multiplications"] / middle["multiplications"]


def text(facts: dict[str, Any]) -> str:
    """Return the tables."""
    parts = [
        report.heading("Scaling", facts),
        "The reference workload (784-500-500-10, 100 batch elements, 20 steps, only what is needed) with one thing changed. "
        "The straight line is time in proportion to multiplications, from the middle row of each table.\n",
    ]
    for what, rows in facts["series"].items():
        head = [what, "ms a presentation", "on the line", "measured/line", "10^9 multiplications/s"]
        body = [
            [r[what], 1e3 * r["seconds"], 1e3 * r["line"], r["seconds"] / r["line"], r["giga_per_second"]] for r in rows
        ]
        parts += [f"\n## {what.capitalize()}\n", report.table(head, body)]
    parts += [
        "\n## Memory\n",
        report.table(["", "stored, MB", "data, MB", "most held, MB", "beyond, MB"], _memory(facts)),
    ]
    return "\n".join(parts)


def _memory(facts: dict[str, Any]) -> list[list[Any]]:
    rows = []
    for what, points in facts["series"].items():
        for point in points:
            stored, data, peak = (point["memory"][k] / 2**20 for k in ("stored", "data", "peak"))
            rows.append([f"{what} {point[what]}", stored, data, peak, peak - stored - data])
    return rows

"""The time in which each rule and circuit of the table in docs/compare.md learns a sample of digits, on the backend `numpy`.

All run on one thread, in turns, and processor time is measured, which other programs change little. Each is trained for the
first presentations of an epoch, in its first mode, from its first weights.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import machine, report
from benchmarks.client import use_processors
from benchmarks.reference import say
from benchmarks.rules import Runner
from recircuit.models.data import load
from recircuit.models.sweeps.circuit_specs import Task, builder_of

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "results" / "field" / "compare-digits" / "comparison.json"


def specs() -> list[str]:
    """Return the rules and circuits of the table."""
    return [row["rule"] for row in json.loads(TABLE.read_text())["rules"]]


def measured(names: Sequence[str], rounds: int, presentations: int) -> dict[str, list[float]]:
    """Return milliseconds of processor time for a sample, for each rule and circuit in each round."""
    task, runners = Task(load("digits"), (64, 100, 10)), {}
    for name in names:
        say(name)
        net = builder_of(str(ROOT / name) if name.startswith("examples/") else name, task)(0)
        runners[name] = Runner(net, task.data, presentations, "numpy", time.process_time)
        runners[name].seconds()
    turns = [{name: runner.seconds() for name, runner in runners.items()} for _ in range(rounds)]
    samples = presentations * task.batch_size
    return {name: [1e3 * turn[name] / samples for turn in turns] for name in names}


def run(arguments: argparse.Namespace) -> int:
    """Measure and write `families.json` and `families.md`."""
    use_processors(1)
    names, rounds, presentations = (specs()[:2], 1, 2) if arguments.quick else (specs(), 5, 20)
    took = measured(names, rounds, presentations)
    facts = machine.facts(1) | {"presentations": presentations, "rounds": rounds, "milliseconds": took}
    report.write("families", facts, text(facts), arguments.out)
    return 0


def text(facts: dict[str, Any]) -> str:
    """Return the table."""
    rows = [[name, statistics.median(took), min(took), max(took)] for name, took in facts["milliseconds"].items()]
    return "\n".join([
        report.heading("Rules side by side", facts),
        f"Digits, 64-100-10, 20 batch elements, float64, the backend numpy: milliseconds of processor time for a sample that "
        f"is learned, on one thread, in turns; {facts['rounds']} rounds of {facts['presentations']} presentations.\n",
        report.table(["rule", "median", "least", "most"], rows),
    ])  # fmt: skip

"""How long a call of a closed loop takes, on a quiet machine or beside other busy processes.

A circuit of 4, 8 and 2 units and two steps is shown one observation a call, and its output is read.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
from brian2 import ms

import recircuit as rc
from benchmarks import machine, report
from benchmarks.busy import busy_processes, counts
from benchmarks.client import use_processors

BACKENDS = ("numpy", "cpp")


def circuit() -> rc.Circuit:
    """Return a circuit 4-8-2, with two steps a presentation."""
    net = rc.Circuit()
    x, h, o = net.stimulus("x", 4), net.population("h", 8, rc.pyramidal()), net.population("o", 2, rc.pyramidal())
    net.connect(x, h)
    net.connect(h, o)
    net.phases("feedforward", 2 * ms)
    return net


def microseconds(backend: str, calls: int = 5000) -> list[float]:
    """Return the 10th, 50th and 90th percentile of a call."""
    took = np.zeros(calls)
    observation = np.ones(4)
    with circuit().live(backend=backend) as live:
        for k in range(-100, calls):
            begin = time.perf_counter()
            live.present({"x": observation}, read=["o.rate"])
            took[max(k, 0)] = time.perf_counter() - begin
    return [float(v) for v in np.percentile(took, [10, 50, 90]) * 1e6]


def run(arguments: argparse.Namespace) -> int:
    """Measure and write `live.json` and `live.md`."""
    use_processors(arguments.threads)
    calls = 200 if arguments.quick else 20000
    rows = []
    for busy in counts(arguments.busy):
        with busy_processes(busy):
            rows += [[name, busy, *microseconds(name, calls)] for name in BACKENDS]
    facts = machine.facts(arguments.threads) | {"calls": calls, "rows": rows}
    report.write("live", facts, text(facts), arguments.out)
    return 0


def text(facts: dict[str, Any]) -> str:
    """Return the table."""
    head = ["backend", "busy processes beside", "10% below", "median", "10% above"]
    return "\n".join([
        report.heading("A call of a closed loop", facts),
        f"A circuit of 4, 8 and 2 units, two steps a call; microseconds, of {facts['calls']:,} calls.\n",
        report.table(head, [[name, busy, *(round(v, 1) for v in took)] for name, busy, *took in facts["rows"]]),
    ])  # fmt: skip

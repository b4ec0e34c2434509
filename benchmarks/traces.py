"""Rules with a trace in each synapse and batch element, beside what memory allows: a step reads and writes every trace once."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2 import ms

import recircuit as rc
from benchmarks import report
from benchmarks.ceilings import Ceilings
from benchmarks.reference import say

RFLO = rc.Rule(
    "rflo", source="Murray 2019", traces=("p",), parameters=dict(rate=1e-4, tau=10.0),
    forward="dw = rate*credit_post*p\np = p + (slope_post*before_pre - p)/tau",
)  # fmt: skip
MODULATED = rc.Rule(
    "modulated", source="Frémaux and Gerstner 2016", traces=("el",), parameters=dict(rate=1e-4, keeps=0.9),
    forward="el = keeps*el + rate_post*before_pre\ndw = rate*reward_post*el",
)  # fmt: skip
UNIT = rc.Neuron(
    """
    basal  : 1 (compartment)
    credit : 1 (compartment)
    reward : 1 (broadcast)
    rate   = rate + (tanh(basal) - rate)/tau : 1 (stored)
    before = rate               : 1 (stored)
    slope  = 1 - tanh(basal)**2 : 1
    """,
    tau=10.0,
)


@dataclass(frozen=True)
class Size:
    """How large the recurrent network is, and how long it is timed."""

    units: int
    batch_size: int
    steps: int
    rounds: int


FULL, QUICK = Size(2000, 64, 10, 7), Size(32, 4, 3, 1)
RULES = {"RFLO": RFLO, "eligibility, modulated": MODULATED}


def network(rule: rc.Rule | None, size: Size) -> rc.Circuit:
    """Return a recurrent network of which every synapse learns in every step; without a rule they stay."""
    net = rc.Circuit(batch_size=size.batch_size, precision="float32")
    x, reward = net.stimulus("x", size.units), net.stimulus("reward_source", 1)
    h = net.population("h", size.units, UNIT)
    net.connect(x, h, into="credit", weights=1.0, connectivity=rc.OneToOne())
    net.connect(h, h, rule=rule, weights=rc.normal(1.0), learns="trial")
    net.broadcast(reward, "reward")
    net.phases("trial", size.steps * ms)
    return net


def bytes_of_a_step(size: Size, trace: bool = True) -> int:
    """Return what a step has to move at least: each trace and each weight is read and written; without a rule weights
    are read.
    """
    synapses = size.units**2
    return 4 * (2 * synapses * size.batch_size + 2 * synapses if trace else synapses)


class Runner:
    """A built network, for timing its steps."""

    def __init__(self, rule: rc.Rule | None, size: Size) -> None:
        self.size, self.net = size, network(rule, size)
        self.program = self.net.program("cpp")
        random = np.random.default_rng(0)
        shown = {"x": random.normal(size=(size.batch_size, size.units)), "reward_source": np.ones((size.batch_size, 1))}
        self.net.run({k: v.astype(np.float32) for k, v in shown.items()})
        self.table = self.net.timetable("train")
        self.order = np.arange(size.batch_size, dtype=np.int32)[None]

    def seconds(self) -> float:
        """Return the seconds of a step."""
        begin = time.perf_counter()
        self.program.run(self.table, self.order).raise_if_diverged()
        return (time.perf_counter() - begin) / self.size.steps


def measured(size: Size, threads: int, quick: bool) -> dict[str, Any]:
    """Return a row for each rule, and the rate at which memory is read, in turn with them."""
    ceilings = Ceilings(threads)
    runners: dict[str, Callable[[], float]] = {}
    for label, rule in {"no rule": None, **RULES}.items():
        say(f"traces: {label}")
        runners[label] = Runner(rule, size).seconds
    samples: dict[str, list[float]] = {label: [] for label in runners}
    memory = []
    for _ in range(size.rounds):
        memory.append(ceilings.memory(2**24 if quick else bytes_of_a_step(size) // 2, 0.05 if quick else 0.6))
        for label, seconds in runners.items():
            samples[label].append(seconds())
    rate = statistics.median(memory)
    rows = []
    for label in RULES:
        needed = bytes_of_a_step(size)
        took, alone = statistics.median(samples[label]), statistics.median(samples["no rule"])
        rows.append({
            "label": label, "milliseconds": 1e3 * took, "without_rule": 1e3 * alone, "bytes": needed,
            "least_milliseconds": 1e3 * needed / rate, "share": needed / rate / took, "samples": samples[label],
        })  # fmt: skip
    return {"units": size.units, "batch_size": size.batch_size, "memory": rate, "rows": rows}


def text(found: dict[str, Any]) -> str:
    """Return the table."""
    rows = []
    for r in found["rows"]:
        megabytes = f"{r['bytes'] / 1e6:.3g}"
        share = report.percent(r["share"])
        rows.append([r["label"], r["milliseconds"], r["without_rule"], megabytes, r["least_milliseconds"], share])
    return "\n".join([
        f"\nRules with traces: {found['units']} recurrent units, {found['batch_size']} batch elements, float32, every synapse "
        "in every step. A step has to read and write each trace and each weight once; the least time is that of as many bytes "
        f"at the rate at which memory was read in the same run, {found['memory'] / 1e9:.3g} GB/s.\n",
        report.table(["", "step, ms", "without the rule, ms", "bytes, MB", "least, ms", "share"], rows),
    ])  # fmt: skip

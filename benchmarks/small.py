"""Small circuits on the backend `numpy`, beside loops over the same steps that are written by hand in NumPy.

The hinge output circuit (Amit 2019, section 2.3): two units o, each with its t, which shuts it off; 40 steps a
presentation. A layered network, 64-100-10, rule `urfb`, in step-by-step mode. Both run on one thread, in turns, and
processor time is measured, which other programs change little.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2 import ms

import recircuit as rc
from benchmarks import machine, numpy_loop, report
from recircuit.circuits.inputs import as_inputs

RATIO, STEPS = 10, 40  # tau/dt, and steps of a presentation
M, S, MU, E = 10.0, 1.0, 0.1, 0.1
SIZES = (64, 100, 10)


@dataclass
class Case:
    """Two programs that do the same: each is called with a number of presentations."""

    name: str
    batch_size: int
    ours: Callable[[int], Any]
    by_hand: Callable[[int], Any]


def hinge_circuit(batch_size: int) -> rc.Circuit:
    """h -> o, one to one; o with its t and s."""
    net = rc.Circuit(batch_size=batch_size, dt=1 * ms)
    h = net.stimulus("h", 2)
    output = rc.HingeOutput(M=M, S=S, mu=MU, epsilon=E, tau=RATIO * ms, repair="hysteresis")
    o = net.population("o", 2, output)
    net.connect(h, o, weights=1.0, connectivity=rc.OneToOne())
    net.phases("error", STEPS * ms)
    return net


class HingeLoop:
    """The hinge output circuit by hand: `o` and `t` go on from one presentation to the next."""

    def __init__(self, net: rc.Circuit, h: np.ndarray) -> None:
        self.o, self.t = np.zeros_like(h), np.zeros_like(h)
        shown = np.tile([1.0, -1.0], (len(h), 1))  # the label 0
        self.base = h + net["s_to_o.w"] * shown
        self.control, self.off = net["t_to_o.w"], float(net["t.off"])

    def present(self, count: int) -> None:
        """So many presentations."""
        high = 2 * M + S
        for _ in range(count * STEPS):
            field = self.base + self.control * self.t
            above = (1 + E) * (field > high) + ((field >= M) & (field <= high))
            below = (MU + E) * (field < -high) + MU * ((field <= -M) & (field >= -high))
            share = np.abs(self.o) / (E + (self.o > 0) + MU * (self.o < 0))
            on = (share > 1 - self.off) | ((share >= self.off) & (self.t * self.o > 0))
            self.t = np.sign(self.o) * on
            self.o = self.o + (above - below - self.o) / RATIO


def hinge(batch_size: int) -> Case:
    """The hinge output circuit; both are held against each other first."""
    net, h = hinge_circuit(batch_size), np.random.default_rng(0).normal(size=(batch_size, 2))
    ours = _runner(net, {"h": h, "s": np.zeros(batch_size, int)})
    loop = HingeLoop(net, h)
    loop.present(2)
    ours(2)
    np.testing.assert_allclose(net["o.rate"], loop.o, atol=1e-12)
    return Case("hinge output circuit", batch_size, ours, loop.present)


def layered(batch_size: int) -> Case:
    """A layered network that learns."""
    rng = np.random.default_rng(0)
    x, labels = rng.random((batch_size, SIZES[0]), dtype=np.float32), rng.integers(0, SIZES[-1], batch_size)
    net = rc.layered(SIZES, "urfb", batch_size=batch_size)
    state = numpy_loop.initial_state(SIZES, batch_size=batch_size, rate=0.01)
    for projection in net.projections.values():
        if projection.plastic:
            net[f"{projection.name}.rate"] = 0.01

    def by_hand(count: int) -> None:
        for _ in range(count):
            numpy_loop.train_epoch(state, x, labels, np.arange(batch_size))

    return Case("layered network, 64-100-10", batch_size, _runner(net, {"x": x, "s": labels}), by_hand)


def _runner(net: rc.Circuit, data: dict[str, np.ndarray]) -> Callable[[int], Any]:
    program, inputs = net.program("numpy"), as_inputs(net, data)
    inputs.load(program)
    table = net.timetable()
    order = np.arange(net.batch_size)
    return lambda count: program.run(table, np.tile(order, (count, 1)))


def seconds(program: Callable[[int], Any], count: int) -> float:
    """Processor seconds of a presentation."""
    begin = time.process_time()
    program(count)
    return (time.process_time() - begin) / count


def measured(case: Case, rounds: int, least: float) -> list[Any]:
    """A row: presentations a second of both, in turns, and the median of their ratios."""
    counts = {run: max(1, int(least / seconds(run, 20))) for run in (case.ours, case.by_hand)}
    turns = [[seconds(run, count) for run, count in counts.items()] for _ in range(rounds)]
    rates = [1 / statistics.median(turn[k] for turn in turns) for k in range(2)]
    return [case.name, case.batch_size, *rates, statistics.median(hand / ours for ours, hand in turns)]


def run(arguments: argparse.Namespace) -> int:
    """Measure and write `small.json` and `small.md`."""
    rounds, least = (1, 0.01) if arguments.quick else (9, 0.3)
    rows = [measured(make(b), rounds, least) for make in (hinge, layered) for b in (1, 20)]
    facts = machine.facts(1) | {"blas_threads": os.environ.get("OPENBLAS_NUM_THREADS", ""), "rows": rows}
    report.write("small", facts, text(facts), arguments.out)
    return 0


def text(facts: dict[str, Any]) -> str:
    """The table."""
    head = ["presentations/s", "B", "recircuit, numpy", "NumPy by hand", "ratio"]
    return "\n".join([
        report.heading("Small circuits in NumPy", facts),
        "Processor time on one thread, in turns, medians. The loop by hand of the layered network has no time: it computes "
        "each layer once, in place of a step for each phase.\n",
        report.table(head, facts["rows"]),
    ])  # fmt: skip

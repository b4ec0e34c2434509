"""Small circuits on the backend `numpy`, beside loops over the same steps that are written by hand in NumPy.

The hinge output circuit (Amit 2019, section 2.3): two units o, each with its t, which shuts it off; 40 steps a
presentation. A layered network, 64-100-10, rule `urfb`, in step-by-step mode, beside a loop over the same steps, and beside
one that has no time. The recurrent network of the example `rflo`, 50 units and 52 steps. The network of the example
`predictive_coding`, 64-60-10, 70 steps. All run on one thread, in turns, and processor time is measured, which other programs
change little.
"""

from __future__ import annotations

import argparse
import os
import runpy
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import ms

import recircuit as rc
from benchmarks import machine, numpy_loop, report
from benchmarks.small_loops import CodingLoop, HingeLoop, LayeredLoop, RfloLoop
from recircuit.circuits.inputs import as_inputs

RATIO, STEPS = 10, 40  # of the hinge output circuit: tau/dt, and steps of a presentation
SIZES = (64, 100, 10)
RATE = 0.01
EXAMPLES = Path(__file__).parents[1] / "examples"


@dataclass
class Case:
    """Two programs that do the same: each is called with a number of presentations."""

    name: str
    batch_size: int
    ours: Callable[[int], Any]
    by_hand: Callable[[int], Any]


def hinge_circuit(batch_size: int) -> rc.Circuit:
    """Return a circuit in which h projects to o, one to one; o has its t and s."""
    net = rc.Circuit(batch_size=batch_size, dt=1 * ms)
    h = net.stimulus("h", 2)
    output = rc.HingeOutput(M=10.0, S=1.0, mu=0.1, epsilon=0.1, tau=RATIO * ms, repair="hysteresis")
    o = net.population("o", 2, output)
    net.connect(h, o, weights=1.0, connectivity=rc.OneToOne())
    net.phases("error", STEPS * ms)
    return net


def hinge(batch_size: int) -> Case:
    """Return the hinge output circuit."""
    net, h = hinge_circuit(batch_size), np.random.default_rng(0).normal(size=(batch_size, 2))
    ours = _runner(net, {"h": h, "s": np.zeros(batch_size, int)})
    loop = HingeLoop(net, h, RATIO, STEPS)
    return _checked(Case("hinge output circuit", batch_size, ours, loop.present), net, {"o.rate": lambda: loop.o})


def _layered(batch_size: int) -> tuple[rc.Circuit, np.ndarray, np.ndarray]:
    """Return a layered network that learns, and what it is shown."""
    rng = np.random.default_rng(0)
    net = rc.layered(SIZES, "urfb", batch_size=batch_size)
    for projection in net.projections.values():
        if projection.plastic:
            net[f"{projection.name}.rate"] = RATE
    return net, rng.random((batch_size, SIZES[0]), dtype=np.float32), rng.integers(0, SIZES[-1], batch_size)


def layered(batch_size: int) -> Case:
    """Return a layered network beside the same steps."""
    net, x, labels = _layered(batch_size)
    loop = LayeredLoop(net, x, labels, RATE)
    case = Case("layered network, 64-100-10", batch_size, _runner(net, {"x": x, "s": labels}), loop.present)
    return _checked(case, net, {"x_to_h1.w": lambda: loop.W1, "o_to_h1.w": lambda: loop.R})


def textbook(batch_size: int) -> Case:
    """Return the same network beside a loop that computes each layer once and the error in one formula."""
    net, x, labels = _layered(batch_size)
    state = numpy_loop.initial_state(SIZES, batch_size=batch_size, rate=RATE)
    state.weights = [net["x_to_h1.w"], net["h1_to_o.w"]]
    state.feedback = [np.ascontiguousarray(net["o_to_h1.w"].T)]

    def by_hand(count: int) -> None:
        for _ in range(count):
            numpy_loop.train_epoch(state, x, labels, np.arange(batch_size))

    case = Case("the same, beside a loop without time", batch_size, _runner(net, {"x": x, "s": labels}), by_hand)
    return _checked(case, net, {"x_to_h1.w": lambda: state.weights[0]})


def recurrent(batch_size: int) -> Case:
    """Return the recurrent network of the example `rflo`."""
    example, steps = _example("rflo"), 50
    rules = example["EVERY_STEP"]
    net = example["rflo"](steps=steps, rules=rules, rest=0, batch_size=batch_size)
    wanted = np.repeat(example["sines"](steps), batch_size, axis=0)
    rates = tuple(rule.parameters["rate"] for rule in rules)
    loop = RfloLoop(net, wanted, {"tau": example["TAU"]}, rates)
    case = Case("recurrent network, RFLO", batch_size, _runner(net, {"wanted": wanted}), loop.present)
    return _checked(case, net, {"h.rate": lambda: loop.r, "h_to_h.w": lambda: loop.W})


def coding(batch_size: int) -> Case:
    """Return the network of the example `predictive_coding`."""
    example, settling = _example("predictive_coding"), (30, 40)
    net, rng = example["network"](batch_size=batch_size, settling=settling), np.random.default_rng(0)
    x, labels = rng.random((batch_size, 64)), rng.integers(0, 10, batch_size)
    numbers = dict(example["CODING"].parameters, hidden=float(net["h1.step"]), output=float(net["o.step"]))
    loop = CodingLoop(net, x, labels, numbers, settling)
    case = Case("predictive coding, 64-60-10", batch_size, _runner(net, {"x": x, "s": labels}), loop.present)
    return _checked(case, net, {"h1.v": lambda: loop.v, "W1.w": lambda: loop.W1, "W2.w": lambda: loop.W2})


CASES = (hinge, layered, textbook, recurrent, coding)


def _example(name: str) -> dict[str, Any]:
    """Return what an example defines."""
    return runpy.run_path(str(EXAMPLES / f"{name}.py"))


def _checked(case: Case, net: rc.Circuit, wanted: dict[str, Callable[[], np.ndarray]]) -> Case:
    """Return the case, after both programs have come to the same values."""
    case.by_hand(2)
    case.ours(2)
    tolerance = 1e-10 if net.dtype == np.float64 else 1e-5
    for key, value in wanted.items():
        np.testing.assert_allclose(net[key], value(), rtol=tolerance, atol=tolerance, err_msg=f"{case.name}: {key}")
    return case


def _runner(net: rc.Circuit, data: dict[str, np.ndarray]) -> Callable[[int], Any]:
    program, inputs = net.program("numpy"), as_inputs(net, data)
    inputs.load(program)
    table = net.timetable()
    order = np.arange(net.batch_size)
    return lambda count: program.run(table, np.tile(order, (count, 1)))


def seconds(program: Callable[[int], Any], count: int) -> float:
    """Return processor seconds of a presentation."""
    begin = time.process_time()
    program(count)
    return (time.process_time() - begin) / count


def measured(case: Case, rounds: int, least: float) -> list[Any]:
    """Return a row: presentations a second of both, in turns, and the median of their ratios."""
    counts = {run: max(1, int(least / seconds(run, 20))) for run in (case.ours, case.by_hand)}
    turns = [[seconds(run, count) for run, count in counts.items()] for _ in range(rounds)]
    rates = [1 / statistics.median(turn[k] for turn in turns) for k in range(2)]
    return [case.name, case.batch_size, *rates, statistics.median(hand / ours for ours, hand in turns)]


def run(arguments: argparse.Namespace) -> int:
    """Measure and write `small.json` and `small.md`."""
    rounds, least = (1, 0.01) if arguments.quick else (7, 0.1)
    rows = [measured(make(b), rounds, least) for make in CASES for b in (1, 20)]
    facts = machine.facts(1) | {"blas_threads": os.environ.get("OPENBLAS_NUM_THREADS", ""), "rows": rows}
    report.write("small", facts, text(facts), arguments.out)
    return 0


def text(facts: dict[str, Any]) -> str:
    """Return the table."""
    head = ["presentations/s", "B", "recircuit, numpy", "NumPy by hand", "ratio"]
    return "\n".join([
        report.heading("Small circuits in NumPy", facts),
        "Processor time on one thread, in turns, medians. Each loop by hand does the steps of its circuit, and comes to the "
        "same values. The one without time computes each layer once, and the error of the output in one formula, in place of "
        "a step for each phase and four for the output circuit.\n",
        report.table(head, facts["rows"]),
    ])  # fmt: skip

"""Convolutions, tied and untied, beside PyTorch: forward, feedback by weights of its own, and the update of one layer.

recircuit's times are those of the operations within a running circuit (`CompiledProgram.profile`).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
from math import prod
from typing import Any

import numpy as np
from brian2 import ms

from benchmarks import machine, report
from benchmarks.client import ROOT, use_processors
from benchmarks.environments import Missing, python_of
from benchmarks.reference import say
from recircuit import Circuit, Convolution, Local, Neuron, urfb

#: Batch elements, channels, height and width, maps, kernel.
CASES = {
    "simpnet, first layer": (100, 3, 32, 32, 5),
    "deepnet, later layers": (100, 32, 16, 32, 3),
    "Baldi's network, second layer": (128, 64, 16, 64, 5),
    "deepernet, last layers": (100, 128, 4, 128, 3),
}
QUICK = {"small": (20, 3, 8, 8, 3)}
PARTS = {
    "forward": "propagate_below_to_above",
    "feedback": "propagate_above_to_below",
    "update": "learn_below_to_above_0",
}
#: At least as fast as PyTorch, by this factor.
AIMS = {"tied": 0.8, "untied": 1.5}


def measured(case: tuple[int, ...], tied: bool, rounds: int) -> dict[str, float]:
    """Return milliseconds of each part: medians of some presentations."""
    batch_size, channels, size, maps, kernel = case
    kind = Convolution if tied else Local
    connectivity = kind((channels, size, size), maps, kernel)
    # Nobody reads the fields of this circuit, and nothing changes what it sends: without passes they are computed all the same.
    net = Circuit(batch_size, precision="float32", optimise=False)
    unit = Neuron("basal : 1 (compartment)\napical : 1 (compartment)\nrate : 1\nerror : 1")
    below, above = (
        net.population(n, prod(s), unit) for n, s in (("below", connectivity.image), ("above", connectivity.above))
    )
    net.connect(below, above, connectivity=connectivity, rule=urfb)
    net.connect(above, below, into="apical", connectivity=connectivity.T)
    net.phases("feedforward", 1 * ms, "feedback", 1 * ms, "plasticity", 1 * ms)
    program: Any = net.program("cpp")
    rng = np.random.default_rng(0)
    for name in ("below.rate", "above.error"):
        net[name] = rng.normal(size=net[name].shape)
    table, order = net.timetable("train"), np.arange(batch_size, dtype=np.int32)[None]
    program.run(table, order)
    runs = [dict(program.profile(table, order)) for _ in range(rounds)]
    net.close()
    return {part: 1e3 * statistics.median(run[f"run {name}"] for run in runs) for part, name in PARTS.items()}


def peer(case: tuple[int, ...], threads: int, rounds: int) -> dict[str, Any]:
    """Return PyTorch's times; nothing where it cannot be had."""
    try:
        python = python_of("torch")
    except Missing as problem:
        say(f"PyTorch: {problem}")
        return {}
    done = subprocess.run(
        [str(python), "-m", "benchmarks.peers.images_torch", *map(str, (threads, rounds, *case))], cwd=ROOT,
        capture_output=True, text=True, check=False, env=os.environ | {"OMP_NUM_THREADS": str(threads)},
    )  # fmt: skip
    if done.returncode:
        say(f"PyTorch: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'failed'}")
        return {}
    return json.loads(done.stdout)


def run(arguments: argparse.Namespace) -> int:
    """Measure and write `images.json` and `images.md`."""
    use_processors(arguments.threads)
    os.environ["RECIRCUIT_THREADS"] = str(arguments.threads)
    cases = QUICK if arguments.quick else CASES
    rounds = 3 if arguments.quick else 15
    facts = machine.facts(arguments.threads) | {"rounds": rounds, "aims": AIMS}
    rows = []
    for name, case in cases.items():
        other = peer(case, arguments.threads, rounds)  # one after the other: the machine is not always as fast
        for kind in AIMS:
            ours = measured(case, kind == "tied", rounds)
            say(f"{name}, {kind}: " + ", ".join(f"{part} {took:.2f} ms" for part, took in ours.items()))
            for part, took in ours.items():
                rows.append({"case": name, "sizes": case, "kind": kind, "part": part, "ms": took,
                             "torch_ms": other.get(kind, {}).get(part)})  # fmt: skip
    facts["rows"] = rows
    report.write("images", facts, text(facts), arguments.out)
    return 0


def text(facts: dict[str, Any]) -> str:
    """Return the table."""
    rows = []
    for row in facts["rows"]:
        batch_size, channels, size, maps, kernel = row["sizes"]
        multiplications = batch_size * channels * size**2 * maps * kernel**2
        theirs = row["torch_ms"]
        rows.append([
            row["case"], row["kind"], row["part"], row["ms"], 2e-6 * multiplications / row["ms"], theirs,
            theirs / row["ms"] if theirs else None,
        ])  # fmt: skip
    head = ["layer", "weights", "", "ms", "GFLOP/s", "PyTorch, ms", "times as fast"]
    sizes = "; ".join(
        f"{name}: {c[0]} batch elements, {c[1]} x {c[2]} x {c[2]} to {c[3]} maps by {c[4]} x {c[4]}"
        for name, c in {row["case"]: row["sizes"] for row in facts["rows"]}.items()
    )
    return "\n".join([
        report.heading("Convolutions", facts),
        f"{sizes}. float32, medians of {facts['rounds']} presentations, and of as many calls of PyTorch (tied: conv2d and its "
        "gradients; untied: unfold, batched products, fold). The aims: tied .8 of PyTorch, untied 1.5 times.\n",
        report.table(head, rows),
    ])  # fmt: skip

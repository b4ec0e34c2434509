"""Random connectivity: synapse by synapse beside the matrix as a whole with a mask, on the cpp backend.

Both ways for the same network, 784-500-500-10 with URFB in step-by-step mode, over connectivity and batch size. What
recircuit takes by itself (`circuits/lowering/passes/sparse.py`) is to be the faster one, or near it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks import machine, report
from benchmarks.client import use_processors
from benchmarks.reference import say
from recircuit.circuits import Circuit
from recircuit.circuits.lowering.passes import sparse
from recircuit.models.networks.layered import layered

SIZES = (784, 500, 500, 10)
CONNECTIVITY = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5)
BATCH_SIZE = (1, 10, 100, 500)


class Run:
    """A network in one of the two ways, trained on noise."""

    def __init__(self, connectivity: float, batch_size: int, by_synapse: bool) -> None:
        def chosen(structure: Any, _: int) -> bool:
            return by_synapse and structure.masked

        with patch.object(sparse, "few_enough", chosen):
            self.net: Circuit = layered(SIZES, "urfb", batch_size=batch_size, connectivity=connectivity)
            self.program = self.net.program("cpp")
        rng = np.random.default_rng(0)
        rows = 4 * batch_size
        shown = {"x": rng.random((rows, SIZES[0]), np.float32), "s": rng.integers(0, SIZES[-1], rows)}
        self.net.run(shown, presentations=2)
        self.order = np.arange(rows, dtype=np.int32).reshape(4, batch_size)[np.arange(max(8, 400 // batch_size)) % 4]

    def seconds(self) -> float:
        """Return the seconds of a presentation, from the first weights on: what is known by heart no longer changes them."""
        table = self.net.timetable("train")
        self.net.reset()
        self.program.run(table, self.order[:1])  # which lists the synapses, once
        begin = time.perf_counter()
        self.program.run(table, self.order).raise_if_diverged()
        return (time.perf_counter() - begin) / len(self.order)


def run(arguments: argparse.Namespace) -> int:
    """Measure and write `sparse.json` and `sparse.md`."""
    os.environ.setdefault("RECIRCUIT_THREADS", str(arguments.threads))
    use_processors(arguments.threads)
    rounds = 1 if arguments.quick else 7
    rows = []
    for batch_size in BATCH_SIZE[2:3] if arguments.quick else BATCH_SIZE:
        for connectivity in CONNECTIVITY[2:3] if arguments.quick else CONNECTIVITY:
            say(f"{batch_size} batch elements, {connectivity:.0%} of the synapses")
            rows.append(compare(connectivity, batch_size, rounds))
    facts = machine.facts(arguments.threads) | {"sizes": SIZES, "rounds": rounds, "rows": rows}
    report.write("sparse", facts, text(facts), arguments.out)
    return 0


def compare(connectivity: float, batch_size: int, rounds: int) -> dict[str, Any]:
    """Measure both ways in turn, and return medians."""
    ways = [Run(connectivity, batch_size, by_synapse) for by_synapse in (False, True)]
    samples = [[way.seconds() for way in ways] for _ in range(rounds + 1)][1:]
    hidden = ways[0].net.projections["h1_to_h2"]
    for way in ways:
        way.net.close()
    return {
        "batch_size": batch_size, "connectivity": connectivity,
        "whole_ms": 1e3 * statistics.median(whole for whole, _ in samples),
        "sparse_ms": 1e3 * statistics.median(sparse_ for _, sparse_ in samples),
        "gain": statistics.median(whole / sparse_ for whole, sparse_ in samples),
        "taken": "sparse" if sparse.few_enough(hidden.connectivity, batch_size) else "whole", "samples": samples,
    }  # fmt: skip


def text(facts: dict[str, Any]) -> str:
    """Return the table."""
    rows = [
        [r["batch_size"], report.percent(r["connectivity"]), r["whole_ms"], r["sparse_ms"], r["gain"], r["taken"]]
        for r in facts["rows"]
    ]
    return "\n".join([
        report.heading("Random connectivity", facts),
        f"{'-'.join(map(str, facts['sizes']))}, URFB in step-by-step mode, float32: a presentation with weights as a whole "
        f"matrix and a mask, and going from synapse to synapse, in turn; medians of {facts['rounds']}. The last column is what "
        "recircuit takes.\n",
        report.table(["batch_size", "synapses", "whole, ms", "sparse, ms", "whole/sparse", "taken"], rows),
    ])  # fmt: skip

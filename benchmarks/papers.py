"""Circuits of papers and examples beside other simulators: RFLO, predictive coding, bars, and a neural field.

Everyone computes the same (recurrent.py, coding.py, bars.py, field.py); weights, or rates, are held against float64 before
anything is timed. Everyone then takes turns, and so does what the machine allows: the bytes that have to move, or the matrix
products, and nothing else.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from benchmarks import bars, coding, machine, recurrent, report
from benchmarks import field as neural_field
from benchmarks.busy import busy_processes, counts
from benchmarks.ceilings import Ceilings
from benchmarks.client import Client, Failed, use_processors
from benchmarks.environments import Missing
from benchmarks.papers_text import text
from benchmarks.reference import CHECKED, say
from benchmarks.roster import Entrant
from benchmarks.samples import Sample
from benchmarks.workload import Product
from recircuit.errors import UsageError

#: How far the weights may be from float64, as a share of their change, in the root mean square.
TOLERANCE = 1e-3


def bytes_of_rflo(p: recurrent.Settings, ceilings: Ceilings, seconds: float) -> dict[str, float]:
    """Return the bytes of a step. Each step reads and writes every eligibility, reads the weights, and reads and writes
    them again to learn.
    """
    n, traces = p.units, Product(p.batch_size * p.units, p.units, p.steps, learns=True)
    weights = [Product(n, n, p.steps), Product(n, n, p.steps, learns=True)]
    return {"moving the bytes": p.batch_size * ceilings.bytes_alone([traces, *weights], seconds)}


def products_of_coding(p: coding.Settings, ceilings: Ceilings, seconds: float) -> dict[str, float]:
    """Return what is needed: the product with the stimulus once, the others in each turn of errors or values, and the
    updates.
    """
    pairs = list(zip(p.sizes, p.sizes[1:]))
    guesses = [Product(post, pre, p.steps + 1 if l else 1) for l, (pre, post) in enumerate(pairs)]
    back = [Product(pre, post, p.steps) for pre, post in pairs[1:]]
    updates = [Product(post, pre, 1, learns=True) for pre, post in pairs]
    of = [*guesses, *back, *updates]
    return {"multiplying and adding in registers": ceilings.arithmetic_alone(p.batch_size, of, seconds)}


def not_measured(p: Any, ceilings: Ceilings, seconds: float) -> dict[str, float]:
    """Return no limit: small circuits have none of this kind, since their time is that of calls, and not of the arithmetic."""
    return {}


@dataclass(frozen=True)
class Case:
    """A circuit, who computes it, and what the machine allows.

    goal: how many times as fast as each peer it is meant to be. share: which share of the limit it is meant to reach.
    """

    name: str
    title: str
    about: str
    module: ModuleType
    settings: Any
    quick: Any
    entrants: tuple[Entrant, ...]
    limit: Callable[[Any, Ceilings, float], dict[str, float]]
    goal: float
    share: float | None = None


CASES = (
    Case(
        "rflo", "RFLO", "200 recurrent units, 32 batch elements, series of 100 steps, float32; every synapse learns in every "
        "step (benchmarks/recurrent.py). The limit is that of the bytes: each step reads and writes all eligibilities.",
        recurrent, recurrent.Settings(), recurrent.Settings(units=20, batch_size=4, steps=10, rows=8),
        (Entrant("recircuit", "recircuit", "", "rflo_recircuit", "cpp"), Entrant("jax", "JAX", "jax", "rflo_jax"),
         Entrant("brainpy", "BrainPy", "brainpy", "rflo_brainpy")),
        bytes_of_rflo, goal=1.5, share=0.75,
    ),
    Case(
        "coding", "Discriminative predictive coding", "784-512-512-10, 250 batch elements, 20 steps of settling, ADAM, float32 "
        "(benchmarks/coding.py). The limit is the arithmetic of the matrix products, of which that with the stimulus is "
        "needed once. ngc-learn is measured twice (benchmarks/peers/coding_ngclearn.py): its museum's script calls each "
        "process from Python, in every step; and by hand one can have JAX compile the loop over all calls.",
        coding, coding.Settings(), coding.Settings(sizes=(20, 16, 16, 4), batch_size=5, steps=4, rows=10),
        (Entrant("recircuit", "recircuit", "", "coding_recircuit", "cpp"),
         Entrant("ngclearn-museum", "ngc-learn, as its museum calls it", "ngclearn", "coding_ngclearn", "museum"),
         Entrant("ngclearn-compiled", "ngc-learn, its loop compiled", "ngclearn", "coding_ngclearn", "compiled")),
        products_of_coding, goal=5, share=0.85,
    ),
    Case(
        "bars", "Bars", "64 inputs and 32 units that inhibit each other, 50 steps a presentation, float32; every synapse "
        "learns in every step (benchmarks/bars.py, after ANNarchy's example).",
        bars, bars.Settings(), bars.Settings(side=4, units=6, steps=10, rows=8),
        (Entrant("recircuit", "recircuit", "", "bars_recircuit", "cpp"),
         Entrant("annarchy", "ANNarchy, fast flags", "annarchy", "bars_annarchy")),
        not_measured, goal=1.5,
    ),
    Case(
        "field", "Neural field", "20 by 20 units, each with synapses to all others, 50 steps a presentation, float32; nothing "
        "learns (benchmarks/field.py, after ANNarchy's example, without its noise).",
        neural_field, neural_field.Settings(), neural_field.Settings(side=6, steps=10, rows=8),
        (Entrant("recircuit", "recircuit", "", "field_recircuit", "cpp"),
         Entrant("annarchy", "ANNarchy, fast flags", "annarchy", "field_annarchy")),
        not_measured, goal=1.5,
    ),
)  # fmt: skip


@dataclass
class Runner:
    """One who takes part in a case, and its samples, by the number of busy processes."""

    entrant: Entrant
    client: Client
    distance: float
    versions: dict[str, str]
    samples: dict[int, list[Sample]] = field(default_factory=dict)


def distance(got: list[np.ndarray], wanted: list[np.ndarray], before: list[np.ndarray]) -> float:
    """Return how far weights are from what they should be, as a share of their change: the worst of all matrices."""
    return max(float(np.linalg.norm(g - w) / np.linalg.norm(w - b)) for g, w, b in zip(got, wanted, before))


def opened(case: Case, settings: Any, entrant: Entrant, threads: int, folder: Path) -> Runner:
    """Start a process, have it build the circuit, and hold its weights against float64.

    Raises Failed, Missing: it cannot take part; the message says why.
    """
    problem, file, given = case.module.draw(settings), folder / f"{case.name}.npz", folder / "weights.npz"
    problem.save(file)
    client = Client(entrant, threads)
    try:
        facts = client.ask("open", problem=str(file), mode="every", **{"as": case.name})
        apart = 0.0
        for count in CHECKED:
            client.ask("check", presentations=count, into=str(given), **{"as": case.name})
            with np.load(given) as found:
                weights = [found[name] for name in found.files]
            apart = max(apart, distance(weights, case.module.expected(problem, count), problem.initial()))
        if not apart < TOLERANCE:
            raise Failed(f"its weights are {apart:.1e} off")
    except Failed:
        client.close()
        raise
    return Runner(entrant, client, apart, facts["versions"])


def measured(case: Case, arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Return all that is known of a case."""
    settings = case.quick if arguments.quick else case.settings
    rounds, seconds = (1, 0.05) if arguments.quick else (arguments.rounds, arguments.seconds)
    wanted = [
        e for e in case.entrants if not (arguments.peers and e.environment) or e.name in arguments.peers.split(",")
    ]
    runners, absent = _runners(case, settings, wanted, arguments.threads, folder)
    limits: dict[str, list[float]] = {}
    try:
        for busy in counts(arguments.busy):
            with busy_processes(busy) if busy else nullcontext():
                for k in range(rounds):
                    say(f"{case.title}: round {k + 1} of {rounds} beside {busy} busy processes")
                    for runner in runners:
                        runner.samples.setdefault(busy, []).append(_sample(runner, case, settings.batch_size, seconds))
                    for way, rate in (
                        {} if busy else case.limit(settings, Ceilings(arguments.threads), seconds / 2).items()
                    ):
                        limits.setdefault(way, []).append(rate)
    finally:
        for runner in runners:
            runner.client.close()
    return {
        "name": case.name, "absent": absent, "limits": {way: statistics.median(rates) for way, rates in limits.items()},
        "rows": [
            {"name": r.entrant.name, "label": r.entrant.label, "versions": r.versions, "distance": r.distance,
             "samples": {str(busy): [sample.rate for sample in taken] for busy, taken in r.samples.items()},
             "processors": {str(busy): [sample.processors for sample in taken] for busy, taken in r.samples.items()}}
            for r in runners
        ],
    }  # fmt: skip


def _runners(
    case: Case, settings: Any, entrants: list[Entrant], threads: int, folder: Path
) -> tuple[list[Runner], dict[str, str]]:
    """Return who takes part, and why others do not."""
    runners, absent = [], {}
    for entrant in entrants:
        try:
            runners.append(opened(case, settings, entrant, threads, folder))
            say(f"{case.title}: {entrant.label} is {runners[-1].distance:.1e} from float64")
        except (Failed, Missing) as problem:
            absent[entrant.label] = str(problem)
            say(f"{case.title}: {entrant.label}: {problem}")
    return runners, absent


def _sample(runner: Runner, case: Case, batch_size: int, seconds: float) -> Sample:
    facts = runner.client.ask("time", seconds=seconds, **{"as": case.name})
    time.sleep(min(0.1, seconds / 4))
    return Sample.of(facts, batch_size)


def run(arguments: argparse.Namespace) -> int:
    """Measure and write `papers.json` and `papers.md`."""
    _check_peers(arguments.peers)
    use_processors(arguments.threads)
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        found = [measured(case, arguments, Path(folder)) for case in CASES]
    facts = machine.facts(arguments.threads) | {"tolerance": TOLERANCE, "cases": found}
    report.write("papers", facts, text(facts, {case.name: case for case in CASES}), arguments.out)
    return 0


def _check_peers(names: str) -> None:
    """Refuse a name that nobody in a case has."""
    known = list(dict.fromkeys(e.name for case in CASES for e in case.entrants))
    for name in filter(None, names.split(",")):
        if name not in known:
            raise UsageError(f"--peers: expected some of {', '.join(known)}; got {name!r}")

"""The parts of benchmarks.gpu that say how fast it is, as plain numbers.

Each goes on with what an earlier call has found (`arguments.earlier`), hands what it has to `arguments.keep` as it goes on,
and raises OutOfTime where something is left when the time is spent.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.client import Client, Failed
from benchmarks.environments import Missing
from benchmarks.gpu_commands import OutOfTime, answer_of, compiled, lines_of, seconds_left
from benchmarks.reference import TOLERANCE
from benchmarks.roster import Entrant
from benchmarks.training import data
from benchmarks.workload import Problem, Settings, distance, draw, expected, products
from recircuit.processor import cores

OURS = Entrant("recircuit", "recircuit", "", "recircuit", "cuda")
#: The same, without our kernel for small products.
BY_CUBLAS = Entrant("recircuit-cublas", "recircuit, all products by cuBLAS", "", "recircuit", "cuda")
#: And with stretches of a presentation as one launch, instead of a graph in which each launch is a node.
BY_WALK = Entrant("recircuit-walk", "recircuit, stretches as one launch", "", "recircuit", "cuda")
#: The same with weights that each step reads from memory, where they would stay in shared memory.
BY_CACHE = Entrant("recircuit-cache", "recircuit, one launch, weights in the cache", "", "recircuit", "cuda")
SETTINGS = {
    BY_CUBLAS: {"RECIRCUIT_CUDA_PRODUCTS": "cublas"},
    BY_WALK: {"RECIRCUIT_CUDA_PRESENTATION": "persistent"},
    BY_CACHE: {"RECIRCUIT_CUDA_PRESENTATION": "persistent", "RECIRCUIT_CUDA_WEIGHTS": "cache"},
}
TORCH = (
    Entrant("torch-gpu", "PyTorch eager", "", "torch_gpu", "eager"),
    Entrant("torch-graph", "PyTorch graph", "", "torch_gpu", "graph"),
)
BRIAN2CUDA = Entrant("brian2cuda", "Brian2CUDA", "", "brian2", "cuda")
WORKLOADS = (Settings(), Settings(sizes=(784, 4096, 4096, 10), batch_size=1000, rows=4000))
#: A sample of each, in seconds.
SECONDS = 0.7
#: Seconds after which a row, of which the most is to compile a circuit, is taken not to end.
MOST = 90.0


def training(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return seconds an epoch and test errors, on cuda and cpp, from the same weights in the same order.

    Each is measured in a process of its own, which can be ended.
    """
    shown, findings = data(arguments.data), dict(arguments.earlier)
    findings |= {"data": shown.name, "failed": []}
    for hidden, epochs in (((500,), 3), ((100,) * 4, 2)):
        sizes = "-".join(map(str, [shown.n_features, *hidden, shown.classes]))
        row = findings.setdefault(sizes, {})
        for backend in ("cuda", "cpp"):
            if backend in row:
                continue
            try:
                row[backend] = _trained(sizes, epochs, backend, arguments)
            except OutOfTime:
                raise
            except (RuntimeError, ValueError, OSError) as problem:
                findings["failed"].append(f"{sizes}, {backend}: {problem}")
            arguments.keep(findings)
    return findings


def _trained(sizes: str, epochs: int, backend: str, arguments: argparse.Namespace) -> dict[str, Any]:
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.gpu_training", sizes, str(epochs), backend]
    folder = [str(arguments.data)] if arguments.data else []
    return json.loads(answer_of([*command, *folder], arguments, most=MOST))


def reference(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return stimuli a second, of us and of the others, and what it takes of the GPU's memory."""
    findings: dict[str, Any] = {"rates": {}, "apart": {}} | arguments.earlier | {"absent": {}, "failed": []}
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        path = Path(folder) / "problem.npz"
        for settings in WORKLOADS:
            problem = draw(settings)
            problem.save(path)
            wanted = expected(problem, 2) if settings.batch_size <= 100 else None
            for mode in ("needed", "every"):
                _rows_of(findings, _Case(settings, mode, problem, path, wanted), arguments)
    return findings


def faster_ways(rates: dict[str, dict[str, float]]) -> list[str]:
    """Return which way of launching a presentation was faster here for each workload, where both were measured."""
    found = []
    for name, row in rates.items():
        graph, walk = row.get(OURS.label), row.get(BY_WALK.label)
        if graph and walk:
            way, times = ("persistent", walk / graph) if walk > graph else ("graph", graph / walk)
            found.append(f"{name}: RECIRCUIT_CUDA_PRESENTATION={way} is faster, {times:.2f} times")
    return found


@dataclass(frozen=True)
class _Case:
    """A workload in a mode, its problem and the file of it, and the weights after two presentations."""

    settings: Settings
    mode: str
    problem: Problem
    path: Path
    wanted: list[np.ndarray] | None

    @property
    def name(self) -> str:
        return f"B = {self.settings.batch_size}, {'-'.join(map(str, self.settings.sizes))}, {self.mode}"


def _rows_of(findings: dict[str, Any], case: _Case, arguments: argparse.Namespace) -> None:
    """Measure the rate of each program in a case; one that cannot be measured is reported, and the others are measured."""
    rates = findings["rates"].setdefault(case.name, {})
    measures = {"cuBLAS alone": lambda: ceiling(case, arguments)}
    others = (BY_WALK, BY_CACHE, BY_CUBLAS) if case.settings.batch_size <= 100 else ()  # large ones are so anyway
    there = (OURS, *TORCH, *others)
    measures |= {e.label: lambda e=e: _rate(e, case, findings, arguments) for e in there}
    for label, measure in measures.items():
        if label in rates:
            continue
        seconds_left(arguments)
        try:
            rates[label] = measure() * case.settings.batch_size
        except OutOfTime:
            raise
        except (Failed, Missing, RuntimeError, ValueError, OSError) as problem:
            findings["absent"].setdefault(label, f"{case.name}: {problem}")
        arguments.keep(findings)


def _rate(entrant: Entrant, case: _Case, findings: dict[str, Any], arguments: argparse.Namespace) -> float:
    """Return the best of three samples, in presentations a second, if its weights are right; and of us, what memory it
    takes.
    """
    if entrant.module == "torch_gpu" and importlib.util.find_spec("torch") is None:
        raise Missing("torch is not installed here")
    client = Client(entrant, cores(), **SETTINGS.get(entrant, {}))
    ask = partial(client.ask, timeout=min(MOST, seconds_left(arguments)), **{"as": "it"})
    try:
        ask("open", problem=str(case.path), mode=case.mode)
        if case.wanted is not None:
            _check(ask, entrant, case, findings)
        samples = [ask("time", seconds=SECONDS) for _ in range(3)]
        if entrant is OURS and case.mode == "needed":
            findings["memory"] = _memory(ask("call", method="memory"))
    finally:
        client.close()
    return max(s["presentations"] / s["seconds"] for s in samples)


def _check(ask: Callable[..., Any], entrant: Entrant, case: _Case, findings: dict[str, Any]) -> None:
    """Check the weights. Raises Failed if, after two presentations, they are too far from those in double precision."""
    assert case.wanted is not None
    into = case.path.with_name("weights.npz")
    ask("check", presentations=2, into=str(into))
    with np.load(into) as file:
        apart = distance(case.problem, [file[k] for k in file.files], case.wanted)
    findings["apart"][f"{entrant.label}, {case.name}"] = apart
    if not apart <= TOLERANCE:
        if entrant is OURS:
            findings["failed"].append(case.name)
        raise Failed(f"its weights are {apart:.1e} off, of at most {TOLERANCE:g}")


def _memory(findings: dict[str, int]) -> dict[str, float]:
    """Add the share of memory of the last and largest workload: there the 32 MB in which cuBLAS works do not count for much."""
    return findings | {"share": findings["device"] / (findings["stored"] + findings["data"])}


def ceiling(case: _Case, arguments: argparse.Namespace) -> float:
    """Return presentations a second, if there were nothing but the products: ceilings.cu, compiled once."""
    folder, settings = case.path.parent, case.settings
    program = folder / "ceilings"
    if not program.exists():
        compiled("ceilings.cu", folder, arguments)
    numbers = [n for p in products(settings, case.mode) for n in (p.post, p.pre, p.times, int(p.learns))]
    command = [str(program), str(settings.batch_size), str(SECONDS), *map(str, numbers)]
    return float(answer_of(command, arguments, folder, most=MOST))


def brian2cuda(arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure the same circuit in plain Brian2CUDA with Synapses, one batch element; its compilation is long."""
    settings = Settings(batch_size=1, rows=200)
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        problem, path = draw(settings), Path(folder) / "problem.npz"
        problem.save(path)
        client, begin = Client(BRIAN2CUDA, cores()), time.monotonic()
        try:
            client.ask("open", timeout=seconds_left(arguments), problem=str(path), mode="every", **{"as": "it"})
            built = time.monotonic() - begin
            took = client.ask("call", timeout=120, method="timed", **{"as": "it", "with": {"count": 50}})
        finally:
            client.close()
    return {"build": built, "presentations_per_second": 50 / took}


def anatomy(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what a node of a captured graph costs, and products, barriers and launches: anatomy.cu, line by line."""
    findings: dict[str, Any] = {"lines": []}
    with tempfile.TemporaryDirectory(prefix="anatomy-") as folder:
        program = compiled("anatomy.cu", Path(folder), arguments)
        for line in lines_of([str(program)], arguments, folder, most=MOST):
            findings["lines"].append(line)
            arguments.keep(findings)
    return findings

"""The parts of benchmarks.gpu: each measures one thing and returns it as plain numbers.

Each hands what it has to `arguments.keep` as it goes on, and ends before `arguments.deadline`.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Timer
from typing import Any

import numpy as np

from benchmarks.agreement import BOUNDS, cases
from benchmarks.build import SIZES
from benchmarks.client import ROOT, Client, Failed
from benchmarks.environments import Missing
from benchmarks.reference import TOLERANCE
from benchmarks.roster import Entrant
from benchmarks.training import data
from benchmarks.workload import Problem, Settings, distance, draw, expected, products
from recircuit.circuits.backends.cuda import toolkit
from recircuit.models import layered, train
from recircuit.processor import cores

#: As many circuits are compiled at a time; each makes a few files.
AT_A_TIME = max(1, min(8, cores() // 2))

OURS = Entrant("recircuit", "recircuit", "", "recircuit", "cuda")
TORCH = (
    Entrant("torch-gpu", "PyTorch eager", "", "torch_gpu", "eager"),
    Entrant("torch-graph", "PyTorch graph", "", "torch_gpu", "graph"),
)
BRIAN2CUDA = Entrant("brian2cuda", "Brian2CUDA", "", "brian2", "cuda")
WORKLOADS = (Settings(), Settings(sizes=(784, 4096, 4096, 10), batch_size=1000, rows=4000))
#: A sample of each, in seconds.
SECONDS = 0.7


# ---- what is right ---------------------------------------------------------------------------------------------------


def build(arguments: argparse.Namespace) -> dict[str, Any]:
    """Seconds of a process that compiles a network for the first time, and of one that finds it compiled."""
    command = [sys.executable, "-m", "benchmarks.start", "-".join(map(str, SIZES)), "0", "cuda"]
    with tempfile.TemporaryDirectory(prefix="recircuit-cache-") as cache:
        runs = [_said(command, arguments, RECIRCUIT_CACHE=cache) for _ in range(2)]
    first, again = (json.loads(run) for run in runs)
    return first | {"again": again["build"]}


def agreement(arguments: argparse.Namespace) -> dict[str, Any]:
    """How far cuda is from numpy, case by case."""
    wanted = [(case, precision) for case in cases() for precision in BOUNDS]
    findings: dict[str, Any] = {"of": len(wanted), "rows": [], "failed": []}
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        for done in as_completed([pool.submit(_agrees, case, precision, arguments) for case, precision in wanted]):
            row = done.result()
            findings["rows"].append(row)
            if not row["ok"]:
                findings["failed"].append(f"{row['case']}, {row['precision']}")
            arguments.keep(findings)
    findings["rows"].sort(key=lambda row: (row["case"], row["precision"]))
    return findings


def _agrees(case: str, precision: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """One case, in a process of its own."""
    row: dict[str, Any] = {"case": case, "precision": precision}
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.agreement", case, precision]
    try:
        row |= json.loads(_said(command, arguments))
    except (RuntimeError, ValueError, OSError) as problem:
        return row | {"error": str(problem), "ok": False}
    return row | {"ok": row["apart"] < BOUNDS[precision]}


def tests(arguments: argparse.Namespace) -> dict[str, Any]:
    """The tests that need a GPU, but for those that `agreement` has done."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-m",
        "cuda and not slow",
        "tests/circuits/test_cuda.py",
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=_seconds_left(arguments))
    lines = done.stdout.splitlines()
    failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
    return {
        "summary": lines[-1] if lines else done.stderr[-300:],
        "failed": failed or ([] if done.returncode == 0 else ["?"]),
    }


# ---- how fast --------------------------------------------------------------------------------------------------------


def training(arguments: argparse.Namespace) -> dict[str, Any]:
    """Seconds an epoch and test errors, on cuda and cpp, from the same weights in the same order."""
    shown, findings = data(arguments.data), {}
    findings["data"] = shown.name
    for hidden, epochs in (((500,), 3), ((100,) * 4, 2)):
        sizes = [shown.n_features, *hidden, shown.classes]
        row = findings["-".join(map(str, sizes))] = {}
        for backend in ("cuda", "cpp"):
            net = layered(sizes, "urfb", batch_size=100)
            history = train(net, shown, epochs, backend=backend, progress=False)
            row[backend] = {
                "epoch": float(np.median(history["seconds"][1:])),
                "test errors": list(history["test_error"]),
            }
            net.close()
            arguments.keep(findings)
    return findings


def reference(arguments: argparse.Namespace) -> dict[str, Any]:
    """Stimuli a second, of us and of the others, and what it takes of the GPU's memory."""
    findings: dict[str, Any] = {"rates": {}, "absent": {}, "apart": {}, "failed": []}
    for settings in WORKLOADS:
        with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
            problem, path = draw(settings), Path(folder) / "problem.npz"
            problem.save(path)
            wanted = expected(problem, 2) if settings.batch_size <= 100 else None
            for mode in ("needed", "every"):
                _rows_of(findings, _Case(settings, mode, problem, path, wanted), arguments)
    return findings


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
    """Everyone's rate in a case; who cannot be measured is told, and the others are measured."""
    rates = findings["rates"][case.name] = {}
    measures = {"cuBLAS alone": lambda: ceiling(case.settings, case.mode, arguments)}
    measures |= {entrant.label: lambda e=entrant: _rate(e, case, findings, arguments) for entrant in (OURS, *TORCH)}
    for label, measure in measures.items():
        try:
            rates[label] = measure() * case.settings.batch_size
        except (Failed, Missing, RuntimeError, ValueError, OSError) as problem:
            findings["absent"].setdefault(label, f"{case.name}: {problem}")
        arguments.keep(findings)


def _rate(entrant: Entrant, case: _Case, findings: dict[str, Any], arguments: argparse.Namespace) -> float:
    """The best of three samples, in presentations a second, if its weights are right; and of us, what memory it takes."""
    if entrant.module == "torch_gpu" and importlib.util.find_spec("torch") is None:
        raise Missing("torch is not installed here")
    client = Client(entrant, cores())
    ask = partial(client.ask, timeout=_seconds_left(arguments), **{"as": "it"})
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
    """Raises Failed: its weights after two presentations are too far from those in double precision."""
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
    """The share is of the last and largest workload: there the 32 MB in which cuBLAS works do not count for much."""
    return findings | {"share": findings["device"] / (findings["stored"] + findings["data"])}


def ceiling(settings: Settings, mode: str, arguments: argparse.Namespace) -> float:
    """Presentations a second, if there were nothing but the products: ceilings.cu."""
    with tempfile.TemporaryDirectory(prefix="ceilings-") as folder:
        program = _compiled("ceilings.cu", Path(folder), arguments)
        numbers = [n for p in products(settings, mode) for n in (p.post, p.pre, p.times, int(p.learns))]
        command = [str(program), str(settings.batch_size), str(SECONDS), *map(str, numbers)]
        return float(_said(command, arguments, folder))


def brian2cuda(arguments: argparse.Namespace) -> dict[str, Any]:
    """The same circuit in plain Brian2CUDA with Synapses, one batch element; its compilation is long."""
    settings = Settings(batch_size=1, rows=200)
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        problem, path = draw(settings), Path(folder) / "problem.npz"
        problem.save(path)
        client, begin = Client(BRIAN2CUDA, cores()), time.monotonic()
        try:
            client.ask("open", timeout=_seconds_left(arguments), problem=str(path), mode="every", **{"as": "it"})
            built = time.monotonic() - begin
            took = client.ask("call", timeout=120, method="timed", **{"as": "it", "with": {"count": 50}})
        finally:
            client.close()
    return {"build": built, "presentations_per_second": 50 / took}


def anatomy(arguments: argparse.Namespace) -> dict[str, Any]:
    """What a node of a captured graph costs, and products, barriers and launches: anatomy.cu, line by line."""
    findings: dict[str, Any] = {"lines": []}
    with tempfile.TemporaryDirectory(prefix="anatomy-") as folder:
        program = _compiled("anatomy.cu", Path(folder), arguments)
        process = subprocess.Popen(
            [str(program)], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        ending = Timer(_seconds_left(arguments), process.kill)
        ending.start()
        assert process.stdout is not None
        for line in process.stdout:
            findings["lines"].append(line.rstrip())
            arguments.keep(findings)
        ending.cancel()
        if process.wait():
            raise RuntimeError(f"it ended with status {process.returncode}")
    return findings


def _compiled(source: str, folder: Path, arguments: argparse.Namespace) -> Path:
    """A program of one file beside this one, compiled for this GPU."""
    tools = toolkit.find_toolkit()
    assert tools is not None
    program = folder / Path(source).stem
    tools.link_into(folder)
    options = ["-O3", "-std=c++17", "-w", "-arch=native", *tools.include_options, *tools.library_options]
    command = [str(tools.nvcc), *options, str(Path(__file__).with_name(source)), "-o", str(program)]
    _said(command, arguments, folder, answers=False)
    return program


def _seconds_left(arguments: argparse.Namespace) -> float:
    """Until the time is spent; never less than something can end in."""
    return max(5.0, arguments.deadline - time.monotonic())


def _said(
    command: list[str], arguments: argparse.Namespace, folder: str | Path = ROOT, *, answers: bool = True, **environment: str
) -> str:  # fmt: skip
    """The last line that a command says; a RuntimeError tells what went wrong."""
    limit = _seconds_left(arguments)
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, env=os.environ | environment,
            timeout=limit,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"it did not end within {limit:.0f} s") from None
    lines = done.stdout.strip().splitlines()
    if done.returncode or (answers and not lines):
        raise RuntimeError((done.stderr.strip().splitlines() or ["it said nothing"])[-1])
    return lines[-1] if lines else ""

"""The parts of benchmarks.gpu: each measures one thing and returns it as plain numbers; and how each is told."""

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
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import report
from benchmarks.agreement import BOUNDS, cases
from benchmarks.build import SIZES
from benchmarks.client import ROOT, Client, Failed
from benchmarks.environments import Missing
from benchmarks.roster import Entrant
from benchmarks.training import data
from benchmarks.workload import Settings, distance, draw, expected, products
from recircuit.circuits.backends.cuda import toolkit
from recircuit.models import layered, train

PROCESSORS = len(os.sched_getaffinity(0))
#: As many circuits are compiled at a time; each makes a few files.
AT_A_TIME = max(1, min(8, PROCESSORS // 2))

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

    def one(job: tuple[str, str]) -> dict[str, Any]:
        try:
            said = _said([sys.executable, "-W", "ignore", "-m", "benchmarks.agreement", *job], arguments)
            found = json.loads(said)
        except (RuntimeError, ValueError) as problem:
            return {"case": job[0], "precision": job[1], "error": str(problem), "ok": False}
        return {"case": job[0], "precision": job[1], **found, "ok": found["apart"] < BOUNDS[job[1]]}

    with ThreadPoolExecutor(AT_A_TIME) as pool:
        rows = list(pool.map(one, wanted))
    return {"rows": rows, "failed": [f"{r['case']}, {r['precision']}" for r in rows if not r["ok"]]}


def tests(arguments: argparse.Namespace) -> dict[str, Any]:
    """The tests that need a GPU, but for those that `agreement` has done."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-m",
        "cuda and not slow",
        "tests/test_cuda.py",
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=arguments.seconds_left)
    lines = done.stdout.splitlines()
    failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
    return {
        "summary": lines[-1] if lines else done.stderr[-300:],
        "failed": failed or ([] if done.returncode == 0 else ["?"]),
    }


# ---- how fast --------------------------------------------------------------------------------------------------------


def training(arguments: argparse.Namespace) -> dict[str, Any]:
    """Seconds an epoch and test errors, on cuda and cpp, from the same weights in the same order."""
    shown, told = data(arguments.data), {}
    told["data"] = shown.name
    for hidden, epochs in (((500,), 3), ((100,) * 4, 2)):
        sizes = [shown.n_features, *hidden, shown.classes]
        row = told["-".join(map(str, sizes))] = {}
        for backend in ("cuda", "cpp"):
            net = layered(sizes, "urfb", batch_size=100)
            history = train(net, shown, epochs, backend=backend, progress=False)
            row[backend] = {
                "epoch": float(np.median(history["seconds"][1:])),
                "test errors": list(history["test_error"]),
            }
            net.close()
    return told


def reference(arguments: argparse.Namespace) -> dict[str, Any]:
    """Stimuli a second, of us and of the others, and what it takes of the GPU's memory."""
    told: dict[str, Any] = {"rates": {}, "absent": {}, "apart": {}}
    for settings in WORKLOADS:
        with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
            problem, path = draw(settings), Path(folder) / "problem.npz"
            problem.save(path)
            wanted = expected(problem, 2) if settings.batch_size <= 100 else None
            for mode in ("needed", "every"):
                name = f"B = {settings.batch_size}, {'-'.join(map(str, settings.sizes))}, {mode}"
                rates = told["rates"][name] = {"cuBLAS alone": ceiling(settings, mode, arguments) * settings.batch_size}
                for entrant in (OURS, *TORCH):
                    try:
                        rates[entrant.label], found = _rate(
                            entrant, path, mode, settings, Path(folder), wanted is not None
                        )
                    except (Failed, Missing) as problem_found:
                        told["absent"].setdefault(entrant.label, f"{name}: {problem_found}")
                        continue
                    if wanted is not None and "weights" in found:
                        told["apart"][f"{entrant.label}, {name}"] = distance(problem, found["weights"], wanted)
                    if entrant is OURS and mode == "needed":
                        told["memory"] = _memory(found["memory"])
    return told


def _rate(
    entrant: Entrant, path: Path, mode: str, settings: Settings, folder: Path, check: bool
) -> tuple[float, dict[str, Any]]:
    """The best of three samples, in stimuli a second; and of us, what memory it takes."""
    if entrant.module == "torch_gpu" and importlib.util.find_spec("torch") is None:
        raise Missing("torch is not installed here")
    client, found = Client(entrant, PROCESSORS), {}
    try:
        client.ask("open", problem=str(path), mode=mode, **{"as": "it"})
        if check:
            client.ask("check", presentations=2, into=str(folder / "weights.npz"), **{"as": "it"})
            with np.load(folder / "weights.npz") as file:
                found["weights"] = [file[k] for k in file.files]
        samples = [client.ask("time", seconds=SECONDS, **{"as": "it"}) for _ in range(3)]
        if entrant is OURS:
            found["memory"] = client.ask("call", method="memory", **{"as": "it"})
    finally:
        client.close()
    return max(s["presentations"] / s["seconds"] for s in samples) * settings.batch_size, found


def _memory(told: dict[str, int]) -> dict[str, float]:
    """The share is of the last and largest workload: there the 32 MB in which cuBLAS works do not count for much."""
    return told | {"share": told["device"] / (told["stored"] + told["data"])}


def ceiling(settings: Settings, mode: str, arguments: argparse.Namespace) -> float:
    """Presentations a second, if there were nothing but the products: ceilings.cu."""
    tools = toolkit.find_toolkit()
    assert tools is not None
    with tempfile.TemporaryDirectory(prefix="ceilings-") as folder:
        program = Path(folder) / "ceilings"
        source = Path(__file__).with_name("ceilings.cu")
        tools.link_into(Path(folder))
        options = ["-O3", "-std=c++17", "-w", "-arch=native", *tools.include_options, *tools.library_options]
        _said([str(tools.nvcc), *options, str(source), "-o", str(program)], arguments, folder, answers=False)
        numbers = [n for p in products(settings, mode) for n in (p.post, p.pre, p.times, int(p.learns))]
        return float(
            _said([str(program), str(settings.batch_size), str(SECONDS), *map(str, numbers)], arguments, folder)
        )


def brian2cuda(arguments: argparse.Namespace) -> dict[str, Any]:
    """The same circuit in plain Brian2CUDA with Synapses, one batch element; its compilation is long."""
    settings = Settings(batch_size=1, rows=200)
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        problem, path = draw(settings), Path(folder) / "problem.npz"
        problem.save(path)
        client, begin = Client(BRIAN2CUDA, PROCESSORS), time.monotonic()
        try:
            client.ask("open", timeout=arguments.seconds_left, problem=str(path), mode="every", **{"as": "it"})
            built = time.monotonic() - begin
            took = client.ask("call", timeout=120, method="timed", **{"as": "it", "with": {"count": 50}})
        finally:
            client.close()
    return {"build": built, "presentations_per_second": 50 / took}


def _said(
    command: list[str], arguments: argparse.Namespace, folder: str | Path = ROOT, *, answers: bool = True, **environment: str
) -> str:  # fmt: skip
    """The last line that a command says; a RuntimeError tells what went wrong."""
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env=os.environ | environment,
        timeout=max(30, arguments.seconds_left),
    )  # fmt: skip
    lines = done.stdout.strip().splitlines()
    if done.returncode or (answers and not lines):
        raise RuntimeError((done.stderr.strip().splitlines() or ["it said nothing"])[-1])
    return lines[-1] if lines else ""


# ---- how it is told --------------------------------------------------------------------------------------------------


def _rows(part: dict[str, Any]) -> list[list[Any]]:
    return [[k, v] for k, v in part.items() if k != "took" and not isinstance(v, dict | list)]


def _agreement(part: dict[str, Any]) -> str:
    worst = {p: max(r.get("apart", float("inf")) for r in part["rows"] if r["precision"] == p) for p in BOUNDS}
    said = ", ".join(f"{p} {value:.1e} (bound {BOUNDS[p]:g})" for p, value in worst.items())
    failed = "; ".join(
        f"**{r['case']}, {r['precision']}: {r.get('error', r.get('apart'))}**" for r in part["rows"] if not r["ok"]
    )
    return f"{len(part['rows'])} cases; the worst: {said}. {failed}\n"


def _tests(part: dict[str, Any]) -> str:
    return "\n".join([part["summary"], *(f"- {line}" for line in part["failed"]), ""])


def _training(part: dict[str, Any]) -> str:
    rows = []
    for sizes, row in part.items():
        if isinstance(row, dict):
            for backend, found in row.items():
                errors = ", ".join(f"{100 * e:.2f}" for e in found["test errors"])
                rows.append([sizes, backend, found["epoch"], errors])
    return f"{part['data']}\n\n" + report.table(["", "backend", "seconds an epoch", "test errors, %"], rows)


def _reference(part: dict[str, Any]) -> str:
    labels = ["cuBLAS alone", OURS.label, *(t.label for t in TORCH)]
    rows = [[name, *(rates.get(label) for label in labels)] for name, rates in part["rates"].items()]
    said = [report.table(["stimuli a second", *labels], rows)]
    said += [f"- {who}: not measured ({why})" for who, why in part["absent"].items()]
    said += [f"- {who}: {value:.1e} from float64, of the largest change" for who, value in part["apart"].items()]
    memory = part.get("memory")
    if memory:
        said.append(
            f"- memory: {memory['device'] / 2**20:.0f} MB, {memory['share']:.2f} of what is stored and the data"
        )
    return "\n".join([*said, ""])


TEXT: dict[str, Callable[[dict[str, Any]], str]] = {
    "build": lambda part: report.table(["", "seconds"], _rows(part)),
    "agreement": _agreement,
    "tests": _tests,
    "training": _training,
    "reference": _reference,
    "brian2cuda": lambda part: report.table(["", ""], _rows(part)),
}

"""python -m benchmarks.gpu: all that is to be known of the cuda backend on a GPU, in less than nine minutes.

Builds, holds cuda against numpy for every rule and structure, runs the tests marked cuda, trains MNIST, and measures the
reference workload beside PyTorch, cuBLAS alone and plain Brian2CUDA. NAME-OF-THE-GPU.json and .md are written whenever
something is measured, and hold what earlier calls have measured; failures are reported. It needs no network; `--wheels` says
what to bring, and tools/gpu_check.sh brings it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import gpu_parts, gpu_right, gpu_text, machine, report
from benchmarks.client import ROOT
from benchmarks.gpu_results import Results, found_of
from benchmarks.reference import TOLERANCE
from recircuit.circuits.backends.cuda import gpu, requirements, toolkit
from recircuit.processor import cores

#: Seconds for everything, and the least for a part: one that would begin later is left out.
LIMIT, LEAST = 540, 20

WHEELS = """On a machine with a network and the same Python:
    pip download -d wheels -c constraints.txt setuptools 'recircuit[{extra},test] @ file://{root}'
    pip download -d wheels torch      (for the peer; optional: its build for {torch}, as pytorch.org says)
Bring the folder `wheels` and this checkout, and on the machine with the GPU, whose CUDA toolkit has nvcc:
    python3.12 -m venv .venv && .venv/bin/pip install --no-index --find-links wheels setuptools
    .venv/bin/pip install --no-index --find-links wheels --no-build-isolation -e '.[{extra},test]'      (and torch)
    .venv/bin/recircuit doctor && .venv/bin/python -m benchmarks.gpu --data FOLDER/OF/MNIST
Where the toolkit has a cuBLAS of its own, '[test]' does instead of '[{extra},test]', and spares hundreds of megabytes."""

#: In this order: what is wrong should be known before how fast it is.
PARTS: dict[str, tuple[str, Callable[[argparse.Namespace], dict[str, Any]]]] = {
    "build": ("a five-layer network, compiled for the first time", gpu_right.build),
    "agreement": ("cuda against numpy, for every rule and structure", gpu_right.agreement),
    "tests": ("the tests marked cuda", gpu_right.tests),
    "anatomy": ("what launches, graphs, products and barriers cost", gpu_parts.anatomy),
    "training": ("MNIST, beside cpp", gpu_parts.training),
    "reference": ("the reference workload, beside PyTorch and cuBLAS alone", gpu_parts.reference),
    "brian2cuda": ("plain Brian2CUDA, one batch element", gpu_parts.brian2cuda),
}


def main() -> int:
    """Run all parts, or those that are named, as far as the time goes."""
    arguments = _arguments()
    if arguments.wheels:
        print(wheels())
        return 0
    if missing := requirements.missing_cuda():
        print(f"benchmarks.gpu: {missing}.", file=sys.stderr)
        return 1
    begin = time.monotonic()
    arguments.deadline = begin + seconds_given(arguments)
    results = Results(arguments.out, facts(), finish, text)
    wanted = wanted_parts(arguments, results.parts)
    for name in wanted:
        print(f"[{time.monotonic() - begin:3.0f} s] {name}: {PARTS[name][0]}", flush=True)
        measure(name, arguments, results)
    results.write()
    print(results.file.with_suffix(".md").read_text())
    print(f"{time.monotonic() - begin:.0f} s; written: {results.file} and .md")
    bad = [name for name in wanted if "error" in results.parts[name] or results.parts[name].get("failed")]
    return 1 if bad else 0


def _arguments() -> argparse.Namespace:
    found = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=(__doc__ or "").partition("\n\n")[0])
    found.add_argument(
        "--data", type=Path, help="The folder of MNIST (default: $RECIRCUIT_DATA/mnist or ../shared/data/mnist)."
    )
    found.add_argument("--out", type=Path, default=ROOT / "results" / "gpu", help="The folder of the results.")
    found.add_argument(
        "--parts", default="", help=f"Measure only these parts, separated by commas: {', '.join(PARTS)}."
    )
    found.add_argument("--rest", action="store_true", help="Measure only parts that no earlier call has measured.")
    found.add_argument(
        "--seconds", type=float, help=f"The seconds for everything (default: until --until, or {LIMIT})."
    )
    found.add_argument(
        "--until",
        type=float,
        default=float("inf"),
        help="The latest time of the end, in seconds since 1970, as `date +%%s` gives them.",
    )
    found.add_argument("--wheels", action="store_true", help="Say which wheels a machine without a network needs.")
    return found.parse_args()


def seconds_given(arguments: argparse.Namespace) -> float:
    """Return how long this call may take: the shorter of what --seconds and --until say, or LIMIT if both say nothing."""
    left = arguments.until - time.time()
    if arguments.seconds is None:
        return left if left < float("inf") else LIMIT
    return min(arguments.seconds, left)


def wanted_parts(arguments: argparse.Namespace, there: dict[str, Any]) -> list[str]:
    """Return the parts that this call is to measure; with `--rest`, what no call has begun comes before what is left of
    others.
    """
    named = [name for name in arguments.parts.split(",") if name] or list(PARTS)
    if unknown := set(named) - set(PARTS):
        sys.exit(f"--parts: there is no {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    if not arguments.rest:
        return named
    left = [name for name in named if name not in there or "error" in there[name]]
    return sorted(left, key=lambda name: bool(found_of(there.get(name, {}))))


def measure(name: str, arguments: argparse.Namespace, results: Results) -> None:
    """Measure one part; whatever becomes of it, the results hold as much of it as there is."""
    begin, part = time.monotonic(), PARTS[name][1]
    there: dict[str, Any] = {}

    def keep(found: dict[str, Any]) -> None:
        there.update(found)
        results.keep(name, there | {"error": "not ended"})

    arguments.keep = keep
    if arguments.deadline - begin < LEAST:
        if name not in results.parts:
            results.keep(name, {"error": "left out: the time is spent"})
        return
    arguments.earlier = results.unfinished(name) if arguments.rest else {}
    try:
        there.update(part(arguments))
    except Exception as problem:
        there["error"] = f"{type(problem).__name__}: {problem}"
    results.keep(name, there | {"took": round(time.monotonic() - begin, 1)})


def wheels() -> str:
    """Fetch what to bring to a machine without a network."""
    found = toolkit.find_toolkit()
    old = found is not None and found.version[0] == 12
    return WHEELS.format(extra="cuda12" if old else "cuda", torch="cu128" if old else "cu130", root=ROOT)


def facts() -> dict[str, Any]:
    """Return the GPU, the toolkit, and the machine around them."""
    found, tools = gpu.find_gpu(), toolkit.find_toolkit()
    assert isinstance(found, gpu.Gpu) and tools is not None
    findings = machine.facts(cores())
    findings["command"] = " ".join(["python -m benchmarks.gpu", *sys.argv[1:]])
    findings["gpu"] = {
        "name": found.name, "compute capability": requirements.dotted(found.capability),
        "memory_GiB": round(found.memory / 2**30, 1), "driver runs CUDA": requirements.dotted(found.driver),
        "toolkit": requirements.dotted(tools.version), "cuBLAS": str(tools.library),
    }  # fmt: skip
    return findings


def finish(findings: dict[str, Any]) -> dict[str, Any]:
    """Return what follows from the parts."""
    seconds = sum(part.get("took", 0.0) for part in findings["parts"].values())
    return {"seconds": round(seconds, 1), "targets": targets(findings["parts"])}


def targets(parts: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what it should show, and whether it does; None is said of what was not measured."""
    found: list[dict[str, Any]] = []

    def add(what: str, value: float | None, relation: str, target: float) -> None:
        ok = None if value is None else value >= target if relation == ">=" else value <= target
        rounded = None if value is None else round(value, 4)
        found.append({"what": what, "value": rounded, "relation": relation, "target": target, "ok": ok})

    for name in ("agreement", "tests"):
        part = parts.get(name, {})
        failed, ended = part.get("failed"), "failed" in part and "error" not in part
        add(f"{name}: what fails", float(len(failed)) if failed or ended else None, "<=", 0)
    reference = parts.get("reference", {})
    rates, apart = reference.get("rates", {}), reference.get("apart", {})
    big, usual = rates.get("B = 1000, 784-4096-4096-10, needed", {}), rates.get("B = 100, 784-500-500-10, needed", {})
    ours = [value for who, value in apart.items() if who.startswith("recircuit,")]
    add("reference: weights from float64, of the largest change", max(ours, default=None), "<=", TOLERANCE)
    add("B = 1000, 784-4096-4096-10: share of the products' rate", _ratio(big, "recircuit", "cuBLAS alone"), ">=", 0.6)
    add("B = 100, 784-500-500-10: to PyTorch eager", _ratio(usual, "recircuit", "PyTorch eager"), ">=", 6)
    add("B = 100, 784-500-500-10: to PyTorch as a CUDA graph", _ratio(usual, "recircuit", "PyTorch graph"), ">=", 2)
    add("memory on the device, of what is stored and the data", reference.get("memory", {}).get("share"), "<=", 1.3)
    add("an epoch of MNIST, s", parts.get("training", {}).get("784-500-10", {}).get("cuda", {}).get("epoch"), "<=", 0.1)
    plain = parts.get("brian2cuda", {}).get("presentations_per_second")
    mine = usual.get("recircuit")
    add("stimuli a second, to plain Brian2CUDA's", mine / plain if mine and plain else None, ">=", 100)
    add("cold build of five layers, s", parts.get("build", {}).get("build"), "<=", 60)
    return found


def _ratio(rates: dict[str, float], one: str, other: str) -> float | None:
    return rates[one] / rates[other] if rates.get(one) and rates.get(other) else None


def text(findings: dict[str, Any]) -> str:
    """Return the tables."""
    about = ", ".join(f"{k} {v}" for k, v in findings["gpu"].items() if k != "cuBLAS")
    lines = [report.heading("The cuda backend", findings), f"{about}; {findings['seconds']:.0f} s in all.\n"]
    answers = {True: "yes", False: "NO", None: "not measured"}
    aims = [[t["what"], t["value"], f"{t['relation']} {t['target']:g}", answers[t["ok"]]] for t in findings["targets"]]
    lines.append(report.table(["", "measured", "target", "met"], aims))
    for name, part in findings["parts"].items():
        lines.append(f"## {name}: {PARTS[name][0]}\n")
        if "error" in part:
            lines.append(f"**{part['error']}**\n")
        if found_of(part):
            lines.append(gpu_text.TEXT[name](part))
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())

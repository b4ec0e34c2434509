"""python -m benchmarks.gpu: all that is to be known of the cuda backend on a GPU, in less than nine minutes.

Builds, holds cuda against numpy for every rule and structure, runs the tests marked cuda, trains MNIST, and measures the
reference workload beside PyTorch, cuBLAS alone and plain Brian2CUDA. Writes NAME-OF-THE-GPU.json and .md, also if a part
fails, which is then told. It needs no network; `--wheels` says what to bring.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import gpu_parts, machine, report
from benchmarks.client import ROOT
from recircuit.circuits.backends.cuda import gpu, requirements, toolkit

#: Seconds for everything; a part that would begin later is left out.
LIMIT = 540

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
    "build": ("a five-layer network, compiled for the first time", gpu_parts.build),
    "agreement": ("cuda against numpy, for every rule and structure", gpu_parts.agreement),
    "tests": ("the tests marked cuda", gpu_parts.tests),
    "training": ("MNIST, beside cpp", gpu_parts.training),
    "reference": ("the reference workload, beside PyTorch and cuBLAS alone", gpu_parts.reference),
    "brian2cuda": ("plain Brian2CUDA, one batch element", gpu_parts.brian2cuda),
}


def main() -> int:
    """Run all parts, or those that are named."""
    arguments = _arguments()
    if arguments.wheels:
        print(wheels())
        return 0
    if missing := requirements.missing_cuda():
        print(f"benchmarks.gpu: {missing}.", file=sys.stderr)
        return 1
    begin, told = time.monotonic(), facts()
    for name, (what, part) in PARTS.items():
        if arguments.parts and name not in arguments.parts.split(","):
            continue
        spent = time.monotonic() - begin
        if spent > LIMIT - 20:
            told["parts"][name] = {"error": f"left out: {spent:.0f} s are spent"}
            continue
        print(f"[{spent:3.0f} s] {name}: {what}", flush=True)
        arguments.seconds_left = LIMIT - spent
        told["parts"][name] = _guarded(part, arguments)
    told["seconds"] = round(time.monotonic() - begin, 1)
    told["targets"] = targets(told["parts"])
    report.write(told["gpu"]["name"].replace(" ", "-").replace("/", "-"), told, text(told), arguments.out)
    bad = [name for name, part in told["parts"].items() if "error" in part or part.get("failed")]
    return 1 if bad else 0


def _arguments() -> argparse.Namespace:
    found = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=(__doc__ or "").partition("\n\n")[0])
    found.add_argument(
        "--data", type=Path, help="folder of MNIST (default: $RECIRCUIT_DATA/mnist or ../shared/data/mnist)"
    )
    found.add_argument("--out", type=Path, default=ROOT / "results" / "gpu")
    found.add_argument("--parts", default="", help=f"only these, separated by commas: {', '.join(PARTS)}")
    found.add_argument("--wheels", action="store_true", help="say which wheels to bring to a machine without a network")
    return found.parse_args()


def _guarded(part: Callable[[argparse.Namespace], dict[str, Any]], arguments: argparse.Namespace) -> dict[str, Any]:
    begin = time.monotonic()
    try:
        found = part(arguments)
    except Exception as problem:
        found = {"error": f"{type(problem).__name__}: {problem}"}
    return found | {"took": round(time.monotonic() - begin, 1)}


def wheels() -> str:
    """What to bring to a machine without a network."""
    found = toolkit.find_toolkit()
    old = found is not None and found.version[0] == 12
    return WHEELS.format(extra="cuda12" if old else "cuda", torch="cu128" if old else "cu130", root=ROOT)


def facts() -> dict[str, Any]:
    """The GPU, the toolkit, and the machine around them."""
    found, tools = gpu.find_gpu(), toolkit.find_toolkit()
    assert isinstance(found, gpu.Gpu) and tools is not None
    told = machine.facts(gpu_parts.PROCESSORS)
    told["command"] = " ".join(["python -m benchmarks.gpu", *sys.argv[1:]])
    told["gpu"] = {
        "name": found.name, "compute capability": requirements.dotted(found.capability),
        "memory_GiB": round(found.memory / 2**30, 1), "driver runs CUDA": requirements.dotted(found.driver),
        "toolkit": requirements.dotted(tools.version), "cuBLAS": str(tools.library),
    }  # fmt: skip
    return told | {"parts": {}}


def targets(parts: dict[str, Any]) -> list[dict[str, Any]]:
    """What it should show, and whether it does; what was not measured is left out."""
    found: list[dict[str, Any]] = []

    def add(what: str, value: float | None, relation: str, target: float) -> None:
        if value is not None:
            ok = value >= target if relation == ">=" else value <= target
            found.append({"what": what, "value": round(value, 4), "relation": relation, "target": target, "ok": ok})

    rates = parts.get("reference", {}).get("rates", {})
    big, usual = rates.get("B = 1000, 784-4096-4096-10, needed", {}), rates.get("B = 100, 784-500-500-10, needed", {})
    add("B = 1000, 784-4096-4096-10: share of the products' rate", _ratio(big, "recircuit", "cuBLAS alone"), ">=", 0.6)
    add("B = 100, 784-500-500-10: to PyTorch eager", _ratio(usual, "recircuit", "PyTorch eager"), ">=", 6)
    add("B = 100, 784-500-500-10: to PyTorch as a CUDA graph", _ratio(usual, "recircuit", "PyTorch graph"), ">=", 1.2)
    memory = parts.get("reference", {}).get("memory", {})
    add("memory on the device, of what is stored and the data", memory.get("share"), "<=", 1.3)
    add("an epoch of MNIST, s", parts.get("training", {}).get("784-500-10", {}).get("cuda", {}).get("epoch"), "<=", 0.3)
    plain = parts.get("brian2cuda", {}).get("presentations_per_second")
    ours = usual.get("recircuit")
    add("stimuli a second, to plain Brian2CUDA's", ours / plain if ours and plain else None, ">=", 100)
    add("cold build of five layers, s", parts.get("build", {}).get("build"), "<=", 60)
    return found


def _ratio(rates: dict[str, float], one: str, other: str) -> float | None:
    return rates[one] / rates[other] if rates.get(one) and rates.get(other) else None


def text(told: dict[str, Any]) -> str:
    """The tables."""
    about = ", ".join(f"{k} {v}" for k, v in told["gpu"].items() if k != "cuBLAS")
    lines = [report.heading("The cuda backend", told), f"{about}; {told['seconds']:.0f} s in all.\n"]
    aims = [
        [t["what"], t["value"], f"{t['relation']} {t['target']:g}", "yes" if t["ok"] else "NO"] for t in told["targets"]
    ]
    lines.append(report.table(["", "measured", "target", "met"], aims))
    for name, part in told["parts"].items():
        lines.append(f"## {name}: {PARTS[name][0]}\n")
        lines.append(f"**{part['error']}**\n" if "error" in part else gpu_parts.TEXT[name](part))
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())

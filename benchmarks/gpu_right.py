"""The parts of benchmarks.gpu that say what is right: a build, the agreement with numpy, and the tests.

Each goes on with what an earlier call has found (`arguments.earlier`), hands what it has to `arguments.keep` as it goes on,
and raises OutOfTime where something is left when the time is spent.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

from benchmarks.agreement import BOUNDS, STRUCTURES, cases
from benchmarks.build import SIZES
from benchmarks.gpu_commands import OutOfTime, answer_of, lines_of
from recircuit.processor import cores

#: As many circuits are compiled at a time: for the most of its time each is one process of one thread.
AT_A_TIME = max(1, min(16, cores()))
#: Cases that are also tried with stretches of a presentation as one launch: some of each kind.
WALKED = ("urfb", "adam", *STRUCTURES)
#: Seconds after which a case, or a test, is taken not to end.
MOST = 150
PYTEST = [sys.executable, "-W", "ignore", "-u", "-m", "pytest", "-q", "-p", "no:cacheprovider"]


def build(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return seconds of a process that compiles a network for the first time, and of one that finds it compiled."""
    command = [sys.executable, "-m", "benchmarks.start", "-".join(map(str, SIZES)), "0", "cuda"]
    with tempfile.TemporaryDirectory(prefix="recircuit-cache-") as cache:
        runs = [answer_of(command, arguments, RECIRCUIT_CACHE=cache) for _ in range(2)]
    first, again = (json.loads(run) for run in runs)
    return first | {"again": again["build"]}


def agreement(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return how far cuda is from numpy, case by case."""
    rows = [row for row in arguments.earlier.get("rows", []) if row["ok"]]
    there = {(row["case"], row["precision"], row["way"]) for row in rows}
    wanted = [(case, "float32", "persistent") for case in WALKED]  # first what holds the most kinds of kernels
    wanted += [(case, precision, "graph") for case in reversed(cases()) for precision in BOUNDS]
    findings: dict[str, Any] = {"of": len(wanted), "rows": rows, "failed": []}
    left = [one for one in wanted if one not in there]
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        for done in as_completed([pool.submit(_agrees, *one, arguments) for one in left]):
            row = done.result()
            if row is None:
                continue
            rows.append(row)
            rows.sort(key=lambda row: (row["case"], row["precision"], row["way"]))
            findings["failed"] = [f"{row['case']}, {row['precision']}, {row['way']}" for row in rows if not row["ok"]]
            arguments.keep(findings)
    if len(rows) < len(wanted):
        raise OutOfTime(f"the time was spent: {len(wanted) - len(rows)} of {len(wanted)} cases are left")
    return findings


def _agrees(case: str, precision: str, way: str, arguments: argparse.Namespace) -> dict[str, Any] | None:
    """Compare one case, in a process of its own; None if there was no time for it."""
    row: dict[str, Any] = {"case": case, "precision": precision, "way": way}
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.agreement", case, precision]
    try:
        row |= json.loads(answer_of(command, arguments, most=MOST, RECIRCUIT_CUDA_PRESENTATION=way))
    except OutOfTime:
        return None
    except (RuntimeError, ValueError, OSError) as problem:
        return row | {"error": str(problem), "ok": False}
    return row | {"ok": row["apart"] < BOUNDS[precision]}


def tests(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run the tests that need a GPU, except for those that `agreement` has done: each in a process of its own."""
    listed = [*PYTEST, "--collect-only", "-m", "cuda and not slow", "tests/circuits/backends/test_cuda.py"]
    names = [line for line in lines_of(listed, arguments) if "::" in line]
    if not names:
        raise RuntimeError("pytest finds no test")
    passed = [name for name in arguments.earlier.get("passed", []) if name in names]
    findings: dict[str, Any] = {"of": len(names), "passed": passed, "failed": [], "said": [], "summary": ""}
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        running = {pool.submit(_output_of, name, arguments): name for name in names if name not in passed}
        for done in as_completed(running):
            lines = done.result()
            if lines is None:
                continue
            good = lines[-1:] != [] and lines[-1].startswith("1 passed")
            findings["passed" if good else "failed"].append(running[done])
            findings["said"] += (
                [] if good else [line for line in lines if line.startswith(("/", "E ", "FAILED", "ERROR"))]
            )
            findings["summary"] = f"{len(passed)} of {len(names)} passed, {len(findings['failed'])} did not"
            arguments.keep(findings)
    if left := len(names) - len(passed) - len(findings["failed"]):
        raise OutOfTime(f"the time was spent: {left} of {len(names)} tests are left")
    return findings


def _output_of(test: str, arguments: argparse.Namespace) -> list[str] | None:
    """Return what pytest says of one test; None if there was no time for it."""
    try:
        return list(lines_of([*PYTEST, "--tb=line", test], arguments, most=MOST))
    except OutOfTime:
        return None
    except RuntimeError as problem:
        return [f"ERROR {test}: {problem}"]

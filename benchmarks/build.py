"""How long a compiled circuit takes to begin: the first time, and every time after."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import machine, report
from benchmarks.client import use_processors
from benchmarks.reference import say

#: Five layers of weights.
SIZES = (784, 500, 500, 500, 500, 10)
QUICK_SIZES = (8, 6, 6, 6, 6, 4)


def run(arguments: argparse.Namespace) -> int:
    """Measure and write `build.json` and `build.md`."""
    sizes = QUICK_SIZES if arguments.quick else SIZES
    use_processors(arguments.threads)
    cold, warm = (1, 2) if arguments.quick else (3, 7)
    runs: dict[str, list[dict[str, float]]] = {"first": [], "again": []}
    for k in range(cold):
        with tempfile.TemporaryDirectory(prefix="recircuit-cache-") as cache:
            say(f"cold build {k + 1} of {cold}")
            runs["first"].append(_child(sizes, k, Path(cache)))
            for again in range(warm if k == cold - 1 else 0):
                runs["again"].append(_child(sizes, 100 + again, Path(cache)))
    facts = machine.facts(arguments.threads) | {"sizes": sizes, "runs": runs, "medians": medians(runs)}
    report.write("build", facts, text(facts), arguments.out)
    return 0


def _child(sizes: tuple[int, ...], seed: int, cache: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.start", "-".join(map(str, sizes)), str(seed)]
    environment = os.environ | {"RECIRCUIT_CACHE": str(cache)}
    begin = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return json.loads(done.stdout.splitlines()[-1]) | {"whole process": time.perf_counter() - begin}


def medians(runs: dict[str, list[dict[str, float]]]) -> dict[str, dict[str, float]]:
    """Return the medians of each part; `start` is all but importing and reading."""
    for samples in runs.values():
        for sample in samples:
            sample["start"] = sample["build"] + sample["first presentation"]
    return {kind: {k: statistics.median(s[k] for s in samples) for k in samples[0]} for kind, samples in runs.items()}


def text(facts: dict[str, Any]) -> str:
    """Return the table."""
    first, again = facts["medians"]["first"], facts["medians"]["again"]
    names = ["import", "data", "build", "first presentation", "start", "whole process"]
    return "\n".join([
        report.heading("Building", facts),
        f"{'-'.join(map(str, facts['sizes']))}, 100 batch elements, rule urfb, in a new process each time; seconds, medians. "
        "Again: with other weights, data, rate and seed. Start is build and first presentation.\n",
        report.table(["", "first time", "again"], [[n, round(first[n], 3), round(again[n], 3)] for n in names]),
        f"First build at most 20 s: {'yes' if first['build'] <= 20 else 'no'}. Started again in less than 0.5 s: "
        f"{'yes' if again['start'] < 0.5 else 'no'}.\n",
    ])  # fmt: skip

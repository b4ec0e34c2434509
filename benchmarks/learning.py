"""simpnet on CIFAR-10 by backpropagation: recircuit's timed circuit and PyTorch's autograd, from the same protocol.

They draw their own weights, orders and dropout, so that test errors agree as those of two seeds do.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine, report
from benchmarks.client import ROOT, use_processors
from benchmarks.environments import Missing, python_of
from benchmarks.reference import say
from recircuit.models.data import Dataset
from recircuit.models.experiments import Settings
from recircuit.models.experiments.amit2019.image_methods import METHODS, QUICK, protocol
from recircuit.models.experiments.framework.image_training import learn

METHOD = "BP hinge"
#: So many epochs are averaged.
LAST = 10
#: Points of test error between the two, at most.
AIM = 1.0
#: The curves of the circuit are those of `recircuit reproduce amit-simpnet`, where these lie there.
KEPT = ROOT / "results" / "amit-simpnet"


def run(arguments: argparse.Namespace) -> int:
    """Measure and write `learning.json` and `learning.md`."""
    use_processors(arguments.threads)
    os.environ["RECIRCUIT_THREADS"] = str(arguments.threads)
    epochs = 1 if arguments.quick else arguments.epochs
    folder = arguments.data or Path(os.environ.get("RECIRCUIT_DATA", "data"))
    settings = Settings(
        "cpp", (0,), show_progress=say, data=folder, out=None if arguments.quick else KEPT, epochs=epochs
    )
    how = protocol("simpnet")
    data = settings.dataset(how.data)
    ours = learn({METHOD: METHODS[METHOD]}, settings, how, QUICK)[METHOD][0]
    theirs = peer(data, arguments.threads, epochs, how.batch_size, how.rate)
    facts = machine.facts(arguments.threads) | {
        "data": data.fingerprint(), "epochs": epochs, "aim": AIM,
        "recircuit": ours, "torch": theirs,
    }  # fmt: skip
    report.write("learning", facts, text(facts), arguments.out)
    return 0


def peer(data: Dataset, threads: int, epochs: int, batch_size: int, rate: float) -> dict[str, list[float]]:
    """Return PyTorch's errors after each epoch; nothing where it cannot be had."""
    try:
        python = python_of("torch")
    except Missing as problem:
        say(f"PyTorch: {problem}")
        return {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.npz"
        images = {f"x_{part}": getattr(data, f"x_{part}").reshape(-1, *data.shape) for part in ("train", "test")}
        np.savez(path, **images, y_train=data.y_train, y_test=data.y_test, scale=data.scale, offset=data.offset)
        command = [
            str(python),
            "-m",
            "benchmarks.peers.learning_torch",
            *map(str, (threads, 0, epochs, batch_size, rate, path)),
        ]
        found: dict[str, list[float]] = {}
        environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment) as process:
            assert process.stdout is not None
            for number, line in enumerate(process.stdout, 1):
                say(f"PyTorch, epoch {number}: {line.strip()}")
                for name, value in json.loads(line).items():
                    found.setdefault(name, []).append(value)
    if process.returncode:
        say(f"PyTorch ended with {process.returncode}")
        return {}
    return found


def text(facts: dict[str, Any]) -> str:
    """Return the table."""
    names = {"recircuit": f"recircuit, {METHOD}", "torch": "PyTorch"}
    rows = []
    for name in [name for name in names if facts[name]]:
        train, test = (100 * np.array(facts[name][part]) for part in ("train", "test"))
        jump = np.abs(np.diff(test[-LAST:])).max() if len(test) > 1 else 0.0
        rows.append([names[name], train[-LAST:].mean(), test[-LAST:].mean(), test[-1], jump])
    columns = ["training error (%)", "test error (%)", "at the end", "largest jump"]
    return "\n".join([
        report.heading("Learning", facts),
        f"simpnet on CIFAR-10 (data {facts['data'][:8]}), backpropagation of the hinge loss, {facts['epochs']} epochs, a seed "
        "each; the circuit's are those that `recircuit reproduce amit-simpnet` keeps. At the paper's fixed rate test errors "
        f"jump from epoch to epoch, by more than the {facts['aim']:g} point that is the aim between the two: so the means over "
        f"the last {min(LAST, facts['epochs'])} epochs are compared. Beside them, the test error after the last, and the "
        "largest jump.\n",
        report.table(["", *columns], [[row[0], *(f"{value:.1f}" for value in row[1:])] for row in rows]),
    ])  # fmt: skip

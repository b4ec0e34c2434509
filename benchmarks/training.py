"""An epoch of MNIST, 784-500-10, URFB in step-by-step mode, 100 batch elements, beside the same algorithm written by hand."""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine, report
from benchmarks.client import ROOT, Client, Failed, use_processors
from benchmarks.environments import Missing
from benchmarks.epoch import Epoch, Settings, draw
from benchmarks.peers.training_numpy import NumpyTraining
from benchmarks.reference import say
from benchmarks.roster import Entrant
from recircuit.models.data import Dataset, load

ENTRANTS = (
    Entrant("recircuit", "recircuit", "", "training_recircuit"),
    Entrant("numpy", "NumPy by hand", "numpy", "training_numpy"),
    Entrant("torch", "PyTorch by hand", "torch", "training_torch", "eager"),
    Entrant("torch-compile", "PyTorch by hand, compiled", "torch", "training_torch", "compile", compiles=True),
)
#: After so many batches weights are compared; of the largest change (a unit may fall to the other side of its hinge).
CHECKED, TOLERANCE = 5, 1e-2


class InFloat64(NumpyTraining):
    """The same training in float64, with which the others are compared."""

    dtype = np.float64


def data(folder: Path | None) -> Dataset:
    """Load MNIST where it is found: in the folder, $RECIRCUIT_DATA/mnist or ../shared/data/mnist; else load the digits."""
    base = Path(os.environ.get("RECIRCUIT_DATA") or ROOT.parent / "shared" / "data")
    found = folder or base / "mnist"
    if folder is not None or found.is_dir():
        return load("mnist", found)
    say(f"no MNIST in {found} (see --data): the small digits of scikit-learn instead")
    return load("digits")


def distance(task: Epoch, got: list[np.ndarray], wanted: list[np.ndarray]) -> float:
    """Return the distance as in workload.py."""
    before = task.weights + task.feedback
    return max(float(np.abs(g - w).max() / np.abs(w - b).max()) for g, w, b in zip(got, wanted, before))


def run(arguments: argparse.Namespace) -> int:
    """Measure and write `training.json` and `training.md`."""
    use_processors(arguments.threads)
    rounds = 1 if arguments.quick else 7
    shown = data(arguments.data)
    count = 1000 if arguments.quick else shown.n_train
    settings = Settings(sizes=(shown.n_features, 500, shown.classes), scale=shown.scale, offset=shown.offset)
    task = draw(settings, shown.x_train[:count], shown.y_train[:count])
    exact = InFloat64(task, "")
    exact.present(CHECKED)
    facts = machine.facts(arguments.threads) | {
        "data": shown.name, "samples": task.batches * settings.batch_size, "sizes": settings.sizes, "rounds": rounds,
    }  # fmt: skip
    entrants = [e for e in ENTRANTS if not (arguments.quick and e.compiles)]
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        facts["rows"] = compare(entrants, task, exact.weights(), rounds, arguments.threads, Path(folder))
    report.write("training", facts, text(facts), arguments.out)
    return 0


def compare(
    entrants: list[Entrant], task: Epoch, wanted: list[np.ndarray], rounds: int, threads: int, folder: Path
) -> list[dict[str, Any]]:
    """Check all, then time whole epochs in turn."""
    path = folder / "task.npz"
    task.save(path)
    clients: dict[str, Client] = {}
    rows = {e.name: {"name": e.name, "label": e.label, "absent": "", "seconds": []} for e in entrants}
    try:
        for entrant in entrants:
            row = rows[entrant.name]
            try:
                clients[entrant.name] = client = Client(entrant, threads)
                row["versions"] = client.ask("open", problem=str(path), mode="", **{"as": "it"})["versions"]
                client.ask("check", presentations=CHECKED, into=str(folder / "weights.npz"), **{"as": "it"})
                with np.load(folder / "weights.npz") as file:
                    row["distance"] = distance(task, [file[k] for k in file.files], wanted)
                client.ask("call", method="timed", **{"as": "it", "with": {"count": min(20, task.batches)}})
                say(f"{entrant.label}: distance {row['distance']:.1e}")
                row["absent"] = "" if row["distance"] <= TOLERANCE else f"its weights are {row['distance']:.1e} off"
            except (Failed, Missing) as problem:
                row["absent"] = str(problem)
                say(f"{entrant.label}: {problem}")
        for _ in range(rounds):
            for name, client in clients.items():
                if not rows[name]["absent"]:
                    took = client.ask("call", method="timed", **{"as": "it", "with": {"count": task.batches}})
                    rows[name]["seconds"].append(took)
                    time.sleep(0.1)
    finally:
        for client in clients.values():
            client.close()
    return list(rows.values())


def text(facts: dict[str, Any]) -> str:
    """Return the table."""
    medians = {r["name"]: statistics.median(r["seconds"]) if r["seconds"] else None for r in facts["rows"]}
    ours, rows = medians["recircuit"], []
    for row in sorted(facts["rows"], key=lambda r: medians[r["name"]] or float("inf")):
        took = medians[row["name"]]
        rows.append([
            row["label"] + (f" (not measured: {row['absent']})" if row["absent"] else ""), took and round(took, 3),
            facts["samples"] / took if took else None, took / ours if took and ours else None,
        ])  # fmt: skip
    return "\n".join([
        report.heading("Training", facts),
        f"{facts['data']}, {'-'.join(map(str, facts['sizes']))}, URFB, hinge loss, 100 batch elements: an epoch of "
        f"{facts['samples']:,} samples, without evaluation; medians of {facts['rounds']}. recircuit runs a timed circuit "
        "in step-by-step mode, the others the bare algorithm; all change the weights alike.\n",
        report.table(["", "seconds an epoch", "samples/s", "time to recircuit's"], rows),
    ])  # fmt: skip

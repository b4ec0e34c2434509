"""Run in the background what has no result of the stated length yet: ``python -m tools.long_runs``.

The rows are run one after another, on one core, at the lowest priority, each in the folder ``results/ID/unfinished``. There its
runs are kept, of those that are finished the curves, of the one that is under way a checkpoint after each epoch, and beside it
a file NAME.packed of at most 5 MB, at most ten minutes old. All but the checkpoint can be committed, so that another machine
goes on with it. A row that is finished replaces what is in ``results/ID``, and then its folder is removed: look at the result,
adapt tests/models/experiments/test_checks.py, and run ``python -m benchmarks results``.

Ctrl-C and SIGTERM stop it after they have been packed; after a kill it goes on from the last epoch.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from recircuit.atomic_files import write_whole
from recircuit.errors import RecircuitError
from recircuit.folder_lock import locked
from recircuit.models.experiments import EXPERIMENTS, Experiment, reproduce, settings_for
from recircuit.models.training.run_files import WEIGHTS

from .compact import pack, unpack
from .rows import ROWS, Row

ROOT = Path(__file__).resolve().parents[2]
UNFINISHED, PACKED = "unfinished", ".packed"
#: Seconds from one packing to the next.
EVERY = 600.0


@dataclass
class Keeper:
    """Packs the run that is under way in a folder, from time to time."""

    folder: Path
    report: Callable[[str], object] = print
    every: float = EVERY
    last: float = field(default_factory=time.monotonic)

    def progress(self, text: str) -> None:
        """Note that an epoch begins."""
        self.report(f"{time.strftime('%H:%M:%S')} {text}")
        if time.monotonic() - self.last >= self.every:
            self.pack()

    def pack(self) -> None:
        """Write a packed file for every run with a checkpoint and no result, and remove the others."""
        for place in self._packed():
            if finished(_run_of(place)):
                place.unlink()
        for run in sorted(path.parent for path in self.folder.glob(f"runs/*/{WEIGHTS}")):
            if finished(run):
                shutil.rmtree(run)
            elif (content := pack(run)) is not None:
                write_whole(run.with_name(run.name + PACKED), content)
            else:
                self.report(f"{run.name} does not fit into a packed file: it can be continued on this machine only")
        self.last = time.monotonic()

    def unpack(self) -> None:
        """Make the checkpoints of packed runs that have none here."""
        for place in self._packed():
            run = _run_of(place)
            if finished(run):
                place.unlink()
            elif not (run / WEIGHTS).exists():
                unpack(place.read_bytes(), run)

    def _packed(self) -> list[Path]:
        return sorted(self.folder.glob(f"runs/*{PACKED}"))


def _run_of(place: Path) -> Path:
    """Return the folder of the run of a packed file."""
    return place.with_name(place.name.removesuffix(PACKED))


def finished(run: Path) -> bool:
    """Return whether the result of a run is kept; the tied beginning of an untied network is part of its run."""
    return run.with_name(run.name.removesuffix("-tied") + ".json").exists()


def go(row: Row, experiment: Experiment, results: Path, report: Callable[[str], object] = print) -> None:
    """Run a row to its end, or until it is interrupted, and put its result in the place of the one that is there."""
    there, folder = results / row.id, results / row.id / UNFINISHED
    keeper = Keeper(folder, report)
    settings = settings_for(
        experiment, backend=row.backend, seeds=row.seeds or None, epochs=row.epochs, show_progress=keeper.progress
    )
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        keeper.unpack()
        try:
            reproduce(experiment, settings, folder)
        finally:
            keeper.pack()
        _replace(folder, there)


def _replace(folder: Path, there: Path) -> None:
    """Put the result and the curves where they are committed, and remove all else; a kill meanwhile loses nothing."""
    (there / "runs").mkdir(exist_ok=True)
    new = sorted((folder / "runs").glob("*.json"))
    for path in (*new, folder / "figure.png", folder / "result.json"):
        write_whole(there / path.relative_to(folder), path.read_bytes())
    for path in (there / "runs").glob("*.json"):
        if path.name not in {one.name for one in new}:
            path.unlink()
    shutil.rmtree(folder)


def _go_if_possible(row: Row, results: Path) -> None:
    """Run a row, or say why it cannot be run, as where its data are not there."""
    try:
        go(row, EXPERIMENTS.find(row.id), results, lambda text: print(text, flush=True))
    except RecircuitError as problem:
        print(f"{row.id} was left out: {problem}", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Go through the rows."""
    parser = argparse.ArgumentParser(prog="python -m tools.long_runs", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("--list", action="store_true", help="Say which rows are finished, and run nothing.")
    parser.add_argument(
        "--results", type=Path, default=ROOT / "results", help="The folder of the results (default: results)."
    )
    parser.add_argument("--only", action="append", choices=[row.id for row in ROWS], help="Run only this row.")
    chosen = parser.parse_args(arguments)
    rows = [row for row in ROWS if not chosen.only or row.id in chosen.only]
    if chosen.list:
        for row in rows:
            print(f"{row.id:<22} {'finished' if row.finished(chosen.results) else 'not finished'}")
        return
    os.nice(19)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it in the background
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        for row in rows:
            if not row.finished(chosen.results):
                _go_if_possible(row, chosen.results)
    except KeyboardInterrupt:
        print("stopped; the same command goes on")

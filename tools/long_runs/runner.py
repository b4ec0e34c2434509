"""Run in the background what has no result of the stated length yet: ``python -m tools.long_runs``.

All rows are run from one seed, one after another, and then from the next seed, so that each has a long result soon. They run
on one core, at the lowest priority, each in the folder ``results/ID/unfinished``. There its runs are kept, of those that are
finished the curves, of the one that is under way a checkpoint after each epoch, and beside it a file NAME.packed of at most
5 MB, at most ten minutes old. All but the checkpoint can be committed, so that another machine goes on with it, and
``python -m benchmarks results`` says in results/README.md how far it is.

When all methods of a row are finished from a seed, their runs go to ``results/ID/runs``, where those of earlier seeds stay if
they are as long; the result is made of all of them, and the folder is removed. Then look at the result, adapt
tests/models/experiments/test_checks.py, and run ``python -m benchmarks results``.

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
from .rows import ROWS, Row, in_turn

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


def go(row: Row, experiment: Experiment, seed: int, results: Path, report: Callable[[str], object] = print) -> None:
    """Run a row from one seed to its end, or until it is interrupted, and add its runs to the result that is there."""
    folder = results / row.id / UNFINISHED
    keeper = Keeper(folder, report)
    settings = settings_for(
        experiment, backend=row.backend, seeds=1, first_seed=seed, epochs=row.epochs, show_progress=keeper.progress
    )
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        keeper.unpack()
        try:
            reproduce(experiment, settings, folder)
        finally:
            keeper.pack()
        _add(row, experiment, seed, results)


def _add(row: Row, experiment: Experiment, seed: int, results: Path) -> None:
    """Put the runs where they are committed, and make the result of all seeds; a kill meanwhile loses nothing.

    Runs that are shorter than the row asks for are removed: a longer result replaces a shorter one, even one of more seeds.
    """
    there, folder = results / row.id, results / row.id / UNFINISHED
    (there / "runs").mkdir(exist_ok=True)
    for path in sorted((folder / "runs").glob("*.json")):
        write_whole(there / "runs" / path.name, path.read_bytes())
    for path in (there / "runs").glob("*.json"):
        if not row.long_enough(path):
            path.unlink()
    settings = settings_for(experiment, backend=row.backend, seeds=seed + 1, epochs=row.epochs, from_runs=True)
    reproduce(experiment, settings, there)
    shutil.rmtree(folder)


def _go_if_possible(row: Row, seed: int, results: Path) -> None:
    """Run a row from one seed, or say why it cannot be run, as where its data are not there."""
    try:
        go(row, EXPERIMENTS.find(row.id), seed, results, lambda text: print(text, flush=True))
    except RecircuitError as problem:
        print(f"{row.id} was left out: {problem}", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Go through the rows."""
    parser = argparse.ArgumentParser(prog="python -m tools.long_runs", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument(
        "--list", action="store_true", help="Say from how many seeds each row is finished, and run nothing."
    )
    parser.add_argument(
        "--results", type=Path, default=ROOT / "results", help="The folder of the results (default: results)."
    )
    parser.add_argument("--only", action="append", choices=[row.id for row in ROWS], help="Run only this row.")
    chosen = parser.parse_args(arguments)
    rows = [row for row in ROWS if not chosen.only or row.id in chosen.only]
    if chosen.list:
        for row in rows:
            have = sum(row.has(seed, chosen.results) for seed in range(row.seeds))
            print(f"{row.id:<22} {have} of {row.seeds} seeds")
        return
    os.nice(19)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it in the background
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        for row, seed in in_turn(rows):
            if not row.has(seed, chosen.results):
                _go_if_possible(row, seed, chosen.results)
    except KeyboardInterrupt:
        print("stopped; the same command goes on")

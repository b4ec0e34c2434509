"""Circuits of experiments are trained by `train`, which tells of each epoch; long runs go on where they were stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ....circuits import Circuit
from ....errors import RecircuitError
from ...runs.result_file import as_json, content, read_result
from ...training.callbacks import Callback
from ...training.checkpoint import Checkpoint
from ...training.history import History, Row
from ...training.loop import TrainingDiverged, train
from ...training.run_files import RunFiles, checkpoint_in
from .experiment import Settings
from .saved_runs import place_of

__all__ = ["or_guess", "resumable", "trained"]

ABOUT = "about.json"


def trained(
    settings: Settings,
    net: Circuit,
    data: Any,
    epochs: int,
    *,
    label: str,
    out: RunFiles | None = None,
    measures: Sequence[str] = (),
    callbacks: Sequence[Callback] = (),
) -> History:
    """Train a circuit as `train` does, on the backend of the settings.

    Parameters
    ----------
    label : what is trained, for a line that says which epoch is under way
    out : where the run is kept after each epoch, as `resumable` says it; None: it is not

    Raises
    ------
    TrainingInterrupted
        If Ctrl-C was pressed; it is a KeyboardInterrupt.
    TrainingDiverged
        If a variable became NaN or infinite.
    """
    told = _Told(settings, label, net.epoch + epochs)
    return train(
        net,
        data,
        epochs,
        backend=settings.backend,
        out=out,
        measures=measures,
        callbacks=[told, *callbacks],
        progress=False,
    )


def or_guess(run: Callable[[], History], epochs: int, classes: int) -> tuple[list[Row], str]:
    """The rows of a run, and what became NaN or infinite in it, after which all errors are those of guessing."""
    try:
        return run().rows[:epochs], ""
    except TrainingDiverged as problem:
        guess: Row = dict.fromkeys(("train_error", "test_error"), 1 - 1 / classes)
        rows = problem.history.rows[:epochs]
        return rows + [guess] * (epochs - len(rows)), problem.variable


def resumable(settings: Settings, name: str, about: Mapping[str, Any], epochs: int) -> RunFiles | None:
    """The folder ``out/runs/NAME`` of a run, with which `train` goes on from the last epoch that is kept there.

    Parameters
    ----------
    settings : nothing is kept where they have no folder, or are those of a quick run
    name : of the run, the same for the same run
    about : all that its numbers depend on, but for the backend and the number of epochs; a folder that says otherwise is of
        another run, and is begun anew
    epochs : how many are wanted; the time that those took which are there is told to the settings
    """
    folder = place_of(settings, name, "")
    if folder is None:
        return None
    said = as_json({**about, "backend": settings.backend})
    found = _begun(folder) if read_result(folder / ABOUT) == said else None
    if found is not None:
        settings.earlier.append(sum(row["seconds"] for row in found.about.rows[:epochs]))
    return RunFiles(folder, resume=found is not None, overwrite=found is None, files={ABOUT: content(said)})


def _begun(folder: Path) -> Checkpoint | None:
    try:
        return checkpoint_in(folder)
    except RecircuitError:  # it is damaged, and the run begins anew
        return None


@dataclass(frozen=True)
class _Told:
    """Says which epoch is under way."""

    settings: Settings
    label: str
    epochs: int

    def on_epoch_begin(self, epoch: int, net: Circuit) -> None:
        self.settings.show_progress(f"{self.label}, epoch {epoch} of {self.epochs}")

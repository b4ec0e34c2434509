"""Circuits of experiments are trained by `train`, which reports each epoch. Long runs go on where they were stopped."""

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
from .saved_runs import ABOUT, place_of

__all__ = ["or_guess", "resumable", "trained"]


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
    settings : Settings
        The settings of the experiment.
    net, data, epochs
        The circuit, the data and the number of epochs, as for `train`.
    label : str
        What is trained, for a line that says which epoch is being run.
    out : RunFiles, optional
        Where the run is kept after each epoch, as `resumable` returns it. Without it, the run is not kept.
    measures, callbacks
        As for `train`.

    Raises
    ------
    TrainingInterrupted
        If Ctrl-C was pressed; it is a KeyboardInterrupt.
    TrainingDiverged
        If a variable became NaN or infinite.
    """
    reporter = _EpochReporter(settings, label, net.epoch + epochs)
    return train(
        net,
        data,
        epochs,
        backend=settings.backend,
        out=out,
        measures=measures,
        callbacks=[reporter, *callbacks],
        progress=False,
    )


def or_guess(run: Callable[[], History], epochs: int, classes: int) -> tuple[list[Row], str]:
    """Return the rows of a run, and the variable that became NaN or infinite in it.

    After that, all errors are those of guessing.
    """
    try:
        return run().rows[:epochs], ""
    except TrainingDiverged as problem:
        guess: Row = dict.fromkeys(("train_error", "test_error"), 1 - 1 / classes)
        rows = problem.history.rows[:epochs]
        return rows + [guess] * (epochs - len(rows)), problem.variable


def resumable(settings: Settings, name: str, about: Mapping[str, Any], epochs: int) -> RunFiles | None:
    """Return the folder ``out/runs/NAME`` of a run. `train` continues from the last epoch that is kept there.

    The time of the epochs that are kept is added to the settings.

    Parameters
    ----------
    settings : Settings
        The settings of the experiment. Nothing is kept if they have no folder, or are those of a quick run.
    name : str
        The name of the run, which is the same for the same run.
    about : mapping of str
        All that its numbers depend on, except the backend. A folder that says otherwise is of another run, which is begun
        again. The entry ``epochs`` is the number of epochs, if the numbers of every epoch depend on it; the folder is then
        removed when the run is `kept`. Without this entry, a run of more epochs goes on from the folder.
    epochs : int
        The number of epochs that are wanted.
    """
    folder = place_of(settings, name, "")
    if folder is None:
        return None
    contents = as_json({**about, "backend": settings.backend})
    found = _undamaged(folder) if read_result(folder / ABOUT) == contents else None
    if found is not None:
        settings.earlier.append(sum(row["seconds"] for row in found.about.rows[:epochs]))
    return RunFiles(folder, resume=found is not None, overwrite=found is None, files={ABOUT: content(contents)})


def _undamaged(folder: Path) -> Checkpoint | None:
    try:
        return checkpoint_in(folder)
    except RecircuitError:  # it is damaged, and the run begins again
        return None


@dataclass(frozen=True)
class _EpochReporter:
    """Reports which epoch is being run."""

    settings: Settings
    label: str
    epochs: int

    def on_epoch_begin(self, epoch: int, net: Circuit) -> None:
        self.settings.show_progress(f"{self.label}, epoch {epoch} of {self.epochs}")

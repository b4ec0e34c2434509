"""A run of the command line, opened in Python."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...arguments import checked_arguments
from ...circuits import Circuit
from ...errors import RecircuitError
from ..data import Dataset, load
from ..training.checkpoint import Checkpoint
from ..training.history import History
from ..training.loop import train
from ..training.modes import all_modes, modes_of
from ..training.run_files import CONFIG, RunFiles, checkpoint_in
from ..training.samples import Samples, augmented
from .config import RunConfig
from .folder import Record, check_trusted, read_record

__all__ = ["Run", "load_run"]


@dataclass(frozen=True)
class Run:
    """A training run of the command line, which `load_run` opens.

    Parameters
    ----------
    folder : Path
        The folder of its files.
    circuit : Circuit
        The network as it was after the last whole epoch.
    data : Dataset
        The data that it was trained on.
    history : History
        The measurements of its epochs.
    config : RunConfig
        Its options.
    """

    folder: Path
    circuit: Circuit
    data: Dataset
    history: History
    config: RunConfig = field(repr=False)
    _record: Record = field(repr=False)

    @checked_arguments
    def train(self, epochs: int, **options: Any) -> History:
        """Continue the run up to a number of epochs in its folder, with the same bits as `recircuit train --resume`.

        Parameters
        ----------
        epochs : int
            The number of epochs of the run, including those before.
        options
            More arguments of `recircuit.train`, such as ``backend`` and ``progress``.
        """
        config = self.config.model_copy(update={"epochs": epochs})
        record = self._record.model_copy(update={"run": config})
        files = RunFiles(self.folder, resume=True, files={CONFIG: record.content()})
        as_before = {"backend": self._record.backend, "measures": config.measure, "mode": all_modes(self.circuit)}
        return train(self.circuit, augmented(self.data, config.augment), epochs, out=files, **as_before | options)


@checked_arguments
def load_run(folder: str | Path, *, data_dir: str | Path | None = None, trust: bool = False) -> Run:
    """Open the folder of a run that `recircuit train` made: its circuit, data and history.

    Parameters
    ----------
    folder : str or Path
        The folder, such as ``"runs/digits"``.
    data_dir : str or Path, optional
        The folder with the files of the data set. The default is the one that was given when the run was started.
    trust : bool, default False
        Whether a Python file that holds the run's rule may be executed, if it is the same as when the run was started.
        A run whose rule has a name in recircuit executes nothing.

    Returns
    -------
    Run
        The run.

    Raises
    ------
    UsageError
        If the rule is in a file and ``trust`` is not given, or if the file is different now.
    RecircuitError
        If the folder holds no run of the command line, its files cannot be read, or the data are different now.

    Examples
    --------
    >>> run = rc.load_run("runs/digits")                                                     # doctest: +SKIP
    >>> run.circuit.evaluate(run.data).error                                                        # doctest: +SKIP
    >>> run.train(epochs=30)                                                                        # doctest: +SKIP
    """
    path = Path(folder)
    record, checkpoint = read_record(path), checkpoint_in(path)
    if record is None or checkpoint is None:
        raise RecircuitError(_no_run(path))
    check_trusted(path, record, trust)
    data = load(record.run.data, data_dir or record.run.data_dir)
    config = record.run.filled(data)
    circuit = config.circuit(data)
    _check(checkpoint, circuit, data, config)
    checkpoint.restore(circuit)
    history = History([*checkpoint.about.rows], backend=record.backend)
    return Run(path, circuit, data, history, config, record)


def _no_run(path: Path) -> str:
    """Say what a folder holds that is no run of the command line, and what opens it."""
    message = f"load_run: {path} holds no run of the command line ({CONFIG} and weights were expected). "
    if checkpoint_in(path) is not None:
        return message + (
            "It holds a run of rc.train(..., out=folder), whose circuit only your script describes: make the circuit "
            "again, and go on with rc.train(net, data, epochs, out=rc.RunFiles(folder, resume=True))."
        )
    runs = sorted(each.parent.name for each in path.glob(f"*/{CONFIG}"))[:5] if path.is_dir() else []
    if runs:
        return message + f"Runs in it are {', '.join(runs)}."
    return message + "A circuit that was saved is opened by rc.Circuit.load(file), a data set by rc.load(name)."


def _check(checkpoint: Checkpoint, circuit: Circuit, data: Dataset, config: RunConfig) -> None:
    """Refuse a checkpoint that is not of this run."""
    samples = Samples.of(circuit, augmented(data, config.augment))
    checkpoint.check(circuit, samples.fingerprint(), config.seed, modes_of({"mode": all_modes(circuit)}))

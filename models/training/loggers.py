"""Callbacks that hand the measurements of each epoch on: to a CSV file, TensorBoard, or Weights & Biases."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...arguments import kept_arguments
from ...atomic_files import make_folder, write_whole
from ...circuits import Circuit
from ...optional import optional

__all__ = ["CSVLogger", "TensorBoardLogger", "WandbLogger"]


@kept_arguments
@dataclass
class CSVLogger:
    """Write the measurements of all epochs to a CSV file, which is whole after each epoch.

    Parameters
    ----------
    path : str or Path
        The file. A file that was there is replaced.

    Examples
    --------
    >>> rc.train(net, (x, y), 20, callbacks=rc.CSVLogger("errors.csv"))                             # doctest: +SKIP
    """

    path: str | Path
    _rows: list[dict[str, float]] = field(default_factory=list, init=False, repr=False)

    def on_train_begin(self, net: Circuit) -> None:
        """Begin an empty table.

        Parameters
        ----------
        net : Circuit
            The circuit.
        """
        self._rows = []

    def on_train_resume(
        self, rows: Sequence[Mapping[str, float]], arrays: Mapping[str, np.ndarray], net: Circuit
    ) -> None:
        """Begin with the rows of a run that goes on.

        Parameters
        ----------
        rows : sequence of mapping
            The rows of the history.
        arrays : mapping of str to array
            Nothing, as this callback keeps nothing else.
        net : Circuit
            The circuit.
        """
        self._rows = [dict(row) for row in rows]

    def on_epoch_end(self, epoch: int, metrics: Mapping[str, float], net: Circuit) -> None:
        """Write the file again, with one more row.

        Parameters
        ----------
        epoch : int
            The number of the epoch.
        metrics : mapping of str to float
            Its row of the history.
        net : Circuit
            The circuit.
        """
        self._rows.append(dict(metrics))
        text = io.StringIO()
        table = csv.DictWriter(
            text, list(dict.fromkeys(name for row in self._rows for name in row)), lineterminator="\n"
        )
        table.writeheader()
        table.writerows(self._rows)
        make_folder(Path(self.path).parent)
        write_whole(Path(self.path), text.getvalue().encode())


@kept_arguments
@dataclass
class TensorBoardLogger:
    """Write the measurements of each epoch where TensorBoard reads them (``pip install 'recircuit[tensorboard]'``).

    Parameters
    ----------
    folder : str or Path, default "runs/tensorboard"
        The folder, for ``tensorboard --logdir FOLDER``.

    Raises
    ------
    RecircuitError
        If tensorboardX is not installed; training has not begun then.

    Examples
    --------
    >>> rc.train(net, (x, y), 20, callbacks=rc.TensorBoardLogger("runs/tensorboard/first"))         # doctest: +SKIP
    """

    folder: str | Path = "runs/tensorboard"
    _writer: Any = field(default=None, init=False, repr=False)

    def on_train_begin(self, net: Circuit) -> None:
        """Open the folder.

        Parameters
        ----------
        net : Circuit
            The circuit.
        """
        self._writer = optional("tensorboardX", "tensorboard", "callbacks").SummaryWriter(str(self.folder))

    def on_epoch_end(self, epoch: int, metrics: Mapping[str, float], net: Circuit) -> None:
        """Write the row of an epoch.

        Parameters
        ----------
        epoch : int
            The number of the epoch.
        metrics : mapping of str to float
            Its row of the history.
        net : Circuit
            The circuit.
        """
        for name, value in _measured(metrics).items():
            self._writer.add_scalar(name, value, epoch)
        self._writer.flush()

    def on_train_close(self, net: Circuit) -> None:
        """Close the folder.

        Parameters
        ----------
        net : Circuit
            The circuit.
        """
        if self._writer is not None:
            self._writer.close()
            self._writer = None


@kept_arguments
@dataclass
class WandbLogger:
    """Send the measurements of each epoch to Weights & Biases (``pip install 'recircuit[wandb]'``).

    Parameters
    ----------
    project : str, default "recircuit"
        The project there.
    options : mapping of str, optional
        More arguments of ``wandb.init``, such as ``{"name": "first", "mode": "offline"}``.

    Raises
    ------
    RecircuitError
        If wandb is not installed; training has not begun then.

    Examples
    --------
    >>> rc.train(net, (x, y), 20, callbacks=rc.WandbLogger("credit", {"mode": "offline"}))          # doctest: +SKIP
    """

    project: str = "recircuit"
    options: Mapping[str, Any] = field(default_factory=dict)
    _run: Any = field(default=None, init=False, repr=False)

    def on_train_begin(self, net: Circuit) -> None:
        """Begin a run there, whose configuration is the text of the circuit.

        Parameters
        ----------
        net : Circuit
            The circuit.
        """
        about = {"circuit": str(net), "batch_size": net.batch_size, "seed": net.seed}
        options = {"config": about, **self.options}
        self._run = optional("wandb", "wandb", "callbacks").init(project=self.project, **options)

    def on_epoch_end(self, epoch: int, metrics: Mapping[str, float], net: Circuit) -> None:
        """Send the row of an epoch.

        Parameters
        ----------
        epoch : int
            The number of the epoch.
        metrics : mapping of str to float
            Its row of the history.
        net : Circuit
            The circuit.
        """
        self._run.log(_measured(metrics), step=epoch)

    def on_train_close(self, net: Circuit) -> None:
        """End the run there.

        Parameters
        ----------
        net : Circuit
            The circuit.
        """
        if self._run is not None:
            self._run.finish()
            self._run = None


def _measured(metrics: Mapping[str, float]) -> dict[str, float]:
    """Return what is a finite number, apart from the number of the epoch itself."""
    return {name: float(value) for name, value in metrics.items() if name != "epoch" and math.isfinite(value)}

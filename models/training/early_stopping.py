"""Early stopping: the end of a training that no longer improves, and the best weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...arguments import fits, kept_arguments
from ...circuits import Circuit
from ...errors import UsageError

__all__ = ["EarlyStopping"]

#: The name of the array that says of which epoch the kept weights are. Theirs are names of projections, which have no blanks.
EPOCH = "epoch of these weights"


@kept_arguments
@dataclass
class EarlyStopping:
    """Stop training when a column of the history has not improved for some epochs, and keep the best weights.

    A run that goes on from its folder stops at the same epoch, with the same weights, as one that was not interrupted.

    Parameters
    ----------
    monitor : str, optional
        The column of the history; smaller values are better. The default is that of the validation samples:
        ``"validation_error"`` or, where real values are wanted, ``"validation_mse"``.
    patience : int, default 5
        The number of epochs without improvement after which training stops.
    least : float, default 0
        The amount by which a value must be smaller to count as an improvement.
    keep_best : bool, default True
        Whether the circuit has the weights of its best epoch when training ends.

    Attributes
    ----------
    best, best_epoch : float, int
        The smallest value, and its epoch; at first inf, and the number of epochs that the circuit has had before.

    Examples
    --------
    >>> rc.train(net, (x, y), 100, validation=.1, callbacks=[rc.EarlyStopping(patience=5)])         # doctest: +SKIP
    """

    monitor: str | None = None
    patience: int = 5
    least: float = 0.0
    keep_best: bool = True
    best: float = field(default=float("inf"), init=False)
    best_epoch: int = field(default=0, init=False)
    _weights: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.monitor is not None and not isinstance(self.monitor, str):
            raise UsageError(f"EarlyStopping: monitor is the name of a column of the history; got {self.monitor!r}.")
        if not fits(self.patience, int) or self.patience < 1:
            raise UsageError(f"EarlyStopping: patience is a whole number of epochs, at least 1; got {self.patience!r}.")
        if not self.least >= 0:
            raise UsageError(f"EarlyStopping: least is a number, at least 0; got {self.least!r}.")

    def on_train_begin(self, net: Circuit) -> None:
        """Forget the best epoch of an earlier training.

        Parameters
        ----------
        net : Circuit
            The circuit.
        """
        self.best, self.best_epoch, self._weights = float("inf"), net.epoch, {}

    def on_train_resume(
        self, rows: Sequence[Mapping[str, float]], arrays: Mapping[str, np.ndarray], net: Circuit
    ) -> bool:
        """Find the best epoch of the run until now, and return whether training should stop.

        Parameters
        ----------
        rows : sequence of mapping
            The rows of the history.
        arrays : mapping of str to array
            The weights of the best epoch before the last one, as `on_checkpoint` returned them.
        net : Circuit
            The circuit, as after the last epoch.
        """
        self.on_train_begin(net)
        first, last = (int(rows[place]["epoch"]) for place in (0, -1))
        self.best_epoch = first - 1
        for row in rows:
            self._note(int(row["epoch"]), self._watched(row))
        if self.keep_best and self.best_epoch >= first:
            if self.best_epoch == last:
                self._weights = net.weights()
            elif np.array_equal(arrays.get(EPOCH, 0), self.best_epoch):
                self._weights = {name: array for name, array in arrays.items() if name != EPOCH}
            else:  # the run was begun without early stopping, or with another one
                self.on_train_begin(net)
        return last - self.best_epoch >= self.patience

    def on_epoch_end(self, epoch: int, metrics: Mapping[str, float], net: Circuit) -> bool:
        """Return whether training should stop.

        Parameters
        ----------
        epoch : int
            The number of the epoch.
        metrics : mapping of str to float
            Its row of the history.
        net : Circuit
            The circuit.

        Raises
        ------
        UsageError
            If the history has no column ``monitor``.
        """
        if self._note(epoch, self._watched(metrics)) and self.keep_best:
            self._weights = net.weights()
        return epoch - self.best_epoch >= self.patience

    def _note(self, epoch: int, value: float) -> bool:
        """Take note of the value of an epoch, and return whether it is the best until now."""
        if not value < self.best - self.least:
            return False
        self.best, self.best_epoch = value, epoch
        return True

    def on_checkpoint(self, net: Circuit) -> dict[str, np.ndarray]:
        """Return the weights of the best epoch, without which a run could not give them to the circuit after it went on.

        Parameters
        ----------
        net : Circuit
            The circuit.
        """
        return {**self._weights, EPOCH: np.array(self.best_epoch)} if self._weights else {}

    def _watched(self, metrics: Mapping[str, float]) -> float:
        usual = "validation_mse" if "validation_mse" in metrics else "validation_error"
        column = self.monitor or usual
        if column not in metrics:
            raise UsageError(
                f"EarlyStopping: the history has no column {column!r}; it has {[*metrics]}. For {usual!r} train with "
                "validation=.1."
            )
        return metrics[column]

    def on_train_end(self, net: Circuit) -> int | None:
        """Give the circuit the weights of its best epoch, and return that epoch; None if it keeps the last weights.

        Parameters
        ----------
        net : Circuit
            The circuit.
        """
        if not self._weights:
            return None
        net.load_weights(self._weights)
        return self.best_epoch

"""Callbacks, which are called while a circuit trains; and early stopping.

A callback is a function of the number of the epoch, its row of the history, and the circuit, which is called after each
epoch; or an object with some of these methods:

``on_train_begin(net)``
    before the first epoch
``on_epoch_begin(epoch, net)``
    before each epoch, whose number counts all epochs of the circuit
``on_epoch_measure(epoch, net)``
    after each epoch, before anything is written: returns more columns for its row of the history, by name. It leaves the
    circuit as it is
``on_epoch_end(epoch, metrics, net)``
    after each epoch; training stops where it returns True
``on_train_end(net)``
    after the last epoch; returns the epoch whose weights the circuit has now, if they are not those of the last one
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...arguments import kept_arguments
from ...callables import check_takes
from ...circuits import Circuit
from ...errors import UsageError

__all__ = ["Callback", "Callbacks", "EarlyStopping"]

#: A function of (epoch, metrics, net), or an object with some of the methods in `METHODS`.
Callback = Any
METHODS = {
    "on_train_begin": ("net",),
    "on_epoch_begin": ("epoch", "net"),
    "on_epoch_measure": ("epoch", "net"),
    "on_epoch_end": ("epoch", "metrics", "net"),
    "on_train_end": ("net",),
}


@kept_arguments
@dataclass
class EarlyStopping:
    """Stop training when a column of the history has not improved for some epochs, and keep the best weights.

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
        The smallest value, and its epoch; inf and 0 before the first epoch.

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
        if isinstance(self.patience, bool) or not isinstance(self.patience, int) or self.patience < 1:
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
        self.best, self.best_epoch, self._weights = float("inf"), 0, {}

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
        value = self._watched(metrics)
        if value < self.best - self.least:
            self.best, self.best_epoch = value, epoch
            if self.keep_best:
                self._weights = net.weights()
        return epoch - self.best_epoch >= self.patience

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


class Callbacks:
    """Several callbacks that are called together."""

    def __init__(self, given: Callback | Sequence[Callback]) -> None:
        self.all = list(given) if isinstance(given, Sequence) else [given]
        for each in self.all:
            _check(each)

    def begin(self, net: Circuit) -> None:
        """Call what is called before the first epoch."""
        self._call_each("on_train_begin", net)

    def begin_epoch(self, number: int, net: Circuit) -> None:
        """Call what is called before an epoch."""
        self._call_each("on_epoch_begin", number, net)

    def measure(self, number: int, net: Circuit) -> dict[str, float]:
        """Return more columns for the row of an epoch."""
        found = self._call_each("on_epoch_measure", number, net)
        return {name: float(value) for columns in found for name, value in columns.items()}

    def epoch(self, number: int, metrics: Mapping[str, float], net: Circuit) -> bool:
        """Call what is called after an epoch, and return whether one of the callbacks asks to stop."""
        ends = [each.on_epoch_end if hasattr(each, "on_epoch_end") else each for each in self.all]
        answers = [end(number, dict(metrics), net) for end in ends if callable(end)]
        return any(isinstance(answer, bool | np.bool_) and bool(answer) for answer in answers)

    def end(self, net: Circuit) -> int | None:
        """Call what is called after the last epoch, and return the epoch whose weights the circuit was given, or None."""
        kept = self._call_each("on_train_end", net)
        return next((epoch for epoch in reversed(kept) if isinstance(epoch, int)), None)

    def _call_each(self, name: str, *arguments: Any) -> list[Any]:
        return [getattr(each, name)(*arguments) for each in self.all if hasattr(each, name)]


def _check(callback: Callback) -> None:
    """Refuse what cannot be called as a callback is, before anything has been trained."""
    methods = {name: getattr(callback, name) for name in METHODS if hasattr(callback, name)}
    if isinstance(callback, type) and methods:
        name = callback.__name__
        raise UsageError(f"callbacks: {name} is a class; give an object of it, as in callbacks=[{name}()].")
    if not methods and not callable(callback):
        raise UsageError(
            "callbacks: expected functions of (epoch, metrics, net), or objects with a method on_epoch_end or another of "
            f"{', '.join(METHODS)}; got {callback!r}."
        )
    unknown = [n for n in dir(callback) if n.startswith("on_") and n not in METHODS and callable(getattr(callback, n))]
    if unknown and not isinstance(callback, type):
        raise UsageError(
            f"callbacks: {callback!r:.60} has a method {unknown[0]}, which is never called. The methods of a callback are "
            f"{', '.join(METHODS)}."
        )
    for name, method in methods.items():
        check_takes(method, METHODS[name], f"callbacks: {name} of {callback!r:.60}")
    if "on_epoch_end" not in methods and callable(callback):
        check_takes(callback, METHODS["on_epoch_end"], "callbacks")

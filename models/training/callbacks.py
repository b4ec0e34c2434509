"""Callbacks, which are called while a circuit trains; and early stopping.

A callback is a function of the number of the epoch, its row of the history, and the circuit, which is called after each
epoch; or an object with some of these methods:

``on_train_begin(net)``
    before the first epoch
``on_train_resume(rows, arrays, net)``
    in place of it where a run goes on: with the rows of the history until then, and the arrays that `on_checkpoint` returned
    for the last checkpoint; no further epoch is trained where it returns True. Without this method, `on_train_begin` is called
``on_epoch_begin(epoch, net)``
    before each epoch, whose number counts all epochs of the circuit
``on_epoch_measure(epoch, net)``
    after each epoch, before anything is written: returns more columns for its row of the history, by name. It leaves the
    circuit as it is
``on_epoch_end(epoch, metrics, net)``
    after each epoch; training stops where it returns True
``on_checkpoint(net)``
    after each epoch, before `on_epoch_end`: returns arrays by name that a run needs to go on, as `on_train_resume` gets them
``on_train_end(net)``
    after the last epoch; returns the epoch whose weights the circuit has now, if they are not those of the last one
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...arguments import fits, kept_arguments
from ...callables import check_takes
from ...circuits import Circuit
from ...errors import UsageError

__all__ = ["Callback", "Callbacks", "EarlyStopping"]

#: A function of (epoch, metrics, net), or an object with some of the methods in `METHODS`.
Callback = Any
METHODS = {
    "on_train_begin": ("net",),
    "on_train_resume": ("rows", "arrays", "net"),
    "on_epoch_begin": ("epoch", "net"),
    "on_epoch_measure": ("epoch", "net"),
    "on_epoch_end": ("epoch", "metrics", "net"),
    "on_checkpoint": ("net",),
    "on_train_end": ("net",),
}
#: The array that says of which epoch the weights are that `EarlyStopping` keeps. No projection has a name with blanks.
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


class Callbacks:
    """Several callbacks that are called together."""

    def __init__(self, given: Callback | Sequence[Callback]) -> None:
        self.all = list(given) if isinstance(given, Sequence) else [given]
        for each in self.all:
            _check(each)

    def begin(self, net: Circuit) -> None:
        """Call what is called before the first epoch."""
        self._call_each("on_train_begin", net)

    def resume(self, rows: Sequence[Mapping[str, float]], arrays: Mapping[str, np.ndarray], net: Circuit) -> bool:
        """Call what is called where a run goes on, and return whether one of the callbacks asks to stop."""
        answers = []
        for place, each in enumerate(self.all):
            if hasattr(each, "on_train_resume"):
                own = {key.partition(" ")[2]: array for key, array in arrays.items() if key.startswith(f"{place} ")}
                answers.append(each.on_train_resume([dict(row) for row in rows], own, net))
            elif hasattr(each, "on_train_begin"):
                each.on_train_begin(net)
        return any(map(_is_true, answers))

    def arrays(self, net: Circuit) -> dict[str, np.ndarray]:
        """Return what a checkpoint keeps for the callbacks, by the place of each and a name."""
        able = [(place, each) for place, each in enumerate(self.all) if hasattr(each, "on_checkpoint")]
        return {
            f"{place} {name}": array for place, each in able for name, array in _arrays(each.on_checkpoint(net)).items()
        }

    def begin_epoch(self, number: int, net: Circuit) -> None:
        """Call what is called before an epoch."""
        self._call_each("on_epoch_begin", number, net)

    def measure(self, number: int, net: Circuit) -> dict[str, float]:
        """Return more columns for the row of an epoch."""
        found: dict[str, float] = {}
        for columns in map(_columns, self._call_each("on_epoch_measure", number, net)):
            for name in columns:
                if name in found:
                    raise UsageError(f"callbacks: two of them return the column {name!r}. Give one of them another name.")
            found |= columns
        return found

    def epoch(self, number: int, metrics: Mapping[str, float], net: Circuit) -> bool:
        """Call what is called after an epoch, and return whether one of the callbacks asks to stop."""
        ends = [each.on_epoch_end if hasattr(each, "on_epoch_end") else each for each in self.all]
        answers = [end(number, dict(metrics), net) for end in ends if callable(end)]
        return any(map(_is_true, answers))

    def end(self, net: Circuit) -> int | None:
        """Call what is called after the last epoch, and return the epoch whose weights the circuit was given, or None."""
        kept = self._call_each("on_train_end", net)
        return next((int(epoch) for epoch in reversed(kept) if fits(epoch, int)), None)

    def _call_each(self, name: str, *arguments: Any) -> list[Any]:
        return [getattr(each, name)(*arguments) for each in self.all if hasattr(each, name)]


def _is_true(answer: Any) -> bool:
    """Return whether a callback has answered True; it may return anything else."""
    return isinstance(answer, bool | np.bool_) and bool(answer)


def _columns(found: Any) -> dict[str, float]:
    """Return what a callback has measured as columns of the history."""
    try:
        return {str(name): float(value) for name, value in found.items()}
    except (AttributeError, TypeError, ValueError):
        raise UsageError(
            "callbacks: on_epoch_measure returns a mapping from names of columns to numbers, as in {'sparseness': 0.2}; got "
            f"{found!r:.80}."
        ) from None


def _arrays(found: Any) -> dict[str, np.ndarray]:
    """Return a copy of what a callback keeps in a checkpoint, since the callback may change its arrays in place later."""
    arrays = {str(name): np.array(value) for name, value in found.items()} if isinstance(found, Mapping) else None
    if arrays is None or any(array.dtype.kind not in "biuf" for array in arrays.values()):
        raise UsageError(
            "callbacks: on_checkpoint returns a mapping from names to arrays of numbers, as in {'best': weights}; got "
            f"{found!r:.80}."
        )
    return arrays


def _check(callback: Callback) -> None:
    """Refuse what cannot be called as a callback is, before anything has been trained."""
    methods = {name: getattr(callback, name) for name in METHODS if hasattr(callback, name)}
    if isinstance(callback, type):
        name = callback.__name__
        raise UsageError(f"callbacks: {name} is a class; give an object of it, as in callbacks=[{name}()].")
    if not methods and not callable(callback):
        raise UsageError(
            "callbacks: expected functions of (epoch, metrics, net), or objects with a method on_epoch_end or another of "
            f"{', '.join(METHODS)}; got {callback!r}."
        )
    unknown = [n for n in dir(callback) if n.startswith("on_") and n not in METHODS and callable(getattr(callback, n))]
    if unknown:
        raise UsageError(
            f"callbacks: {callback!r:.60} has a method {unknown[0]}, which is never called. The methods of a callback are "
            f"{', '.join(METHODS)}."
        )
    for name, method in methods.items():
        check_takes(method, METHODS[name], f"callbacks: {name} of {callback!r:.60}")
    if "on_epoch_end" not in methods and callable(callback):
        check_takes(callback, METHODS["on_epoch_end"], "callbacks")

"""Callbacks, which are called while a circuit trains.

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
``on_checkpoint(net)``
    after each epoch, before `on_epoch_end`: returns arrays by name that a run needs to go on, as `on_train_resume` gets them
``on_epoch_end(epoch, metrics, net)``
    after each epoch; training stops where it returns True
``on_train_end(net)``
    after the last epoch; returns the epoch whose weights the circuit has now, if they are not those of the last one
``on_train_close(net)``
    when training is over, however it ended: after `on_train_end`, and also after Ctrl-C, a NaN or any other error. It closes
    files and connections, and leaves the circuit as it is
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np

from ...arguments import fits
from ...callables import check_takes
from ...circuits import Circuit
from ...errors import UsageError

__all__ = ["Callback", "Callbacks"]

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
    "on_train_close": ("net",),
}


class Callbacks:
    """Several callbacks that are called together; None stands for no callbacks."""

    def __init__(self, given: Callback | Sequence[Callback] | None) -> None:
        given = () if given is None else given
        self.all: list[Any] = list(given) if isinstance(given, Sequence) else [given]
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
                    raise UsageError(
                        f"callbacks: two of them return the column {name!r}. Give one of them another name."
                    )
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

    def close(self, net: Circuit) -> None:
        """Call what is called when training is over, of all callbacks, also where one of them raises an error."""
        with ExitStack() as calls:
            for each in reversed(self.all):
                if hasattr(each, "on_train_close"):
                    calls.callback(each.on_train_close, net)

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
    try:
        arrays = {str(name): np.array(value) for name, value in found.items()}
        if all(array.dtype.kind in "biuf" for array in arrays.values()):
            return arrays
    except (AttributeError, TypeError, ValueError):
        pass
    raise UsageError(
        "callbacks: on_checkpoint returns a mapping from names to arrays of numbers, as in {'best': weights}; got "
        f"{found!r:.80}."
    )


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

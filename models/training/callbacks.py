"""What is called after every epoch, and stopping early."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...circuits import Circuit
from ...errors import UsageError

__all__ = ["Callback", "Callbacks", "EarlyStopping"]

#: A function of the number of the epoch, its row of the history, and the circuit; or an object with a method
#: ``on_epoch_end`` that is one. Training stops where it returns True.
Callback = Any


@dataclass
class EarlyStopping:
    """Stop when a column of the history has not improved for some epochs, and keep the best weights.

    Parameters
    ----------
    monitor : the column; smaller is better
    patience : after how many epochs without improvement training stops
    least : by how much a value must be smaller to count as an improvement
    keep_best : whether the circuit has the weights of its best epoch when training ends

    Attributes
    ----------
    best, best_epoch : the smallest value, and its epoch; inf and 0 before the first

    Examples
    --------
    >>> rc.train(net, (x, y), 100, validation=.1, callbacks=[rc.EarlyStopping(patience=5)])         # doctest: +SKIP
    """

    monitor: str = "validation_error"
    patience: int = 5
    least: float = 0.0
    keep_best: bool = True
    best: float = field(default=float("inf"), init=False)
    best_epoch: int = field(default=0, init=False)
    _weights: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    def on_train_begin(self, net: Circuit) -> None:
        """Forget what was best in a training before."""
        self.best, self.best_epoch, self._weights = float("inf"), 0, {}

    def on_epoch_end(self, epoch: int, metrics: Mapping[str, float], net: Circuit) -> bool:
        """Whether to stop."""
        if self.monitor not in metrics:
            raise UsageError(
                f"EarlyStopping: the history has no column {self.monitor!r}; it has {[*metrics]}. For 'validation_error' train "
                "with validation=.1."
            )
        if metrics[self.monitor] < self.best - self.least:
            self.best, self.best_epoch = metrics[self.monitor], epoch
            if self.keep_best:
                self._weights = {k: v for k, v in net.state(weights_only=True).items() if k.endswith(".w")}
        return epoch - self.best_epoch >= self.patience

    def on_train_end(self, net: Circuit) -> int | None:
        """Give the circuit the best weights; the epoch that they are of, or None where it keeps the last ones."""
        if not self._weights:
            return None
        net.set_state(self._weights)
        return self.best_epoch


class Callbacks:
    """Several callbacks as one."""

    def __init__(self, given: Callback | Sequence[Callback]) -> None:
        self.all = list(given) if isinstance(given, Sequence) else [given]
        for each in self.all:
            if not callable(each) and not hasattr(each, "on_epoch_end"):
                raise UsageError(
                    "callbacks: expected functions of (epoch, metrics, net), or objects with a method on_epoch_end; got "
                    f"{each!r}."
                )

    def begin(self, net: Circuit) -> None:
        """Before the first epoch."""
        self._each("on_train_begin", net)

    def epoch(self, number: int, metrics: Mapping[str, float], net: Circuit) -> bool:
        """After an epoch; whether one of them asks to stop."""
        asked = [self._epoch_end(each)(number, dict(metrics), net) for each in self.all]
        return any(answer is True for answer in asked)

    def end(self, net: Circuit) -> int | None:
        """After the last epoch; the epoch whose weights the circuit was given back, or None."""
        kept = self._each("on_train_end", net)
        return next((epoch for epoch in reversed(kept) if isinstance(epoch, int)), None)

    def _each(self, name: str, net: Circuit) -> list[Any]:
        return [getattr(each, name)(net) for each in self.all if hasattr(each, name)]

    @staticmethod
    def _epoch_end(each: Callback) -> Callable[[int, Mapping[str, float], Circuit], Any]:
        return each.on_epoch_end if hasattr(each, "on_epoch_end") else each

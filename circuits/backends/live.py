"""The part of a program that runs closed loops: one presentation at a time, of rows that are given with the call."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import RecircuitError
from ..description.populations.shown_values import in_order, refuse_bytes
from .series import Series


@dataclass(frozen=True, eq=False)
class LiveStimulus:
    """The rows that a stimulus presents in a closed loop. Each call writes into them.

    Parameters
    ----------
    name : str
        The name of the stimulus.
    rows : array
        The rows, of shape (batch, units); of labels (batch, 1); of series (batch, rows, units).
    classes : int
        The number of classes of labels; 0 if these are no labels.
    each : int
        The number of rows of a sample of series; 0 if these are no series.
    """

    name: str
    rows: np.ndarray
    classes: int = 0
    each: int = 0

    @property
    def flat(self) -> np.ndarray:
        """The rows of the same memory, one after the other."""
        return self.rows.reshape(-1, self.rows.shape[-1])

    @property
    def series(self) -> Series | None:
        """How rows are samples."""
        return Series(self.each, self.each, np.zeros(0, np.int32)) if self.each else None

    def checked(self, value: Any) -> np.ndarray:
        """Return the data of a call in the shape of the rows.

        Raises
        ------
        RecircuitError
            If its shape does not fit, it is no label, or not all of it are finite numbers.
        """
        rows = self.rows
        try:
            return np.broadcast_to(self._labels(value) if self.classes else self._numbers(value), rows.shape)
        except (ValueError, TypeError):
            wanted = "a label, or one for each batch element" if self.classes else f"{rows.shape[1:]} or {rows.shape}"
            raise RecircuitError(
                f"live: {self.name!r} is given {wanted}; got {value!r:.60} of the shape {np.shape(value)}."
            ) from None

    def _numbers(self, value: Any) -> np.ndarray:
        what = f"live: stimulus {self.name!r}"
        refuse_bytes(value, what)
        with np.errstate(over="ignore"):
            values = in_order(value, what).astype(self.rows.dtype, copy=False)
        if not np.isfinite(values).all():
            raise RecircuitError(f"{what}: got NaN, infinity, or more than {values.dtype} can hold, in {value!r:.60}.")
        return values

    def _labels(self, value: Any) -> np.ndarray:
        labels = np.asarray(value)
        if labels.dtype.kind not in "ui" or (labels.size and not (labels.min() >= 0 and labels.max() < self.classes)):
            raise RecircuitError(
                f"live: labels of {self.name!r} are whole numbers from 0 to {self.classes - 1}; got {value!r:.60}."
            )
        return labels[:, None] if labels.ndim else labels


class Session(ABC):
    """A closed loop of a program: its timetable, its stimuli, and what is read after each presentation."""

    def __init__(self, stimuli: Mapping[str, LiveStimulus]) -> None:
        self.stimuli = dict(stimuli)

    def show(self, inputs: Mapping[str, Any]) -> None:
        """Take the rows of a call, all of them or none."""
        taken = []
        for name, value in inputs.items():
            stimulus = self.stimuli.get(name)
            if stimulus is None:
                raise RecircuitError(f"live: {name!r} is no stimulus of the circuit; those are {list(self.stimuli)}.")
            taken.append((stimulus.rows, stimulus.checked(value)))
        for rows, values in taken:
            rows[...] = values

    @abstractmethod
    def current(self) -> bool:
        """Whether the program has done nothing else meanwhile, so that the session can go on."""

    @abstractmethod
    def close(self) -> None:
        """Have the stimuli show nothing that was given here any more."""

    @abstractmethod
    def present(self, inputs: Mapping[str, Any]) -> list[np.ndarray]:
        """One presentation; what is read of it, as copies."""

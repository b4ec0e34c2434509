"""The part of a program that runs closed loops: each call gives the rows of one presentation."""

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
        The rows, of shape (batch, units); (batch, 1) for labels, (batch, rows, units) for series.
    classes : int
        The number of classes of labels; 0 if the rows are not labels.
    each : int
        The number of rows in a sample of a series; 0 if the stimulus is not a series.
    """

    name: str
    rows: np.ndarray
    classes: int = 0
    each: int = 0

    @property
    def flat(self) -> np.ndarray:
        """The rows one after the other, as a view of the same memory."""
        return self.rows.reshape(-1, self.rows.shape[-1])

    @property
    def series(self) -> Series | None:
        """The way in which rows form samples; None if the stimulus is not a series."""
        return Series(self.each, self.each, np.zeros(0, np.int32)) if self.each else None

    def checked(self, value: Any) -> np.ndarray:
        """Return the data of a call in the shape of the rows.

        Raises
        ------
        RecircuitError
            If the shape does not fit, or a value is not a label or not a finite number.
        """
        rows = self.rows
        try:
            return np.broadcast_to(self._labels(value) if self.classes else self._numbers(value), rows.shape)
        except (ValueError, TypeError):
            wanted = (
                "a label, or one for each batch element"
                if self.classes
                else f"the shape {rows.shape[1:]} or {rows.shape}"
            )
            raise RecircuitError(
                f"live: {self.name!r} takes {wanted}; got {value!r:.60} of the shape {np.shape(value)}."
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
                raise RecircuitError(
                    f"live: {name!r} is not a stimulus of the circuit; there are {list(self.stimuli)}."
                )
            taken.append((stimulus.rows, stimulus.checked(value)))
        for rows, values in taken:
            rows[...] = values

    @abstractmethod
    def current(self) -> bool:
        """Return whether the program has done nothing else meanwhile, so that the session can go on."""

    @abstractmethod
    def close(self) -> None:
        """Clear the rows that calls have given, so that the stimuli show them no longer."""

    @abstractmethod
    def present(self, inputs: Mapping[str, Any]) -> list[np.ndarray]:
        """Run one presentation, and return copies of the variables that are read."""

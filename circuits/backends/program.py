"""What every backend offers: a built circuit whose variables are read and set, and whose presentations are run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import RecircuitError

if TYPE_CHECKING:
    from ..lowering.assembly import Array, Assembly
    from ..lowering.timetable import Timetable

Progress = Callable[[int], None]


class Diverged(RecircuitError):
    """A rate or weight became NaN or infinite."""


@dataclass
class RunResult:
    """What a run leaves.

    Parameters
    ----------
    presentations : how many were completed
    collected : variable -> array (presentations, columns, size), as it was at the end of its step
    traces : variable -> array (steps, size) of column 0
    diverged : the variable found to be NaN or infinite, or empty
    interrupted : stopped by Ctrl-C, after the presentation under way
    """

    presentations: int
    collected: dict[str, np.ndarray] = field(default_factory=dict)
    traces: dict[str, np.ndarray] = field(default_factory=dict)
    diverged: str = ""
    interrupted: bool = False

    def raise_if_diverged(self) -> None:
        """Say what diverged, if anything did."""
        if self.diverged:
            raise Diverged(
                f"{self.diverged} became NaN or infinite in presentation {self.presentations}. "
                "The learning rate may be too large, or a rule or equation divides by zero."
            )


class Program(ABC):
    """A circuit built for one backend."""

    backend: str
    assembly: Assembly

    @abstractmethod
    def read(self, array: Array) -> np.ndarray:
        """The flat values of a Brian2 variable."""

    @abstractmethod
    def write(self, array: Array, values: np.ndarray) -> None:
        """Set the flat values of a Brian2 variable."""

    @abstractmethod
    def seed(self, seed: int) -> None:
        """Restart the random numbers."""

    @abstractmethod
    def load(self, stimulus: str, data: np.ndarray, scale: float, offset: float) -> None:
        """Give a clamped population its rows: uint8 or float; rates are scale*data + offset."""

    @abstractmethod
    def run(
        self,
        table: Timetable,
        order: np.ndarray,
        *,
        collect: Mapping[str, int] | None = None,
        trace: Sequence[str] = (),
        progress: Progress | None = None,
    ) -> RunResult:
        """Walk the table once for every row of ``order``.

        Parameters
        ----------
        order : (presentations, columns) rows of the data; -1 for a column that stays empty (only at the end)
        collect : variable -> the step at whose end all its columns are kept
        trace : variables of which column 0 is kept after every step
        progress : called with the number of presentations done, now and then
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of what the program holds."""

    def get(self, key: str) -> np.ndarray:
        """A copy of a variable, in the shape that the user sees."""
        array = self.assembly.arrays[key]
        flat = self.read(array)
        if array.places is not None:
            whole = np.zeros(int(np.prod(array.shape)), dtype=flat.dtype)
            whole[array.places] = flat
            flat = whole
        return flat.reshape(array.shape).copy()

    def set(self, key: str, value: Any) -> None:
        """Set a variable; the value must have its shape, or be one number."""
        array = self.assembly.arrays[key]
        dtype = array.variable.dtype
        given = np.asarray(value)
        try:
            values = np.broadcast_to(given, array.shape).astype(dtype).reshape(-1)
        except (ValueError, TypeError):
            raise RecircuitError(f"{key} has the shape {array.shape}; got {given.shape} of {given.dtype}.") from None
        self.write(array, values if array.places is None else values[array.places])


def check_order(order: np.ndarray, columns: int, rows: Mapping[str, int]) -> np.ndarray:
    """The order of presentations, checked against the data that is loaded."""
    given = np.asarray(order)
    if given.ndim != 2 or given.shape[1] != columns or (given.size and given.dtype.kind not in "ui"):
        raise RecircuitError(
            f"run: the order is whole numbers of the shape (presentations, {columns}); got {given.shape} of {given.dtype}."
        )
    order = np.ascontiguousarray(given, dtype=np.int32)
    empty = order < 0
    if order.size and (order.min() < -1 or empty[:, 0].any() or (empty[:, :-1] & ~empty[:, 1:]).any()):
        raise RecircuitError(
            "run: in the order, -1 stands for a column that stays empty: only at the end of a row, not all."
        )
    for name, count in rows.items():
        if order.size and order.max() >= count:
            raise RecircuitError(f"run: the order asks for row {order.max()} of {name!r}, which has {count} rows.")
    return order

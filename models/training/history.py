"""What a training run measured, epoch by epoch."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...errors import RecircuitError
from ..analysis.weight_alignment import Alignment

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["History", "Row"]

Row = dict[str, float]


@dataclass
class History:
    """A row per epoch; ``history["test_error"]`` is one column as an array.

    epoch: from 1. seconds: of the training in that epoch, without the evaluation. train_error: share of wrong
    answers as the stimuli were shown, each before its own update. test_error: after the epoch. For each feedback
    projection, `h1_angle` (degrees), `h1_distance`, `h1_signs`: see `recircuit.models.analysis.weight_alignment`. beyond:
    how often the field of an output unit left the range of its circuit (hinge). presentations_per_second: stimuli,
    counted in all batch elements.

    rows: the epochs. backend: what ran it. interrupted: stopped by Ctrl-C before its last epoch.
    """

    rows: list[Row] = field(default_factory=list)
    backend: str = ""
    interrupted: bool = False

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        if name not in self.names:
            raise RecircuitError(f"history: there is no {name!r}; there are {self.names}.")
        return np.array([row[name] for row in self.rows])

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def names(self) -> list[str]:
        """The columns."""
        return list(self.rows[0]) if self.rows else []

    @property
    def test_error(self) -> float:
        """After the last epoch; NaN before the first."""
        return self.rows[-1]["test_error"] if self.rows else float("nan")

    def csv(self) -> str:
        """The rows as text, with six digits."""
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(self.names)
        table.writerows([f"{value:.6g}" for value in row.values()] for row in self.rows)
        return text.getvalue()

    def plot(self, title: str = "") -> Figure:
        """Errors, and the alignment of each hidden layer, over epochs."""
        from .learning_curves import curves  # matplotlib takes a while to load

        return curves({name: self[name] for name in self.names}, title)

    def __repr__(self) -> str:
        stopped = ", interrupted" if self.interrupted else ""
        return f"<History of {len(self)} epochs: test error {self.test_error:.2%}{stopped}>"


def row(
    epoch: int,
    seconds: float,
    errors: tuple[float, float],
    alignments: dict[str, Alignment],
    presentations: int,
    beyond: int | None,
) -> Row:
    """One epoch."""
    made: Row = {"epoch": epoch, "seconds": seconds, "train_error": errors[0], "test_error": errors[1]}
    for name, measured in alignments.items():
        made |= {f"{name}_{measure}": value for measure, value in asdict(measured).items()}
    if beyond is not None:
        made["beyond"] = beyond
    return made | {"presentations_per_second": presentations / seconds if seconds > 0 else float("nan")}

"""The history of a training run: what it measured, epoch by epoch."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...arguments import checked_arguments, kept_arguments
from ...errors import RecircuitError
from ...optional import optional
from ...other_libraries import NamesFromElsewhere, attribute_hint
from ...registry import closest
from ...tables import folded, html_table
from ..analysis.weight_alignment import Alignment
from .measured_text import with_unit

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

__all__ = ["History", "Row"]

Row = dict[str, float]


@kept_arguments
@dataclass
class History(NamesFromElsewhere):
    """The measurements of a training run, with a row per epoch; ``history["test_error"]`` is one column as an array.

    The columns are ``epoch`` (from 1), ``seconds`` (of the training in that epoch, without the evaluation),
    ``train_error`` (the share of wrong answers as the stimuli were presented, each before its own update),
    ``validation_error`` and ``test_error`` (after the epoch, if there are such samples), and
    ``presentations_per_second`` (stimuli, counted in all batch elements). With targets in place of classes,
    ``train_mse``, ``validation_mse`` and ``test_mse`` are mean squared errors. For each feedback projection there are
    ``h1_angle`` (degrees), ``h1_distance`` and ``h1_signs``: see `recircuit.models.analysis.weight_alignment`.
    ``beyond`` counts how often the field of an output unit left the range of the hinge circuit.

    Parameters
    ----------
    rows : list of dict
        The epochs.
    backend : str
        The backend that ran them.
    interrupted : bool
        Whether Ctrl-C stopped the training before its last epoch.
    classes : tuple of str, optional
        The names of the classes, in the order of the output units, if the labels were text.
    kept_epoch : int, optional
        The epoch whose weights the circuit has, if that is not the last one, as after early stopping.
    """

    rows: list[Row] = field(default_factory=list)
    backend: str = ""
    interrupted: bool = False
    classes: tuple[str, ...] | None = None
    kept_epoch: int | None = None

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        if not isinstance(name, str) or name not in self.names:
            hint = attribute_hint("History", str(name)) or closest(name, self.names)
            raise RecircuitError(f"history: there is no column {name!r}.{hint} There are {self.names}.")
        return np.array([row.get(name, np.nan) for row in self.rows])

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __contains__(self, column: object) -> bool:
        return column in self.names

    @property
    def names(self) -> list[str]:
        """The names of the columns. An epoch in which a column was not measured has NaN there."""
        return list(dict.fromkeys(name for row in self.rows for name in row))

    @property
    def test_error(self) -> float:
        """The test error of the weights that the circuit has when training ends.

        It is NaN before the first epoch, and if there is no test set or no answer.
        """
        return self._at_the_end("test_error")

    @property
    def test_mse(self) -> float:
        """The mean squared error of the test samples, for real-valued targets."""
        return self._at_the_end("test_mse")

    def _at_the_end(self, column: str) -> float:
        last = [row for row in self.rows if self.kept_epoch in (None, row["epoch"])][-1:]
        return last[0].get(column, float("nan")) if last else float("nan")

    @checked_arguments
    def csv(self) -> str:
        """Return the rows as the text of a csv file, with six digits."""
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(self.names)
        table.writerows(self._cells())
        return text.getvalue()

    def _cells(self) -> list[list[str]]:
        """Return the text of each cell, row by row in the order of `names`."""
        names = self.names
        return [[f"{row.get(name, np.nan):.6g}" for name in names] for row in self.rows]

    @checked_arguments
    def plot(self, title: str = "", ax: Any = None) -> Figure:
        """Draw the errors, and the alignment of each hidden layer, over epochs; a ring marks the epoch of kept weights.

        Parameters
        ----------
        title : str
            The title of the figure.
        ax : axes of matplotlib or pair of them, optional
            The axes for the errors, or for the errors and the alignment. The default are those of a new figure.
        """
        from ...circuits.inspection.figures import new_figure  # matplotlib takes a while to load
        from .learning_curves import curves

        return curves(self.columns(), title, new_figure() if ax is None else None, ax, self.kept_epoch)

    def columns(self) -> dict[str, NDArray[np.float64]]:
        """Return all columns by name."""
        return {name: self[name] for name in self.names}

    def to_dataframe(self) -> DataFrame:
        """Return the measurements as a pandas DataFrame: a row for each epoch, whose number is the index.

        Raises
        ------
        RecircuitError
            If pandas is not installed.
        """
        pandas = optional("pandas", "tables", "history")
        return pandas.DataFrame(self.rows, columns=self.names or ["epoch"]).astype({"epoch": int}).set_index("epoch")

    def __repr__(self) -> str:
        stopped = ", interrupted" if self.interrupted else ""
        known = self._last_of("validation_error", "test_error", "validation_mse", "test_mse")
        known = known or self._last_of("train_error", "train_mse")
        texts = [f"{name.replace('_', ' ')} {with_unit(name, value)}" for name, value in known.items()]
        measured = f": {', '.join(texts)}" if texts else ""
        return f"<History of {len(self)} {'epoch' if len(self) == 1 else 'epochs'}{measured}{stopped}>"

    def _last_of(self, *columns: str) -> dict[str, float]:
        """Return those of some columns that were measured, with their values in the end."""
        return {name: value for name in columns if not np.isnan(value := self._at_the_end(name))}

    def _repr_html_(self) -> str:
        names = [name.replace("_", " ") for name in self.names]
        last = [with_unit(name, row.get(name, np.nan)) for row in self.rows[-1:] for name in self.names]
        table, all_epochs = html_table((), list(zip(names, last))), html_table(names, self._cells())
        return f"<p>{escape(repr(self).strip('<>'))}</p>{table}{folded('all epochs', all_epochs)}"


def row(
    epoch: int,
    seconds: float,
    errors: Mapping[str, float],
    alignments: dict[str, Alignment],
    presentations: int,
    beyond: int | None,
) -> Row:
    """Return the row of one epoch."""
    made: Row = {"epoch": epoch, "seconds": seconds, **errors}
    for name, measured in alignments.items():
        made |= {f"{name}_{measure}": value for measure, value in asdict(measured).items()}
    if beyond is not None:
        made["beyond"] = beyond
    return made | {"presentations_per_second": presentations / seconds if seconds > 0 else float("nan")}

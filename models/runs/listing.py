"""The runs in a folder and below it, read from their small files: options, epochs and errors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf, isnan
from pathlib import Path
from sys import float_info

from ...atomic_files import read_file
from ...errors import RecircuitError, UsageError
from ...foreign_text import table_rows
from ..training.history import Row
from ..training.run_files import METRICS, WEIGHTS
from .folder import Record, read_record

__all__ = ["KeptRun", "kept_run", "kept_runs"]

PARTS = ("train", "validation", "test")
#: The name of a column -> the largest value that there can be in it; the smallest is zero, and NaN was not measured. Columns of
#: a callback have names of their own, and any value.
LARGEST = {
    **{f"{part}_error": 1.0 for part in PARTS},
    **{f"{part}_mse": inf for part in PARTS},
    "seconds": float_info.max,
    "presentations_per_second": inf,
}


@dataclass(frozen=True)
class KeptRun:
    """A run in a folder.

    Parameters
    ----------
    folder : Path
        The folder of its files.
    record : Record or None
        Its options; None for a run that was started in Python, which does not record them.
    rows : list of dict
        The measurements of its epochs.
    problem : str
        What is wrong with its files; empty if nothing is.
    """

    folder: Path
    record: Record | None
    rows: list[Row] = field(repr=False)
    problem: str = ""

    @property
    def state(self) -> str:
        """How far it is, in words."""
        wanted = None if self.record is None else self.record.run.epochs
        if self.problem:
            return "damaged"
        return f"{len(self.rows)} epochs" if wanted is None else f"{len(self.rows)} of {wanted} epochs"

    def last(self, ending: str) -> Iterator[tuple[str, float]]:
        """Yield name and value of the last row's columns whose name ends with a text such as ``"_error"``."""
        yield from ((k, v) for k, v in (self.rows[-1] if self.rows else {}).items() if k.endswith(ending))

    @property
    def seconds(self) -> float:
        """The seconds of training in all epochs."""
        return sum(row.get("seconds", 0.0) for row in self.rows)


def kept_runs(folder: Path) -> list[KeptRun]:
    """Return all runs in a folder and below it, in the order of their names.

    Raises
    ------
    UsageError
        If there is no such folder.
    """
    if not folder.is_dir():
        raise UsageError(
            f"runs: there is no folder {folder}. Runs of `recircuit train` are in runs/ unless --out says otherwise."
        )
    return [_read(path.parent) for path in sorted(folder.rglob(METRICS))]


def kept_run(folder: Path) -> KeptRun:
    """Return the run in a folder.

    Raises
    ------
    UsageError
        If there is none.
    """
    if not (folder / METRICS).exists():
        raise UsageError(
            f"show: {str(folder)!r} holds no run ({METRICS} was expected). `recircuit runs` lists those that there are."
        )
    return _read(folder)


def _read(folder: Path) -> KeptRun:
    try:
        rows = _rows(read_file(folder / METRICS).decode())
        missing = "" if (folder / WEIGHTS).exists() else f"{folder / WEIGHTS} is missing."
        return KeptRun(folder, read_record(folder), rows, missing)
    except RecircuitError as problem:
        return KeptRun(folder, None, [], str(problem))
    except (OSError, ValueError) as problem:
        why = getattr(problem, "strerror", None) or problem
        return KeptRun(folder, None, [], f"{folder / METRICS} cannot be read ({why}).")


def _rows(text: str) -> list[Row]:
    rows = [{name: _number(name, value) for name, value in row.items()} for row in table_rows(text)]
    first = rows[0].get("epoch", 0.0) if rows else 1.0  # a circuit may have been trained before the run
    if not (first >= 1 and first.is_integer()):
        raise ValueError("row 1 is not that of an epoch")
    for number, row in enumerate(rows):
        if row.get("epoch") != first + number:
            raise ValueError(f"row {number + 1} is not that of epoch {first + number:.0f}")
    return rows


def _number(column: str, text: str) -> float:
    """Return what a cell says, where that can be measured in its column."""
    value = float(text) if text.isascii() and "_" not in text else None  # Python reads 1_0 as 10
    largest = LARGEST.get(column)
    if value is None or (largest is not None and not (isnan(value) or 0 <= value <= largest)):
        raise ValueError(f"{column} cannot be {text!r}")
    return value

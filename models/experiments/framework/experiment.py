"""What an experiment is: an id, a paper, and a function that runs circuits and reports checks and a figure."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...data import Dataset, load

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Number = float | int | bool

#: relation -> whether a value stands in it to its target.
RELATIONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<=": lambda value, target: value <= target,
    ">=": lambda value, target: value >= target,
    "<": lambda value, target: value < target,
    ">": lambda value, target: value > target,
    "==": lambda value, target: value == target,
    "within": lambda value, target: target[0] <= value <= target[1],
}


@dataclass(frozen=True)
class Check:
    """One number of a run, held against what it should be.

    Parameters
    ----------
    what : str
        What the number is, in words.
    value : Number
        The value that the circuits gave.
    relation : str
        One of RELATIONS.
    target : Number or pair of Number
        A number, or (low, high) for "within".
    paper : str
        What the paper says, a number or a statement; empty if the check is on the circuit alone.
    """

    what: str
    value: Number
    relation: str
    target: Number | Sequence[Number]
    paper: str = ""

    @property
    def ok(self) -> bool:
        """Whether the relation holds; a value that is NaN or infinite never does."""
        return bool(np.isfinite(self.value) and RELATIONS[self.relation](self.value, self.target))

    def row(self) -> dict[str, Any]:
        """Return the row as it stands in result.json: what, paper, value, target, relation, ok; null for what is not finite."""
        value = _plain(self.value)
        target = [_plain(t) for t in self.target] if isinstance(self.target, Sequence) else _plain(self.target)
        kept_row = {"what": self.what, "paper": self.paper, "value": value, "target": target}
        return {**kept_row, "relation": self.relation, "ok": self.ok}

    @staticmethod
    def line(row: Mapping[str, Any]) -> str:
        """Return a row of result.json in words."""
        paper = f" (the paper: {row['paper']})" if row.get("paper") else ""
        return f"{row['what']}: {_short(row['value'])} {row['relation']} {_short(row['target'])}{paper}"


@dataclass(frozen=True)
class Settings:
    """How an experiment is to run.

    Parameters
    ----------
    backend : str
        ``"numpy"``, ``"cpp"`` or ``"cuda"``.
    seeds : tuple of int
        The seeds of the runs; empty if the experiment has no runs that differ by a seed.
    quick : bool
        Whether to make fewer and shorter runs, which take seconds in all.
    show_progress : function
        A function that is called from time to time with a text that says what is being computed.
    data : Path, optional
        The folder of a data set's files, or of a folder with its name. The default is that of $RECIRCUIT_DATA.
    out : Path, optional
        The folder of the results, for experiments that keep each of their runs there.
    epochs : int, optional
        The number of epochs, for experiments that train networks for images; None for that of the paper.
    methods : tuple of str
        The methods that run, for experiments that compare methods; empty for all.
    from_runs : bool
        Whether nothing is run, and checks and figure are made again from the runs that the folder of the results keeps.
    separate_methods : bool
        Whether some of the methods can be run without the others; see `Experiment.methods`.
    first_seed : int
        The first of the seeds. What an experiment draws by `rng` follows from it too.
    earlier : list of float
        A list to which the seconds of each run that is kept, and not made again, are added.
    """

    backend: str = "numpy"
    seeds: tuple[int, ...] = ()
    quick: bool = False
    show_progress: Callable[[str], None] = field(default=lambda text: None, repr=False)
    data: Path | None = None
    out: Path | None = None
    epochs: int | None = None
    methods: tuple[str, ...] = ()
    from_runs: bool = False
    first_seed: int = 0
    separate_methods: bool = False
    earlier: list[float] = field(default_factory=list, repr=False, compare=False)

    def rng(self, *key: int) -> np.random.Generator:
        """Return random numbers for what is drawn once for all runs; for another first seed they are other ones.

        Parameters
        ----------
        *key : int
            What is drawn, in numbers: the same key gives the same random numbers.
        """
        seed = [*key, self.first_seed] if self.first_seed else list(key)
        return np.random.default_rng(seed if len(seed) > 1 else seed[0])

    def chosen[Method](self, methods: Mapping[str, Method]) -> dict[str, Method]:
        """Return those of the methods, by name, that are wanted."""
        return {name: method for name, method in methods.items() if not self.methods or name in self.methods}

    def dataset(self, name: str) -> Dataset:
        """Return the data set of this name (``"mnist"``), read from its files.

        Raises
        ------
        UsageError
            If no folder is given, or the files are not there.
        """
        return load(name, self.folder(name) or self._data)

    def folder(self, *names: str) -> Path | None:
        """Return the first of these folders that is in that of the data; None if there is none."""
        found = [self._data / name for name in names] if self._data is not None else []
        return next((folder for folder in found if folder.is_dir()), None)

    @property
    def _data(self) -> Path | None:
        return self.data or (Path(found) if (found := os.environ.get("RECIRCUIT_DATA")) else None)


@dataclass(frozen=True)
class Report:
    """The findings of an experiment.

    Parameters
    ----------
    checks : sequence of Check
        The checks.
    figure : Figure
        The figure.
    unchecked : sequence of str
        Claims of the paper that could not be checked, each with the reason.
    """

    checks: Sequence[Check]
    figure: Figure
    unchecked: Sequence[str] = ()


@dataclass(frozen=True)
class Experiment:
    """An experiment of a paper, run as timed dynamics of circuits.

    Parameters
    ----------
    id : str
        Its name, as in ``recircuit reproduce ID``.
    paper : str
        Author, year, figure or section.
    about : str
        What it shows, in a sentence.
    run : function
        The function that runs it.
    seeds, quick_seeds : int
        The number of seeds of a full and of a quick run; 0 if no runs differ by a seed.
    drawn : str
        For an experiment without seeds that draws something at random all the same: how many it draws, and of what. It is
        drawn by `Settings.rng`.
    shortens : bool
        Whether it can be run for other numbers of epochs than the paper's.
    methods : tuple of str
        The names of the methods that it compares, if it can be run for some of them alone.
    paper_epochs : int, optional
        The number of epochs that the paper trains for; None if it does not say, or does not train for epochs.
    data : tuple of str
        The names of the data sets whose files a full run reads (see `Settings.data`); a quick run needs none.
    keeps : bool
        Whether each of its runs is kept in the folder of the results, so that ``--from-runs`` can check them again.
    """

    id: str
    paper: str
    about: str
    run: Callable[[Settings], Report]
    seeds: int = 3
    quick_seeds: int = 1
    drawn: str = ""
    shortens: bool = False
    methods: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    keeps: bool = False
    paper_epochs: int | None = None


Target = Number | tuple[Number, Number]
Row = tuple[str, Number, str, Target] | tuple[str, Number, str, Target, str]


def checks(about: str, rows: Iterable[Row]) -> list[Check]:
    """Return checks from rows of (what, value, relation, target) and perhaps the paper's claim.

    Each ``what`` is begun with what the rows are about.
    """
    return [Check(about + row[0], row[1], row[2], row[3], row[4] if len(row) == 5 else "") for row in rows]


def many(runs: Sequence[Any]) -> str:
    """Return the number of runs in words, as ``"1 run"`` or ``"10 runs"``."""
    return f"{len(runs)} run{'s' * (len(runs) != 1)}"


def _plain(value: Any) -> Number | None:
    """Return a number that JSON has; None for NaN and infinity."""
    plain = value.item() if isinstance(value, np.generic | np.ndarray) else value
    return plain if np.isfinite(plain) else None


def _short(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_short, value))}]"
    return f"{value:.4g}" if isinstance(value, float) else str(value)

"""Which operations run in which step, and which of them can be left out without changing a bit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...errors import RecircuitError
from .lowered import Lowered
from .operations import Operation
from .passes.narrowing import Narrow, among
from .passes.unchanged import UNCHANGED, unchanged
from .passes.unread import UNREAD, unread

__all__ = ["UNCHANGED", "UNREAD", "Entry", "Timetable"]

MODES = ("train", "evaluate")


@dataclass(frozen=True)
class Entry:
    """An operation in a step; ``skipped`` says why it is left out, and is empty where it runs."""

    operation: Operation
    skipped: str = ""


@dataclass(frozen=True)
class Timetable:
    """A presentation: for each step, its operations in order."""

    mode: str
    steps: tuple[int, ...]
    entries: tuple[tuple[Entry, ...], ...]

    @classmethod
    def of(
        cls,
        lowered: Lowered,
        mode: str,
        *,
        optimise: bool,
        keep: Sequence[str] = (),
        narrow: Narrow | None = None,
        within: str | None = None,
    ) -> Timetable:
        """The table of a training presentation (``"train"``) or of an evaluation (``"evaluate"``).

        Parameters
        ----------
        optimise : leave out what can be left out
        keep : variables that somebody looks at after every step
        narrow : how operations are made smaller; None: to those that there are
        within : the mode of the circuit, where it has several schedules; None: the first
        """
        if mode not in MODES:
            raise RecircuitError(f"timetable: the mode is 'train' or 'evaluate'; got {mode!r}.")
        steps, table = _whole(lowered, mode, within)
        if not optimise:
            return cls(mode, steps, tuple(tuple(Entry(o) for o in line) for line in table))
        same = unchanged(table)
        needed = unread(table, same, frozenset(keep), narrow or among(lowered))
        entries = tuple(
            tuple(
                _entry(operation, (row, place) in same, needed.get((row, place)))
                for place, operation in enumerate(line)
            )
            for row, line in enumerate(table)
        )
        return cls(mode, steps, entries)

    def names(self) -> list[list[str]]:
        """For each step the names of the operations that run."""
        return [[e.operation.name for e in row if not e.skipped] for row in self.entries]

    def work(self) -> int:
        """Multiplications of one presentation and batch element."""
        return sum(e.operation.work for row in self.entries for e in row if not e.skipped)


def _whole(lowered: Lowered, mode: str, within: str | None) -> tuple[tuple[int, ...], list[list[Operation]]]:
    """The steps of a mode, and for each of them all operations that are open."""
    (schedule, begin), operations = lowered.schedule.part(within), lowered.operations
    steps: Sequence[int] = range(schedule.steps)
    if mode == "evaluate":
        shown = {s for name in schedule.evaluation for s in range(*schedule.windows[name])}
        steps = [s for s in steps if s in shown]
        operations = tuple(o for o in operations if not (o.learns or o.supervises))
    opened = [(o, frozenset(o.steps)) for o in operations]
    return tuple(steps), [[o for o, when in opened if begin + s in when] for s in steps]


def _entry(operation: Operation, same: bool, needed: Operation | None) -> Entry:
    if same:
        return Entry(operation, UNCHANGED)
    return Entry(operation, UNREAD) if needed is None else Entry(needed)

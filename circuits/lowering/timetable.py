"""The timetable of a presentation: which operations run in each step, and which can be left out without any change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ...errors import RecircuitError
from ..description.schedules.open_phases import evaluated_steps, stimulus_steps
from ..description.schedules.schedule import Schedule
from .kernels import Clamp
from .lowered import Lowered
from .operations import Operation
from .passes.narrowing import Narrow, among
from .passes.unchanged import UNCHANGED, unchanged
from .passes.unread import UNREAD, unread
from .together import together

__all__ = ["UNCHANGED", "UNREAD", "Entry", "Timetable"]

#: The purposes of a presentation.
PURPOSES = ("train", "evaluate")


@dataclass(frozen=True)
class Entry:
    """An operation in a step; ``skipped`` says why it is left out, and is empty if it runs."""

    operation: Operation
    skipped: str = ""


@dataclass(frozen=True)
class Timetable:
    """The timetable of a presentation: for each step, its operations in order.

    Parameters
    ----------
    purpose : str
        ``"train"`` or ``"evaluate"``.
    steps : tuple of int
        For each row, the step of the presentation (the first one if the row stands for several).
    entries
        For each row, its operations.
    repeats : mapping of int to int
        For each row that stands for several equal steps, their number.
    shown
        For each stimulus with series and each row, the number of steps of its window that come before.
    stream : bool
        Whether there are no phases, so that the one step is repeated for as long as the circuit runs.
    """

    purpose: str
    steps: tuple[int, ...]
    entries: tuple[tuple[Entry, ...], ...]
    repeats: Mapping[int, int] = field(default_factory=dict)
    shown: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    stream: bool = False

    @classmethod
    def of(
        cls,
        lowered: Lowered,
        purpose: str,
        *,
        optimise: bool,
        keep: Sequence[str] = (),
        narrow: Narrow | None = None,
        mode: str | None = None,
    ) -> Timetable:
        """Return the table of a training presentation (``"train"``) or of an evaluation (``"evaluate"``).

        Parameters
        ----------
        optimise : bool
            Whether to leave out operations that need not run.
        keep : sequence of str
            Variables that are read after every step.
        narrow : Narrow, optional
            A function that makes operations smaller; None uses the smaller operations of the intermediate form.
        mode : str, optional
            The mode of the circuit, if it has several schedules; None stands for the first.
        """
        if purpose not in PURPOSES:
            raise RecircuitError(f"purpose: expected 'train' or 'evaluate'; got {purpose!r}.")
        lines, table = _all_operations(lowered, purpose, mode)
        about = _row_fields(lowered, lines, mode)
        if not optimise:
            return cls(purpose, entries=tuple(tuple(Entry(o) for o in line) for line in table), **about)
        same = unchanged(table)
        needed = unread(table, same, frozenset(keep), narrow or among(lowered))
        known: dict[tuple[int, str], Entry] = {}  # long presentations repeat entries, and share them
        entries = tuple(
            tuple(
                _entry(known, operation, (row, place) in same, needed.get((row, place)))
                for place, operation in enumerate(line)
            )
            for row, line in enumerate(table)
        )
        return cls(purpose, entries=entries, **about)

    @property
    def length(self) -> int:
        """The number of steps."""
        return len(self.entries) + sum(count - 1 for count in self.repeats.values())

    @cached_property
    def presented(self) -> frozenset[str]:
        """The stimuli, supervisors and targets whose data are presented in some step."""
        kernels = (e.operation.kernel for row in self.entries for e in row)
        return frozenset(kernel.population for kernel in kernels if isinstance(kernel, Clamp))

    @cached_property
    def independent(self) -> list[dict[int, int]]:
        """For each row, the beginnings of groups of independent operations among those that run, and their sizes."""
        known: dict[tuple[int, ...], dict[int, int]] = {}  # long presentations repeat their rows
        for row in self.entries:
            if (same := tuple(map(id, row))) not in known:
                known[same] = together([e.operation for e in row if not e.skipped])
        return [known[tuple(map(id, row))] for row in self.entries]

    def names(self) -> list[list[str]]:
        """Return the names of the operations that run, for each step."""
        return [[e.operation.name for e in row if not e.skipped] for row in self.entries]

    def running(self) -> Iterator[tuple[Operation, int]]:
        """Yield every operation that runs, with the number of steps in which its row is repeated."""
        for place, row in enumerate(self.entries):
            for entry in row:
                if not entry.skipped:
                    yield entry.operation, self.repeats.get(place, 1)

    def work(self) -> int:
        """Return the number of multiplications in one presentation and batch element."""
        return sum(times * operation.work for operation, times in self.running())


def _all_operations(lowered: Lowered, purpose: str, mode: str | None) -> tuple[tuple[int, ...], list[list[Operation]]]:
    """Return the steps of a mode, and for each of them all operations that are open."""
    (schedule, begin), operations = lowered.schedule.part(mode), lowered.operations
    steps: Sequence[int] = range(schedule.steps)
    if purpose == "evaluate":
        steps = evaluated_steps(schedule)
        operations = tuple(o for o in operations if not (o.learns or o.supervises))
    else:
        operations = tuple(o for o in operations if not o.silences)
    opened = [(o, _steps_of(lowered, o, [begin + s for s in steps])) for o in operations]
    return tuple(steps), [[o for o, when in opened if begin + s in when] for s in steps]


def _steps_of(lowered: Lowered, operation: Operation, steps: Sequence[int]) -> frozenset[int]:
    """Return the steps in which an operation is open. A stimulus is also set in the first of these steps that show it.

    The same holds after steps that are left out, in which its row may have changed.
    """
    if not isinstance(operation.kernel, Clamp):
        return frozenset(operation.steps)
    shown, run = _shown_in(lowered, operation.kernel), set(steps)
    shows = [step for step in steps if step in shown]
    return frozenset(operation.steps).union(shows[:1], [step for step in shows if step - 1 not in run])


def _shown_in(lowered: Lowered, kernel: Clamp) -> frozenset[int]:
    """Return all steps in which a stimulus is shown, in all modes."""
    return frozenset(stimulus_steps(lowered.schedule, lowered.network.populations[kernel.population]))


def _row_fields(lowered: Lowered, lines: tuple[int, ...], mode: str | None) -> dict[str, Any]:
    """Return the fields of a timetable that describe its rows, found by their steps in the condensed schedule."""
    (schedule, first), row_of = lowered.schedule.part(mode), {step: row for row, step in enumerate(lines)}
    begins = schedule.before(range(schedule.steps)) if schedule.repeats else {}
    shown = {}
    for operation in lowered.operations:
        kernel = operation.kernel
        if isinstance(kernel, Clamp) and kernel.every:
            before = _steps_before(lowered, kernel, schedule, first)
            mine = (step - first for step in _steps_of(lowered, operation, [first + s for s in lines]))
            shown[kernel.population] = {row_of[s]: before[s] for s in mine if s in row_of}
    return {
        "steps": tuple(begins.get(s, s) for s in lines),
        "repeats": {row_of[s]: n for s, n in schedule.repeats.items() if s in row_of},
        "shown": shown,
        "stream": schedule.stream,
    }


def _steps_before(lowered: Lowered, kernel: Clamp, schedule: Schedule, first: int) -> dict[int, int]:
    """Return, for each open step of a stimulus in this window, the number of such steps before it."""
    opened = sorted(_shown_in(lowered, kernel))
    return schedule.before([s - first for s in opened if first <= s < first + schedule.steps])


def _entry(
    known: dict[tuple[int, str], Entry], operation: Operation, same: bool, needed: Operation | None
) -> Entry:  # fmt: skip
    why = UNCHANGED if same else UNREAD if needed is None else ""
    wanted = operation if needed is None else needed
    found = known.get((id(wanted), why))
    if found is None:
        found = known[id(wanted), why] = Entry(wanted, why)
    return found

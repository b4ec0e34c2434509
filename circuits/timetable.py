"""Which operations run in which step, and which of them can be left out without changing a bit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import RecircuitError
from .operations import Operation
from .schedule import Schedule

if TYPE_CHECKING:
    from .lowering.assembly import Assembly

UNCHANGED = "its inputs have not changed"
UNREAD = "overwritten before anyone reads it"


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
        cls, assembly: Assembly, schedule: Schedule, mode: str, *, optimise: bool, keep: Sequence[str] = ()
    ) -> Timetable:
        """The table of a training presentation (``"train"``) or of an evaluation (``"evaluate"``).

        ``keep`` names variables that somebody looks at after every step.
        """
        if mode not in ("train", "evaluate"):
            raise RecircuitError(f"timetable: the mode is 'train' or 'evaluate'; got {mode!r}.")
        steps = range(schedule.steps)
        operations = assembly.operations
        if mode == "evaluate":
            shown = {s for name in schedule.evaluation for s in range(*schedule.windows[name])}
            steps = [s for s in steps if s in shown]
            operations = [o for o in operations if not (o.learns or o.supervises)]
        table = [[o for o in operations if s in o.steps] for s in steps]
        skipped = _skipped(table, set(keep)) if optimise else {}
        entries = tuple(
            tuple(Entry(o, skipped.get((row, place), "")) for place, o in enumerate(line))
            for row, line in enumerate(table)
        )
        return cls(mode, tuple(steps), entries)

    def names(self) -> list[list[str]]:
        """For each step the names of the operations that run."""
        return [[e.operation.name for e in row if not e.skipped] for row in self.entries]

    def work(self) -> int:
        """Multiplications of one presentation and column."""
        return sum(e.operation.work for row in self.entries for e in row if not e.skipped)


def _skipped(table: list[list[Operation]], keep: set[str]) -> dict[tuple[int, int], str]:
    """First forward: what would compute the same again. Then backward: what nobody reads."""
    skipped = _unchanged(table)
    live = {v for row in table for o in row for v in o.reads | o.writes}
    for row in reversed(range(len(table))):
        live |= keep
        for place in reversed(range(len(table[row]))):
            operation = table[row][place]
            if (row, place) in skipped:
                continue
            if not operation.always and not operation.writes & live:
                skipped[row, place] = UNREAD
                continue
            live -= operation.writes
            live |= operation.reads
    return skipped


def _unchanged(table: list[list[Operation]]) -> dict[tuple[int, int], str]:
    skipped: dict[tuple[int, int], str] = {}
    version: dict[str, int] = {}
    writer: dict[str, str] = {}
    seen: dict[str, tuple[int, ...]] = {}
    for row, line in enumerate(table):
        for place, operation in enumerate(line):
            inputs = tuple(version.get(v, 0) for v in sorted(operation.reads))
            pure = not operation.always and not operation.reads & operation.writes
            mine = all(writer.get(v) == operation.name for v in operation.writes)
            if pure and mine and seen.get(operation.name) == inputs:
                skipped[row, place] = UNCHANGED
                continue
            seen[operation.name] = inputs
            for variable in operation.writes:
                version[variable] = version.get(variable, 0) + 1
                writer[variable] = operation.name
    return skipped


def explain(table: Timetable, schedule: Schedule) -> str:
    """The table as text."""
    lines = [f"{table.mode}: {len(table.steps)} steps, {table.work():,} multiplications a presentation and column"]
    for step, row in zip(table.steps, table.entries, strict=True):
        lines.append(f"step {step:3d}  {', '.join(schedule.names_at(step))}")
        for entry in row:
            note = f"left out: {entry.skipped}" if entry.skipped else f"{entry.operation.work:>12,}"
            lines.append(f"    {entry.operation.name:<40} {note}")
    return "\n".join(lines)

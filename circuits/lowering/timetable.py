"""Which operations run in which step, and which of them can be left out without changing a bit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import RecircuitError
from ..description.schedule import Schedule
from .operations import Operation

if TYPE_CHECKING:
    from .assembly import Assembly

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
        opened = [(o, frozenset(o.steps)) for o in operations]
        table = [[o for o, when in opened if s in when] for s in steps]
        if not optimise:
            return cls(mode, tuple(steps), tuple(tuple(Entry(o) for o in line) for line in table))
        unchanged = _unchanged(table)
        return cls(mode, tuple(steps), _needed(table, unchanged, frozenset(keep), assembly.narrowed))

    def names(self) -> list[list[str]]:
        """For each step the names of the operations that run."""
        return [[e.operation.name for e in row if not e.skipped] for row in self.entries]

    def work(self) -> int:
        """Multiplications of one presentation and column."""
        return sum(e.operation.work for row in self.entries for e in row if not e.skipped)


def _needed(
    table: list[list[Operation]],
    unchanged: set[tuple[int, int]],
    keep: frozenset[str],
    narrowed: Callable[[Operation, frozenset[str]], Operation],
) -> tuple[tuple[Entry, ...], ...]:
    """Backward through the table: what nobody reads is left out; of several equations in one pass, those."""
    live = {v for line in table for o in line for v in o.writes}
    rows: list[tuple[Entry, ...]] = []
    for row in reversed(range(len(table))):
        live |= keep
        entries: list[Entry] = []
        for place in reversed(range(len(table[row]))):
            operation = table[row][place]
            wanted = operation.writes & live
            if (row, place) in unchanged:
                entries.append(Entry(operation, UNCHANGED))
                continue
            if not operation.always and not wanted:
                entries.append(Entry(operation, UNREAD))
                continue
            if operation.narrow is not None and not operation.always and wanted < operation.writes:
                operation = narrowed(operation, frozenset(wanted))
            live -= operation.writes
            live |= operation.reads
            entries.append(Entry(operation))
        rows.append(tuple(reversed(entries)))
    return tuple(reversed(rows))


def _unchanged(table: list[list[Operation]]) -> set[tuple[int, int]]:
    """Forward through the table: the places of what would compute the same again."""
    skipped: set[tuple[int, int]] = set()
    version: dict[str, int] = {}
    writer: dict[str, str] = {}
    seen: dict[str, tuple[int, ...]] = {}
    for row, line in enumerate(table):
        for place, operation in enumerate(line):
            inputs = tuple(version.get(v, 0) for v in sorted(operation.reads))
            timeless = not any(v.endswith(".t") for v in operation.reads)
            pure = timeless and not operation.always and not operation.reads & operation.writes
            mine = all(writer.get(v) == operation.name for v in operation.writes)
            if pure and mine and seen.get(operation.name) == inputs:
                skipped.add((row, place))
                continue
            seen[operation.name] = inputs
            for variable in operation.writes:
                version[variable] = version.get(variable, 0) + 1
                writer[variable] = operation.name
    return skipped


def explain(table: Timetable, schedule: Schedule) -> str:
    """The table as text; steps that do the same are told once."""
    lines = [f"{table.mode}: {len(table.steps)} steps, {table.work():,} multiplications a presentation and column"]
    told: list[tuple[str, list[str], list[int]]] = []
    for step, row in zip(table.steps, table.entries, strict=True):
        phases, body = ", ".join(schedule.names_at(step)), [_told(entry) for entry in row]
        if told and told[-1][:2] == (phases, body):
            told[-1][2].append(step)
        else:
            told.append((phases, body, [step]))
    for phases, body, steps in told:
        span = f"step {steps[0]}" if len(steps) == 1 else f"steps {steps[0]} to {steps[-1]}"
        lines += [f"{span}: {phases}", *body]
    return "\n".join(lines)


def _told(entry: Entry) -> str:
    note = f"left out: {entry.skipped}" if entry.skipped else f"{entry.operation.work:>12,}"
    return f"    {entry.operation.name:<40} {note}"

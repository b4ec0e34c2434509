"""The table of a presentation as text: step by step, what runs, what is left out and why."""

from __future__ import annotations

from ..description.schedule import Schedule
from ..lowering.timetable import Entry, Timetable


def explain(table: Timetable, schedule: Schedule) -> str:
    """Return the table as text; consecutive steps that do the same are printed once."""
    lines = [
        f"{table.mode}: {len(table.steps)} steps, {table.work():,} multiplications a presentation and batch element"
    ]
    blocks: list[tuple[str, list[str], list[int]]] = []
    for step, row in zip(table.steps, table.entries, strict=True):
        phases, body = ", ".join(schedule.names_at(step)), [_told(entry) for entry in row]
        if blocks and blocks[-1][:2] == (phases, body):
            blocks[-1][2].append(step)
        else:
            blocks.append((phases, body, [step]))
    for phases, body, steps in blocks:
        span = f"step {steps[0]}" if len(steps) == 1 else f"steps {steps[0]} to {steps[-1]}"
        lines += [f"{span}: {phases}", *body]
    return "\n".join(lines)


def _told(entry: Entry) -> str:
    note = f"left out: {entry.skipped}" if entry.skipped else f"{entry.operation.work:>12,}"
    return f"    {entry.operation.name:<40} {note}"

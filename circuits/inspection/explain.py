"""The table of a presentation as text: step by step, what runs, what is left out and why."""

from __future__ import annotations

from ..description.schedule import Schedule
from ..lowering.timetable import Entry, Timetable


def explain(table: Timetable, schedule: Schedule) -> str:
    """The table as text; steps that do the same are told once."""
    lines = [f"{table.mode}: {table.length} steps, {table.work():,} multiplications a presentation and batch element"]
    told: list[tuple[str, list[str], list[int]]] = []
    for place, (step, row) in enumerate(zip(table.steps, table.entries, strict=True)):
        phases, body = ", ".join(schedule.names_at(step)), [_told(entry) for entry in row]
        last = step + table.repeats.get(place, 1) - 1
        if told and told[-1][:2] == (phases, body):
            told[-1][2].append(last)
        else:
            told.append((phases, body, [step, last]))
    for phases, body, steps in told:
        span = f"step {steps[0]}" if steps[0] == steps[-1] else f"steps {steps[0]} to {steps[-1]}"
        lines += [f"{span}: {phases}" if phases else "every step" if table.stream else f"{span}:", *body]
    return "\n".join(lines)


def _told(entry: Entry) -> str:
    note = f"left out: {entry.skipped}" if entry.skipped else f"{entry.operation.work:>12,}"
    return f"    {entry.operation.name:<40} {note}"

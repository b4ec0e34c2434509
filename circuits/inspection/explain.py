"""The timetable of a presentation as text: what runs in each step, what is left out, and why."""

from __future__ import annotations

from typing import Any

from ..description.network import Network
from ..description.schedules.schedule import Schedule
from ..description.schedules.timing import closed_in_words
from ..lowering.late import late_reads
from ..lowering.timetable import Entry, Timetable


class Explanation(str):
    """Text that Jupyter shows line by line."""

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))


def explain(table: Timetable, schedule: Schedule) -> str:
    """Return the timetable as text, in which steps that do the same share one entry."""
    steps = f"{table.length} step{'s' * (table.length != 1)}"
    lines = [f"{table.purpose}: {steps}, {table.work():,} multiplications a presentation and batch element"]
    blocks: list[tuple[str, list[str], list[int]]] = []
    for row_number, (step, row) in enumerate(zip(table.steps, table.entries, strict=True)):
        late = late_reads(row)
        phases = ", ".join(schedule.names_at(step))
        body = [_row_text(entry, late.get(place, [])) for place, entry in enumerate(row)]
        last = step + table.repeats.get(row_number, 1) - 1
        if blocks and blocks[-1][:2] == (phases, body):
            blocks[-1][2].append(last)
        else:
            blocks.append((phases, body, [step, last]))
    for phases, body, steps in blocks:
        span = f"step {steps[0]}" if steps[0] == steps[-1] else f"steps {steps[0]} to {steps[-1]}"
        lines += [f"{span}: {phases}" if phases else "every step" if table.stream else f"{span}:", *body]
    return "\n".join(lines)


def explain_closed(network: Network) -> list[str]:
    """Return a line for each stimulus, projection and broadcast that is closed in some steps: what it does then."""
    schedule, lines = network.phased(), []
    clamps = [(p.name, p.clamp) for p in network.populations.values() if p.clamp is not None]
    pathways = [*clamps, *((p.name, p) for p in network.projections.values()), *network.broadcasts.items()]
    for name, pathway in pathways:
        if len(schedule.open_steps(pathway.during, name)) < schedule.steps:
            lines.append(
                f"{name} is open during {pathway.during}, and {closed_in_words(pathway.closed)} while it is closed"
            )
    return lines


def _row_text(entry: Entry, late: list[str]) -> str:
    if entry.skipped:
        return f"    {entry.operation.name:<40} left out: {entry.skipped}"
    note = f"   reads {', '.join(late)} from before this step" if late else ""
    return f"    {entry.operation.name:<40} {entry.operation.work:>12,}{note}"

"""Operations that read a value one step late, since it is written later in the same step."""

from __future__ import annotations

from collections.abc import Sequence

from brian2.utils.stringtools import get_identifiers

from .kernels import StateUpdate
from .operations import Operation
from .timetable import Entry

__all__ = ["late_reads"]


def late_reads(row: Sequence[Entry]) -> dict[int, list[str]]:
    """Return, for each place in a step, the variables that its operation reads and that are written later in the step."""
    found: dict[int, list[str]] = {}
    later: set[str] = set()
    for place in reversed(range(len(row))):
        if row[place].skipped:
            continue
        operation = row[place].operation
        if late := sorted((operation.reads & (later - operation.writes)) | _among_equations(operation)):
            found[place] = late
        later |= operation.writes
    return found


def _among_equations(operation: Operation) -> set[str]:
    """Return the variables that equations of one operation read from one another: all are computed before any is stored."""
    if not isinstance(operation.kernel, StateUpdate):
        return set()
    equations = operation.kernel.equations
    read = {n for e in equations for n in get_identifiers(e.expression) - {e.variable}}
    return {f"{operation.owner}.{e.variable}" for e in equations if e.variable in read}

"""A pass that finds operations whose results are overwritten before they are read."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..operations import Operation
from .narrowing import Narrow

UNREAD = "overwritten before anyone reads it"


def unread(
    table: Sequence[Sequence[Operation]], skipped: Collection[tuple[int, int]], keep: frozenset[str], narrow: Narrow
) -> dict[tuple[int, int], Operation | None]:
    """Return, for each place of a presentation that is not skipped, the operation that has to run, or None.

    Parameters
    ----------
    skipped
        Places (row, place) that are left out already.
    keep : frozenset of str
        Variables that are read after every step.
    narrow : Narrow
        A function that makes an operation smaller if only a part of it is needed.
    """
    live = {v for line in table for o in line for v in o.writes}
    found: dict[tuple[int, int], Operation | None] = {}
    for row in reversed(range(len(table))):
        live |= keep
        for place in reversed(range(len(table[row]))):
            if (row, place) in skipped:
                continue
            operation = table[row][place]
            wanted = operation.writes & live
            if not operation.always and not wanted:
                found[row, place] = None
                continue
            if not operation.always and wanted < operation.writes:
                operation = narrow(operation, frozenset(wanted))
            live -= operation.writes
            live |= operation.reads
            found[row, place] = operation
    return found

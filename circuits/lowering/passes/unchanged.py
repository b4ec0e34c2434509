"""A pass that finds operations which would compute the same again, since nothing that they read has changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..operations import Operation
from ..variables import split_key

UNCHANGED = "its inputs have not changed"


@dataclass(slots=True)
class _Seen:
    """The properties of an operation that every step needs, found out once, and the time when it last ran."""

    name: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    pure: bool
    ran: int = -1


def unchanged(table: Sequence[Sequence[Operation]]) -> set[tuple[int, int]]:
    """Go forward through a presentation, and return the places (row, place) of operations that can be left out."""
    skipped: set[tuple[int, int]] = set()
    known: dict[int, _Seen] = {}
    changed: dict[str, int] = {}  # the time when a variable was last written
    writer: dict[str, str] = {}
    now = 0
    for row, line in enumerate(table):
        for place, operation in enumerate(line):
            seen = known.get(id(operation))
            if seen is None:
                seen = known[id(operation)] = _seen(operation)
            if seen.pure and seen.ran >= 0 and _same(seen, changed, writer):
                skipped.add((row, place))
                continue
            seen.ran = now = now + 1
            for variable in seen.writes:
                changed[variable] = now
                writer[variable] = seen.name
    return skipped


def _seen(operation: Operation) -> _Seen:
    timeless = not any(split_key(v)[1] == "t" for v in operation.reads)
    pure = timeless and not operation.always and not operation.reads & operation.writes
    return _Seen(operation.name, tuple(operation.reads), tuple(operation.writes), pure)


def _same(seen: _Seen, changed: dict[str, int], writer: dict[str, str]) -> bool:
    """Say whether no other operation has written what it reads or writes since it ran."""
    mine = all(writer.get(variable) == seen.name for variable in seen.writes)
    return mine and all(changed.get(variable, 0) <= seen.ran for variable in seen.reads)

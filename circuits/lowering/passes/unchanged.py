"""What would compute the same again, since nothing that it reads has changed."""

from __future__ import annotations

from collections.abc import Sequence

from ..operations import Operation

UNCHANGED = "its inputs have not changed"


def unchanged(table: Sequence[Sequence[Operation]]) -> set[tuple[int, int]]:
    """Forward through a presentation: the places (row, place) of what can be left out."""
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

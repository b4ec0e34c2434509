"""Factors of one population that are needed at the same steps, and read the same rule, are computed in one operation."""

from __future__ import annotations

from dataclasses import replace

from ..kernels import Elementwise
from ..operations import EXPRESS, FACTOR, Operation


def merging(operations: list[Operation]) -> list[Operation]:
    """The operations, with those merged that can be."""
    merged: dict[tuple[object, ...], Operation] = {}
    for operation in operations:
        key = _together(operation)
        merged[key] = _joined(merged[key], operation) if key in merged else operation
    return list(merged.values())


def _together(operation: Operation) -> tuple[object, ...]:
    """What operations have in common that become one; the name of those that stay by themselves."""
    kernel = operation.kernel
    if operation.slot not in (EXPRESS, FACTOR) or not isinstance(kernel, Elementwise) or operation.always:
        return (operation.name,)
    rules = tuple(sorted({key.partition(".")[0] for _, key in kernel.scalars}))
    return (operation.owner, operation.slot, operation.steps, rules)


def _joined(first: Operation, second: Operation) -> Operation:
    a, b = first.kernel, second.kernel
    assert isinstance(a, Elementwise) and isinstance(b, Elementwise)
    scalars = tuple(sorted({*a.scalars, *b.scalars}))
    return replace(
        first, name=f"{first.name}_{second.name.rsplit('_', 1)[1]}",
        kernel=replace(a, statements=a.statements + b.statements, scalars=scalars),
        reads=first.reads | second.reads, writes=first.writes | second.writes, work=first.work + second.work,
    )  # fmt: skip

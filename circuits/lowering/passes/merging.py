"""A pass that computes the signals of a population, or its factors of updates, in one loop if their steps are the same.

These are the elementwise operations of a step that do not depend on each other: signals are computed before anything arrives,
factors after the states have changed, and none of them reads the result of another. Operations that read parameters of
different rules stay apart, since these parameters may have the same names.

Other elementwise operations are not merged here. A state equation or a pathway that closes has a line of its own in
``explain()``, with the reason why it is left out of a step. Backends decide whether several of them become one launch (cuda)
or one function (numpy): the parts of an operation there, and the parts that these wait for, are known when its code is made,
and such a launch may hold parts of several steps.
"""

from __future__ import annotations

from dataclasses import replace

from ..kernels import Elementwise
from ..operations import EXPRESS, FACTOR, Operation
from ..variables import split_key


def merging(operations: list[Operation]) -> list[Operation]:
    """Return the operations, with some merged wherever that is possible."""
    merged: dict[tuple[object, ...], Operation] = {}
    for place, operation in enumerate(operations):
        key = _together(operation) or (place,)
        merged[key] = _joined(merged[key], operation) if key in merged else operation
    return list(merged.values())


def _together(operation: Operation) -> tuple[object, ...]:
    """Return what operations that are merged have in common; empty for an operation that stays alone."""
    kernel = operation.kernel
    if operation.slot not in (EXPRESS, FACTOR) or not isinstance(kernel, Elementwise) or operation.always:
        return ()
    rules = frozenset(split_key(key)[0] for _, key in kernel.scalars)
    return (operation.owner, operation.slot, operation.steps, rules)


def _joined(first: Operation, second: Operation) -> Operation:
    a, b = first.kernel, second.kernel
    assert isinstance(a, Elementwise) and isinstance(b, Elementwise)
    scalars, numbers = tuple(sorted({*a.scalars, *b.scalars})), [str(s.number) for s in second.scratch]
    return replace(
        first, name="_".join([first.name, *(numbers or [second.name])]),
        kernel=replace(a, statements=a.statements + b.statements, scalars=scalars), scratch=first.scratch + second.scratch,
        reads=first.reads | second.reads, writes=first.writes | second.writes, work=first.work + second.work,
    )  # fmt: skip

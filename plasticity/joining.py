"""The joining of a rule's steps, and the scratch arrays that each step is the first to write."""

from collections.abc import Iterable
from dataclasses import replace

from .equation import SynapticEquation
from .parse import names_in
from .steps import Elementwise, Step, Traced

__all__ = ["merged", "traced_together", "with_drives"]


def merged(steps: Iterable[Step]) -> list[Step]:
    """Join neighbouring passes over the synapses."""
    found: list[Step] = []
    for step in steps:
        if isinstance(step, Elementwise) and found and isinstance(found[-1], Elementwise):
            found[-1] = Elementwise(statements=found[-1].statements + step.statements)
        else:
            found.append(step)
    return found


def traced_together(steps: Iterable[Step]) -> list[Step]:
    """Join neighbouring loops over traces, so that their memory is read once."""
    found: list[Step] = []
    for step in steps:
        before = found[-1] if found else None
        joined = _joined(before, step) if isinstance(step, Traced) and isinstance(before, Traced) else None
        if joined is None:
            found.append(step)
        else:
            found[-1] = joined
    return found


def _joined(before: Traced, step: Traced) -> Traced | None:
    """Return two loops as one, or None: an array that is computed from traces comes after all statements, or before all."""
    if not before.target:
        return replace(step, statements=before.statements + step.statements)
    read = set().union(*(names_in(statement.node()) for statement in step.statements))
    if step.target or before.target in read or (before.statements and not before.early):
        return None
    return replace(before, statements=before.statements + step.statements, early=True)


def with_drives(steps: list[Step], equation: SynapticEquation) -> tuple[Step, ...]:
    """Return the steps, with each step's new arrays that later steps need noted in it."""
    known = {"w", *equation.state, *equation.traces}
    noted: list[Step] = []
    for position, step in enumerate(steps):
        later = set[str]().union(*(other.names.union(other.targets) for other in steps[position + 1 :]))
        made = [
            name for name in step.targets if name not in known and (name in later or not isinstance(step, Elementwise))
        ]
        known |= set(made)
        noted.append(replace(step, drives=tuple(dict.fromkeys(made))))
    return tuple(noted)

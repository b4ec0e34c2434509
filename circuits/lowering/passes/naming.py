"""A pass that gives each operation a name of its own, since its code is found by its name.

Names are joined from the names of populations and variables. So update_h_v_x would be the name of two operations: the update
of the state x of a population h_v, and that of the states v and x of h.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import count

from ..operations import Operation


def named(operation: Operation, taken: set[str]) -> Operation:
    """Return the operation, with a number at the end of its name if the name is taken; its name counts as taken then.

    Parameters
    ----------
    operation : Operation
        The operation.
    taken : set of str
        The names of other operations, to which this one's is added.
    """
    names = (f"{operation.name}_{number}" for number in count(2))
    name = operation.name if operation.name not in taken else next(n for n in names if n not in taken)
    taken.add(name)
    return operation if name == operation.name else replace(operation, name=name)


def distinctly_named(operations: Iterable[Operation]) -> list[Operation]:
    """Return the operations, each with a name of its own; earlier operations keep their names."""
    taken = set[str]()
    return [named(operation, taken) for operation in operations]

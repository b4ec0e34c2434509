"""Groups of operations in a step that do not depend on each other, so that threads may share the work of a whole group."""

from __future__ import annotations

from collections.abc import Sequence

from .kernels import Clamp, Product, Propagate
from .operations import Operation


def together(operations: Sequence[Operation]) -> dict[int, int]:
    """Return the beginnings of groups of consecutive independent operations, and their sizes.

    No operation of a group reads or writes what another one writes, and none presents data. A group begins and ends with a
    matrix product, and holds two of them or more, since threads gain nothing from other operations.

    Parameters
    ----------
    operations : Sequence[Operation]
        The operations of a step that run, in order.
    """
    found: dict[int, int] = {}
    group: list[int] = []
    for place, operation in enumerate(operations):
        if any(_depend(operations[other], operation) for other in group):
            found |= _between_products(operations, group)
            group = []
        group.append(place)
    return found | _between_products(operations, group)


def _depend(first: Operation, second: Operation) -> bool:
    """Say whether two operations have to run one after the other."""
    if isinstance(first.kernel, Clamp) or isinstance(second.kernel, Clamp):
        return True
    return bool(first.writes & (second.reads | second.writes) or first.reads & second.writes)


def _between_products(operations: Sequence[Operation], group: list[int]) -> dict[int, int]:
    """Return the part of a group from its first to its last product."""
    products = [place for place in group if isinstance(operations[place].kernel, Propagate | Product)]
    return {products[0]: products[-1] - products[0] + 1} if len(products) > 1 else {}

"""Weights that several synapses share: the terms of an equation that each synapse adds, and those that count once.

The change of a shared weight is the sum, over its synapses, of the terms that read a unit's variable (or a broadcast), each
averaged over the batch elements. Terms that read none, such as decay and momentum, belong to the weight and count once. For
this the expression is multiplied out: in `rate*(error_post*x_pre - decay*w)` the first term is summed, the second is not.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import NamedTuple

from .algebra import Signed, Unsplittable, expand, fraction, total
from .equation import SynapticEquation
from .names import split_side
from .parse import names_in, rename, show

__all__ = ["SharedStatement", "split_shared_terms", "shared_code"]


class SharedStatement(NamedTuple):
    """A statement `target operator once + sum over synapses of each`, in the names of the plain Brian2 form."""

    target: str
    operator: str
    once: str
    each: str


def split_shared_terms(node: ast.expr, reads_unit: Callable[[ast.expr], bool]) -> tuple[Signed, ast.expr]:
    """Return the terms that read no unit, and the sum of the others.

    An expression that cannot be multiplied out (a high power, a sum of too many terms) is one term.
    """

    def mixed(part: ast.expr) -> bool:
        return reads_unit(part) and _has_summand(part, lambda summand: not reads_unit(summand))

    try:
        terms = expand(node, mixed)
    except Unsplittable:
        return [], node
    signed = [(term.minus, fraction(term.up, term.down)) for term in terms]
    return [s for s in signed if not reads_unit(s[1])], total([s for s in signed if reads_unit(s[1])])


def shared_code(equation: SynapticEquation) -> list[SharedStatement]:
    """Return the statements of an equation for weights that are shared."""
    names = {name: ast.Name(plain) for name, plain in equation.plain_names.items()}

    def reads_unit(node: ast.expr) -> bool:
        return any(split_side(name) or name in equation.broadcasts for name in names_in(node))

    def shown(node: ast.expr) -> str:
        return show(rename(node, names))

    made = []
    for statement in equation.statements:
        free, each = split_shared_terms(statement.node(), reads_unit)
        target = equation.plain_names.get(statement.target, statement.target)
        made.append(SharedStatement(target, statement.operator, shown(total(free)), shown(each)))
    return made


def _has_summand(node: ast.expr, wanted: Callable[[ast.expr], bool]) -> bool:
    """Say whether one of the summands of an expression fulfils a condition."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        return _has_summand(node.left, wanted) or _has_summand(node.right, wanted)
    return wanted(node)

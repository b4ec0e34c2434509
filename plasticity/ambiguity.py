"""Rules for which several batch elements would mean something else than the same number of circuits.

A state is the mean, over the batch elements, of the values that each of them would give it. If a statement adds a state to a
value that each batch element has for itself, the result is the mean of the circuits' updates. If the statement multiplies
them, or a function has both as arguments, it is not, since the mean of a product is not the product of means. Only the
weight is always shared.
"""

import ast
from collections.abc import Collection
from typing import NamedTuple

from .algebra import Unsplittable, expand
from .equation import SynapticEquation
from .names import split_side
from .parse import Statement, names_in

__all__ = ["Ambiguity", "ambiguity", "of_elements"]


class Ambiguity(NamedTuple):
    """A statement that pairs a name which the batch elements share with a name that each of them has for itself.

    ``declared`` says whether the shared name is declared as a state; otherwise a statement of the equation defines it.
    """

    statement: Statement
    shared: str
    own: str
    declared: bool


def ambiguity(equation: SynapticEquation) -> Ambiguity | None:
    """Return the first statement of an equation whose meaning depends on the batch size; None if there is none."""
    averaged = _averaged(equation)
    for statement in equation.statements:
        if pair := _pair(statement.node(), averaged, equation):
            return Ambiguity(statement, *pair, declared=pair[0] in equation.state)
    return None


def of_elements(equation: SynapticEquation, name: str) -> bool:
    """Return whether each batch element has its own value for a name."""
    return bool(split_side(name)) or name in equation.broadcasts or name in equation.traces


def _averaged(equation: SynapticEquation) -> set[str]:
    """Return the states and names of earlier statements that are means over values of each batch element."""
    found: set[str] = set()
    while True:
        more = {
            s.target
            for s in equation.statements
            if s.target != "w" and s.target not in equation.traces
            if any(of_elements(equation, n) or n in found for n in names_in(s.node()))
        }
        if more <= found:
            return found
        found |= more


def _pair(node: ast.expr, averaged: Collection[str], equation: SynapticEquation) -> tuple[str, str] | None:
    def both(part: ast.expr) -> tuple[str, str] | None:
        names = sorted(names_in(part))
        shared = [n for n in names if n in averaged]
        own = [n for n in names if of_elements(equation, n)]
        return (shared[0], own[0]) if shared and own else None

    if not both(node):
        return None
    try:
        terms = expand(node, lambda part: both(part) is not None)
    except Unsplittable:
        return both(node)
    for term in terms:
        names = {name for factor in (*term.up, *term.down) for name in names_in(factor)}
        shared, own = sorted(names & set(averaged)), sorted(n for n in names if of_elements(equation, n))
        if shared and own:
            return shared[0], own[0]
    return None

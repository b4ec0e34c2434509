"""Sums over the synapses of one post unit in one projection, which a rule writes as `incoming(w)` or `incoming(w*x_pre)`.

What is summed is multiplied out into products of a part of the synapse (`w`, states, parameters) and a part of the pre
unit, so that each sum is what a projection brings in: signals times weights.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from .algebra import ONE, Term, Unsplittable, expand, fraction, negative
from .names import CONSTANTS, INCOMING, split_side
from .parse import Statement, names_in, rename, show

__all__ = ["Sum", "calls_in", "products", "sided", "with_sums_named"]


@dataclass(frozen=True)
class Sum:
    """A variable of the post unit that is the sum over its synapses of weight*signal.

    Parameters
    ----------
    variable : str
        The name of the variable.
    weight : str
        An expression of ``w``, states and parameters.
    signal : str
        An expression in bare names of the pre unit.
    """

    variable: str
    weight: str
    signal: str


def calls_in(node: ast.AST) -> list[ast.Call]:
    """Return the calls of ``incoming(...)`` in an expression."""
    calls = [n for n in ast.walk(node) if isinstance(n, ast.Call)]
    return [n for n in calls if isinstance(n.func, ast.Name) and n.func.id == INCOMING]


def products(summand: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    """Return the products of a part of the synapse and a part of the pre unit whose sum an expression is.

    Raises
    ------
    Unsplittable
        If it is no such sum.
    """
    found = []
    for term in expand(summand, lambda part: len(_sides(part)) > 1):
        if any(len(_sides(factor)) > 1 for factor in (*term.up, *term.down)):
            raise Unsplittable
        weight = _factor(term, of_pre=False)
        found.append((negative(weight) if term.minus else weight, _factor(term, of_pre=True)))
    return found


def with_sums_named(statement: Statement, of: str, first: int = 0) -> tuple[Statement, list[Sum]]:
    """The statement with each sum as a variable of the post unit, and what these are; they are numbered from `first`."""
    sums: list[Sum] = []

    class Name(ast.NodeTransformer):
        def visit_Call(self, node: ast.Call) -> ast.expr:
            if not (isinstance(node.func, ast.Name) and node.func.id == INCOMING):
                return self.generic_visit(node)  # pyright: ignore
            names = []
            for weight, signal in products(node.args[0]):
                names.append(f"{INCOMING}_{first + len(sums)}_of_{of}")
                sums.append(Sum(names[-1], show(weight), show(signal)))
            return ast.parse(f"({' + '.join(f'{name}_post' for name in names)})", mode="eval").body

    node = statement.node()
    if not calls_in(node):
        return statement, []
    return Statement(statement.target, statement.operator, show(Name().visit(node))), sums


def sided(expression: str, side: str) -> str:
    """An expression in bare names of a unit as a synapse reads it: `rate` is `rate_pre`."""
    node = ast.parse(expression, mode="eval").body
    return show(rename(node, {n: ast.Name(f"{n}_{side}") for n in names_in(node) - CONSTANTS}))


def _sides(node: ast.expr) -> set[str]:
    return {"pre" if split_side(name) else "synapse" for name in names_in(node)}


def _factor(term: Term, *, of_pre: bool) -> ast.expr:
    up, down = ([f for f in part if ("pre" in _sides(f)) == of_pre] for part in (term.up, term.down))
    bare = {name: split_side(name) for f in (*up, *down) for name in names_in(f)}
    return rename(fraction(up or [ONE], down), {name: ast.Name(side[0]) for name, side in bare.items() if side})

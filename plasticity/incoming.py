"""Sums over the synapses of one unit in one projection, which a rule writes as `incoming(w*x_pre)` or `outgoing(w)`.

`incoming` sums over the synapses of the post unit, and `outgoing` over those of the pre unit. The summand is multiplied out
into products of a part of the synapse (`w`, states, parameters) and a part of the unit at the other end. So each sum is like
the field of a projection, in the same or in the opposite direction: a sum of weights times signals.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from .algebra import ONE, Term, Unsplittable, expand, fraction, negative
from .names import CONSTANTS, SUMMING, split_side
from .parse import Statement, names_in, rename, show

__all__ = ["Sum", "calls_in", "products", "sided", "summing_sides", "with_sums_named"]


@dataclass(frozen=True)
class Sum:
    """A variable of one unit of a synapse that is the sum over its synapses of weight*signal.

    Parameters
    ----------
    variable : str
        The name of the variable.
    weight : str
        An expression of ``w``, states and parameters.
    signal : str
        An expression in bare names of the unit at the other end.
    side : str
        The side of the unit that sums, ``"post"`` or ``"pre"``.
    """

    variable: str
    weight: str
    signal: str
    side: str = "post"

    @property
    def other(self) -> str:
        """The side of the units that are read."""
        return "pre" if self.side == "post" else "post"


def calls_in(node: ast.AST) -> list[ast.Call]:
    """Return the calls of ``incoming(...)`` and ``outgoing(...)`` in an expression."""
    calls = [n for n in ast.walk(node) if isinstance(n, ast.Call)]
    return [n for n in calls if isinstance(n.func, ast.Name) and n.func.id in SUMMING]


def summing_sides(statements: Iterable[Statement]) -> set[str]:
    """Return the sides, pre or post, of the units over whose synapses some statements sum."""
    functions = [call.func for s in statements for call in calls_in(s.node())]
    return {SUMMING[function.id] for function in functions if isinstance(function, ast.Name)}


def products(summand: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    """Split a summand into products of a part of the synapse and a part of one unit, and return these.

    Raises
    ------
    Unsplittable
        If the expression is not a sum of such products.
    """
    found = []
    for term in expand(summand, lambda part: len(_sides(part)) > 1):
        if any(len(_sides(factor)) > 1 for factor in (*term.up, *term.down)):
            raise Unsplittable
        weight = _factor(term, of_unit=False)
        found.append((negative(weight) if term.minus else weight, _factor(term, of_unit=True)))
    return found


def with_sums_named(statement: Statement, of: str, first: int = 0) -> tuple[Statement, list[Sum]]:
    """Return the statement with variables of the units in place of sums, and these sums, numbered from `first`."""
    sums: list[Sum] = []

    class Name(ast.NodeTransformer):
        def visit_Call(self, node: ast.Call) -> ast.expr:
            if not (isinstance(node.func, ast.Name) and node.func.id in SUMMING):
                return self.generic_visit(node)  # pyright: ignore
            word, made = node.func.id, []
            for weight, signal in products(node.args[0]):
                name = f"{word}_{first + len(sums) + len(made)}_of_{of}"
                made.append(Sum(name, show(weight), show(signal), SUMMING[word]))
            sums.extend(made)
            return ast.parse(f"({' + '.join(f'{s.variable}_{s.side}' for s in made)})", mode="eval").body

    node = statement.node()
    if not calls_in(node):
        return statement, []
    return Statement(statement.target, statement.operator, show(Name().visit(node))), sums


def sided(expression: str, side: str) -> str:
    """Return an expression of a unit in the names that a synapse reads: `rate` becomes `rate_pre`."""
    node = ast.parse(expression, mode="eval").body
    return show(rename(node, {n: ast.Name(f"{n}_{side}") for n in names_in(node) - CONSTANTS}))


def _sides(node: ast.expr) -> set[str]:
    return {"unit" if split_side(name) else "synapse" for name in names_in(node)}


def _factor(term: Term, *, of_unit: bool) -> ast.expr:
    up, down = ([f for f in part if ("unit" in _sides(f)) == of_unit] for part in (term.up, term.down))
    bare = {name: split_side(name) for f in (*up, *down) for name in names_in(f)}
    return rename(fraction(up or [ONE], down), {name: ast.Name(side[0]) for name, side in bare.items() if side})

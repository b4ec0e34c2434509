"""Expressions that mix the two units of a synapse: what is one unit's alone is computed once a unit, not once a synapse."""

from __future__ import annotations

import ast
from collections.abc import Collection
from typing import Any

from ...plasticity.names import CONSTANTS, split_side
from ...plasticity.parse import names_in, rename, show

Parts = dict[str, tuple[str, str]]


def one_sided(expression: str, scalars: Collection[str], broadcasts: Collection[str]) -> tuple[str, Parts]:
    """An expression in which the largest parts of one side are names, and what these stand for.

    In ``sign(x_pre)*exp(log(x_pre) + log(error_post))`` these are ``sign(x_pre)`` and both logarithms.

    Parameters
    ----------
    expression : of NAME_pre, NAME_post, broadcasts, scalars and arrays of the synapse
    scalars : names that are the same for all synapses; they may go along with either side
    broadcasts : names of the post side without its ending

    Returns
    -------
    The rest, and name -> (side, expression in bare names).
    """
    finder = _Finder(scalars, broadcasts)
    rest: ast.expr = finder.visit(ast.parse(f"({expression})", mode="eval").body)
    return show(rest), finder.parts


class _Finder(ast.NodeTransformer):
    def __init__(self, scalars: Collection[str], broadcasts: Collection[str]) -> None:
        self.scalars = {*scalars, *CONSTANTS}
        self.broadcasts = broadcasts
        self.parts: Parts = {}

    def visit(self, node: ast.AST) -> Any:
        """Replace a part of one side; go on inside of any other."""
        if isinstance(node, ast.Name | ast.BinOp | ast.UnaryOp | ast.Call) and not isinstance(
            getattr(node, "op", None), ast.Not
        ):
            sides = {self._side(name) for name in names_in(node)} - {"scalar"}
            bare = {n: ast.Name(sided[0]) for n in names_in(node) if (sided := split_side(n))}
            if sides in ({"pre"}, {"post"}) and not {b.id for b in bare.values()} & names_in(node):
                return self._named(node, sides.pop(), show(rename(node, bare)))
        return self.generic_visit(node)

    def _named(self, node: ast.expr, side: str, part: str) -> ast.Name:
        known = {p: name for name, p in self.parts.items()}
        name = known.get((side, part)) or (node.id if isinstance(node, ast.Name) else f"_part_{len(self.parts)}_{side}")
        self.parts[name] = (side, part)
        return ast.Name(name)

    def _side(self, name: str) -> str:
        sided = split_side(name)
        if sided:
            return sided[1]
        if name in self.broadcasts:
            return "post"
        return "scalar" if name in self.scalars else "synapse"

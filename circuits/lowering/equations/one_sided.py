"""Expressions that mix the two units of a synapse: parts that read one unit alone are computed once for each unit."""

from __future__ import annotations

import ast
from collections.abc import Collection
from typing import Any

from ....plasticity.names import CONSTANTS, split_side
from ....plasticity.parse import names_in, rename, show

Parts = dict[str, tuple[str, str]]


def one_sided(expression: str, scalars: Collection[str], broadcasts: Collection[str]) -> tuple[str, Parts]:
    """Return an expression in which names replace the largest parts that read one side, and the meaning of these names.

    In ``sign(x_pre)*exp(log(x_pre) + log(error_post))`` these parts are ``sign(x_pre)`` and both logarithms.

    Parameters
    ----------
    expression : str
        An expression of NAME_pre, NAME_post, broadcasts, scalars and arrays of the synapse.
    scalars : Collection[str]
        Names of values that are the same for all synapses; they may be parts of either side.
    broadcasts : Collection[str]
        Names that belong to the post side, without the ending _post.

    Returns
    -------
    (str, dict)
        The remaining expression, and, for each name, the side and the expression that it stands for, without endings.
    """
    (remainder,), parts = one_sided_each([expression], scalars, broadcasts)
    return remainder, parts


def one_sided_each(
    expressions: Collection[str], scalars: Collection[str], broadcasts: Collection[str]
) -> tuple[list[str], Parts]:
    """Do what `one_sided` does for several expressions, whose parts share their names."""
    finder = _Finder(scalars, broadcasts)
    rests = [finder.visit(ast.parse(f"({text})", mode="eval").body) for text in expressions]
    return [show(remainder) for remainder in rests], finder.parts


#: Functions whose value is finite if their arguments are.
BOUNDED = frozenset({"abs", "sign", "int", "clip", "tanh", "sin", "cos", "arctan", "floor", "ceil"})


def vanishing(remainder: str, parts: Parts, scalars: Collection[str]) -> dict[str, str]:
    """Return, for each side, the name of a part that is a factor of the whole expression, so that it is zero if the part is.

    This holds for expressions that are finite whenever their parts are (since zero times infinity is not zero), and that
    read no array of the synapse.
    """
    node, scalars = ast.parse(remainder, mode="eval").body, {*scalars, *CONSTANTS}
    if names_in(node) - scalars - set(parts) or not all(_finite(part, scalars) for part in ast.walk(node)):
        return {}
    names = [factor.id for factor in _factors(node) if isinstance(factor, ast.Name) and factor.id in parts]
    return {parts[name][0]: name for name in reversed(names)}


def _finite(node: ast.AST, scalars: Collection[str]) -> bool:
    match node:
        case ast.Call(func=ast.Name(id=name)):
            return name in BOUNDED
        case ast.BinOp(op=ast.Div() | ast.FloorDiv() | ast.Mod(), right=right):
            return names_in(right) <= set(scalars)
        case ast.BinOp(op=ast.Pow(), right=right):
            return isinstance(right, ast.Constant) and isinstance(right.value, int | float) and right.value > 0
    return True


def _factors(node: ast.expr) -> list[ast.expr]:
    match node:
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            return _factors(operand)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return [*_factors(left), *_factors(right)]
        case ast.BinOp(left=left, op=ast.Div()):
            return _factors(left)
    return [node]


class _Finder(ast.NodeTransformer):
    def __init__(self, scalars: Collection[str], broadcasts: Collection[str]) -> None:
        self.scalars = {*scalars, *CONSTANTS}
        self.broadcasts = broadcasts
        self.parts: Parts = {}

    def visit(self, node: ast.AST) -> Any:
        """Replace a part that reads one side; look inside any other part."""
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

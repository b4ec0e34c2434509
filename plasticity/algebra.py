"""Sums of products, on parsed expressions, without evaluating or reordering functions.

`expand` multiplies out only products that mix sides: in `(error_post + bias_post)*x_pre` none, in
`(error_post - w*x_pre)*x_pre` the outer one. Each term is then a product of factors that belong
to one side each, except for factors that cannot be split.
"""

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce

__all__ = ["ONE", "Signed", "Term", "Unsplittable", "expand", "fraction", "negative", "total"]

ONE = ast.Constant(1)
MOST_TERMS = 12
HIGHEST_POWER = 4

Mixed = Callable[[ast.expr], bool]
Signed = list[tuple[bool, ast.expr]]
"""The terms of a sum, each with whether it is subtracted."""


class Unsplittable(Exception):
    """An expression is not a short sum of products over sides."""


@dataclass(frozen=True)
class Term:
    """`sign * up[0]*up[1]*... / down[0] / down[1]...`"""

    up: tuple[ast.expr, ...] = ()
    down: tuple[ast.expr, ...] = ()
    minus: bool = False

    def __mul__(self, other: "Term") -> "Term":
        return Term(self.up + other.up, self.down + other.down, self.minus != other.minus)

    def __neg__(self) -> "Term":
        return Term(self.up, self.down, not self.minus)

    def inverse(self) -> "Term":
        """Return 1/self."""
        return Term(self.down, self.up, self.minus)


def expand(node: ast.expr, mixed: Mixed) -> list[Term]:
    """Return the terms whose sum is `node`; sums for which `mixed` is false stay whole.

    Raises
    ------
    Unsplittable
        If there are too many terms.
    """
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return [-term for term in expand(operand, mixed)]
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return expand(operand, mixed)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _multiply(expand(left, mixed), expand(right, mixed))
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return _multiply(expand(left, mixed), [_one_term(right, mixed).inverse()])
        case ast.BinOp(left=left, op=ast.Add(), right=right) if mixed(node):
            return _few(expand(left, mixed) + expand(right, mixed))
        case ast.BinOp(left=left, op=ast.Sub(), right=right) if mixed(node):
            return _few(expand(left, mixed) + [-term for term in expand(right, mixed)])
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int(n))) if (
            mixed(node) and 1 <= n <= HIGHEST_POWER
        ):
            return reduce(_multiply, [expand(left, mixed)] * n)
        case _:
            return [Term((node,))]


def fraction(up: Iterable[ast.expr], down: Iterable[ast.expr] = ()) -> ast.expr:
    """Return the product of `up` divided by each of `down`."""
    factors = [node for node in up if not _is_one(node)]
    numerator = reduce(_binary(ast.Mult()), factors) if factors else ONE
    return reduce(_binary(ast.Div()), (node for node in down if not _is_one(node)), numerator)


def total(terms: Signed) -> ast.expr:
    """Return the sum of terms; 0 if there are none."""
    if not terms:
        return ast.Constant(0)
    (minus, first), *rest = terms
    start = negative(first) if minus else first
    return reduce(lambda sum_, term: ast.BinOp(sum_, ast.Sub() if term[0] else ast.Add(), term[1]), rest, start)


def negative(node: ast.expr) -> ast.expr:
    """Return -node, with the sign on its first factor."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        return ast.BinOp(negative(node.left), node.op, node.right)
    return ast.UnaryOp(ast.USub(), node)


def _one_term(node: ast.expr, mixed: Mixed) -> Term:
    terms = expand(node, mixed)
    return terms[0] if len(terms) == 1 else Term((node,))


def _multiply(left: list[Term], right: list[Term]) -> list[Term]:
    return _few([a * b for a in left for b in right])


def _few(terms: list[Term]) -> list[Term]:
    if len(terms) > MOST_TERMS:
        raise Unsplittable
    return terms


def _binary(op: ast.operator) -> Callable[[ast.expr, ast.expr], ast.expr]:
    return lambda left, right: ast.BinOp(left, op, right)


def _is_one(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == 1

"""The size of expressions: constants and powers that would take too long are refused before they are computed.

Sympy and Brian2 compute constants exactly (``9**9**9`` has 370 million digits), and multiply out powers of sums.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from typing import NamedTuple, NoReturn

__all__ = ["TooLarge", "check_size", "check_terms"]

LARGEST = 1e300
MOST_FACTORS = 2000
MOST_TERMS = 5000

_OPERATIONS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.FloorDiv: lambda a, b: a // b,
    ast.Mod: lambda a, b: a % b,
    ast.Pow: lambda a, b: a**b,
}
_FUNCTIONS: dict[str, Callable[[float], float]] = {
    name: getattr(math, name.replace("arc", "a"))
    for name in "cos sin tan cosh sinh tanh exp log log10 expm1 log1p sqrt ceil floor arccos arcsin arctan".split()
} | {"abs": abs, "int": int}


class TooLarge(Exception):
    """A piece of an expression that cannot be computed, or not in time."""

    def __init__(self, node: ast.expr, why: str) -> None:
        super().__init__(why)
        self.node, self.why = node, why


class Size(NamedTuple):
    """The size of an expression.

    Parameters
    ----------
    value : float or None
        The value of the expression, if it has no names.
    factors : float
        The number of factors when powers are written out.
    terms : float
        The number of terms when it is multiplied out.
    """

    value: float | None = None
    factors: float = 1
    terms: float = 1


def check_size(node: ast.AST) -> Size:
    """Return the size of an expression.

    Raises
    ------
    TooLarge
        If a part of it has too many factors, divides by zero, or is not a finite number.
    """
    match node:
        case ast.Constant(value=bool() | int() | float() as value):
            return _constant(node, value)
        case ast.UnaryOp(op=op, operand=operand):
            size = check_size(operand)
            return size._replace(value=-size.value) if isinstance(op, ast.USub) and size.value is not None else size
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATIONS:
            return _checked(node, _operation(node, op, check_size(left), check_size(right)))
        case ast.Call(func=ast.Name(id=name), args=[argument]) if name in _FUNCTIONS:
            return _called(node, _FUNCTIONS[name], check_size(argument))
        case _:
            sizes = [check_size(child) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
            return _checked(node, _inside(sizes))


def check_terms(node: ast.expr) -> None:
    """Refuse an expression for which a method that multiplies expressions out would take too long.

    Raises
    ------
    TooLarge
        If the expression has too many terms when it is multiplied out.
    """
    if check_size(node).terms > MOST_TERMS:
        raise TooLarge(node, f"has more than {MOST_TERMS:,} terms when it is multiplied out, as its method does")


def _inside(sizes: list[Size]) -> Size:
    """Return the size of a function or a comparison, whose arguments are multiplied out too."""
    return Size(None, max(1, sum(size.factors for size in sizes)), max((size.terms for size in sizes), default=1))


def _constant(node: ast.expr, value: float) -> Size:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not abs(number) <= LARGEST:
        raise TooLarge(node, f"is too large a number; numbers are finite, at most {LARGEST:g}")
    return Size(number, 1 + (len(str(value)) // 16 if isinstance(value, int) else 0))


def _operation(node: ast.expr, op: ast.operator, left: Size, right: Size) -> Size:
    if isinstance(op, ast.Div | ast.FloorDiv | ast.Mod) and right.value == 0:
        raise TooLarge(node, "divides by zero")
    value = None
    if left.value is not None and right.value is not None:
        a, b = left.value, right.value
        value = _value(node, lambda: _OPERATIONS[type(op)](a, b))
    match op:
        case ast.Add() | ast.Sub():
            return Size(value, left.factors + right.factors, left.terms + right.terms)
        case ast.Mult():
            return Size(value, left.factors + right.factors, left.terms * right.terms)
        case ast.Pow() if right.value is not None:
            return Size(value, left.factors * max(1.0, abs(right.value)), _terms(left.terms, right.value))
        case ast.Div():
            return Size(value, left.factors + right.factors, left.terms * right.terms)
        case _:
            return Size(value, left.factors + right.factors, max(left.terms, right.terms))


def _called(node: ast.expr, function: Callable[[float], float], argument: Size) -> Size:
    if argument.value is None:
        return _inside([argument])
    number = argument.value
    return Size(_value(node, lambda: function(number)), argument.factors)


def _value(node: ast.expr, compute: Callable[[], float]) -> float:
    try:
        value = compute()
    except (ArithmeticError, ValueError):
        _refuse_number(node)
    if isinstance(value, complex) or not abs(value) <= LARGEST:
        _refuse_number(node)
    return float(value)


def _refuse_number(node: ast.expr) -> NoReturn:
    raise TooLarge(node, f"is not a real number, or is larger than {LARGEST:g}")


def _checked(node: ast.expr | ast.AST, size: Size) -> Size:
    if isinstance(node, ast.expr) and size.factors > MOST_FACTORS:
        raise TooLarge(node, f"has powers that are too large: written out, it has more than {MOST_FACTORS:,} factors")
    return size


def _terms(terms: float, power: float) -> float:
    """Return the number of terms of a power of a sum with this number of terms."""
    if terms <= 1 or power < 2 or power != int(power):
        return terms
    if power > MOST_TERMS or terms > MOST_TERMS:
        return math.inf
    return float(min(math.comb(int(power + terms) - 1, int(terms) - 1), 10 * MOST_TERMS))

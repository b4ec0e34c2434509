"""The value of an expression in Brian2's language, by NumPy and without generated code."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from functools import lru_cache, reduce
from typing import Any

import numpy as np
from brian2.core.functions import DEFAULT_CONSTANTS
from brian2.core.namespace import DEFAULT_UNITS

from ....errors import RecircuitError
from ....plasticity.parse import names_in

__all__ = ["CONSTANTS", "DRAWS", "FUNCTIONS", "evaluate", "variables_in"]

#: The numbers that every expression may name: constants, and physical units in base units.
CONSTANTS: dict[str, float] = {n: c.value for n, c in DEFAULT_CONSTANTS.items()} | {
    n: float(u) for n, u in DEFAULT_UNITS.items()
}

#: Brian2's functions that draw random numbers. Callers of `evaluate` that have a generator give these functions.
DRAWS = frozenset({"rand", "randn", "poisson"})


def _exprel(x: Any) -> Any:
    from scipy.special import exprel  # SciPy takes a while to load, and few equations have this function

    return exprel(x)


#: All other functions of Brian2.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "cos": np.cos, "sin": np.sin, "tan": np.tan, "cosh": np.cosh, "sinh": np.sinh, "tanh": np.tanh,
    "arccos": np.arccos, "arcsin": np.arcsin, "arctan": np.arctan,
    "exp": np.exp, "expm1": np.expm1, "exprel": _exprel, "log": np.log, "log10": np.log10, "log1p": np.log1p,
    "sqrt": np.sqrt, "abs": np.abs, "sign": np.sign, "clip": np.clip,
    "ceil": lambda x: np.int64(np.ceil(x)), "floor": lambda x: np.int64(np.floor(x)), "int": np.int64,
    "timestep": lambda t, dt: np.int64((t + 1e-3 * dt) / dt),
}  # fmt: skip

_OPERATORS: dict[type, Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow,
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
    ast.UAdd: operator.pos, ast.USub: operator.neg,
    ast.And: np.logical_and, ast.Or: np.logical_or, ast.Not: np.logical_not,
}  # fmt: skip


def evaluate(expression: str, names: Mapping[str, Any], draws: Mapping[str, Callable[..., Any]] | None = None) -> Any:
    """Return the value of an expression.

    Parameters
    ----------
    expression : str
        The expression.
    names : mapping of str
        The values of variables; they take precedence over constants and units of the same name.
    draws : mapping of str to function, optional
        The functions that draw random numbers (``rand``, ``randn``, ``poisson``), for expressions that call them.

    Raises
    ------
    RecircuitError
        If the expression reads an unknown name, calls an unknown function, or cannot be read.
    """
    return _Evaluation(expression, names, FUNCTIONS | dict(draws or {})).value(_parsed(expression.strip()))


def variables_in(expression: str) -> frozenset[str]:
    """Return the names that an expression reads, without functions, constants and units."""
    return names_in(_parsed(expression.strip())) - CONSTANTS.keys()


@lru_cache(4096)
def _parsed(expression: str) -> ast.expr:
    return ast.parse(expression, mode="eval").body


class _Evaluation:
    """An evaluation of the syntax tree of an expression."""

    def __init__(self, expression: str, names: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]) -> None:
        self.expression, self.names, self.functions = expression, names, functions

    def value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return self.named(name)
            case ast.UnaryOp(op=op, operand=operand) if type(op) in _OPERATORS:
                return _OPERATORS[type(op)](self.value(operand))
            case ast.BinOp(left=left, op=op, right=right) | ast.Compare(left=left, ops=[op], comparators=[right]) if (
                type(op) in _OPERATORS
            ):
                return _OPERATORS[type(op)](self.value(left), self.value(right))
            case ast.BoolOp(op=op, values=values):
                return reduce(_OPERATORS[type(op)], map(self.value, values))
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in self.functions:
                return self.functions[name](*map(self.value, args))
        raise RecircuitError(
            f"the expression {self.expression!r}: {ast.unparse(node)!r} cannot be computed here. "
            f"Expected arithmetic, comparisons, and, or, not, and the functions {', '.join(sorted(self.functions))}."
        )

    def named(self, name: str) -> Any:
        try:
            return self.names[name]
        except KeyError:
            if name not in CONSTANTS:
                raise RecircuitError(f"the expression {self.expression!r}: nothing has the name {name!r}.") from None
            return CONSTANTS[name]

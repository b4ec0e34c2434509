"""Transfer functions and their derivatives, as expressions of a field."""

from __future__ import annotations

import ast

import sympy
from brian2.parsing.sympytools import str_to_sympy, sympy_to_str

from ...errors import RecircuitError

#: name -> (f, f'), with {u} for the field.
NAMED: dict[str, tuple[str, str]] = {
    "clip": ("clip({u}, -1, 1)", "int(abs({u}) < 1)"),  # saturated linearity; f' = 0 at |u| = 1 (Amit 2019)
    "tanh": ("tanh({u})", "(1 - tanh({u})**2)"),
    "logistic": ("1/(1 + exp(-{u}))", "(exp(-{u})/(1 + exp(-{u}))**2)"),
    "relu": ("{u}*int({u} > 0)", "int({u} > 0)"),
    "leaky": ("{u}*(int({u} > 0) + 0.05*int({u} <= 0))", "(int({u} > 0) + 0.05*int({u} <= 0))"),  # 1/20 below zero
    "linear": ("{u}", "1.0"),
}


def transfer(expression: str, derivative: str | None = None, field: str = "basal") -> tuple[str, str]:
    """The pair (f, f') of a transfer function, by name or as an expression of ``field``.

    ``derivative`` may be left out where f is smooth: it is then found symbolically, and ``clip(u, a, b)`` is known.
    """
    if expression in NAMED:
        f, slope = NAMED[expression]
        return f.format(u=field), f"({derivative})" if derivative else slope.format(u=field)
    if derivative is None:
        derivative = _slope(expression, field)
    return f"({expression})", f"({derivative})"


def _slope(expression: str, field: str) -> str:
    try:
        tree = ast.parse(expression, mode="eval").body
    except SyntaxError:
        raise RecircuitError(
            f"transfer: {expression!r} is neither an expression nor one of {', '.join(NAMED)}."
        ) from None
    if isinstance(tree, ast.Name) and tree.id != field:
        raise RecircuitError(
            f"transfer: {expression!r} is not known; expected one of {', '.join(NAMED)}, or an expression of {field!r}."
        )
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id == "clip":
        if len(tree.args) != 3:
            raise RecircuitError(f"transfer: {expression!r}: clip takes three values, as in clip({field}, -1, 1).")
        inner, low, high = (ast.unparse(a) for a in tree.args)
        within = f"int({inner} > {low} and {inner} < {high})"
        slope = _slope(inner, field)
        return within if slope == "1" else f"{within}*({slope})"
    slope = sympy.diff(str_to_sympy(expression), sympy.Symbol(field, real=True))
    if slope.has(sympy.Derivative, sympy.Subs):
        raise RecircuitError(f"transfer: the derivative of {expression!r} is not known; give derivative='...' too.")
    return sympy_to_str(slope)

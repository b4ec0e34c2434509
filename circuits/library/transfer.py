"""Transfer functions and their derivatives, as expressions of a field."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import NoReturn

import sympy
from brian2.parsing.sympytools import str_to_sympy, sympy_to_str
from brian2.utils.stringtools import get_identifiers, word_substitute

from ...errors import RecircuitError
from ...registry import Registry, closest
from ..description.neurons.equations import readable


@dataclass(frozen=True)
class Transfer:
    """A transfer function f and its derivative f'.

    Parameters
    ----------
    f, slope : str
        The expressions of f and f', in which ``{u}`` stands for the field.
    about : str
        A sentence that describes the function.
    """

    f: str
    slope: str
    about: str


#: The exponential in the logistic function. It is finite in single precision for every field, so that neither the slope nor a
#: division in compiled code is NaN; below -88.7 the function is 3e-39, which is next to nothing in single precision.
_FALLING = "exp(-max({u}, -88.7))"

TRANSFERS: Registry[Transfer] = Registry(
    "transfer function",
    {
        "clip": Transfer(
            "clip({u}, -1, 1)", "int(abs({u}) < 1)", "Linear between -1 and 1, and constant outside (Amit 2019)."
        ),
        "tanh": Transfer("tanh({u})", "(1 - tanh({u})**2)", "The hyperbolic tangent."),
        "logistic": Transfer(
            f"1/(1 + {_FALLING})", f"({_FALLING}/(1 + {_FALLING})**2)", "The logistic function, from 0 to 1."
        ),
        "relu": Transfer("{u}*int({u} > 0)", "int({u} > 0)", "The field where it is above zero, and zero elsewhere."),
        "leaky": Transfer(
            "{u}*(int({u} > 0) + 0.05*int({u} <= 0))",
            "(int({u} > 0) + 0.05*int({u} <= 0))",
            "The field where it is above zero, and a twentieth of it elsewhere.",
        ),
        "linear": Transfer("{u}", "1.0", "The field itself."),
    },
)
"""The transfer functions that have a name."""


def transfer(expression: str, derivative: str | None = None, field: str = "basal") -> tuple[str, str]:
    """Return a transfer function and its derivative, as expressions.

    Parameters
    ----------
    expression : str
        The name of a transfer function, or an expression of ``field``.
    derivative : str, optional
        The derivative as an expression. It may be left out if f is smooth, or ``clip``, ``max``, ``min`` or ``relu`` of smooth
        expressions, since it is then found symbolically.
    field : str, default "basal"
        The name of the field in these expressions.

    Returns
    -------
    (str, str)
        The expressions of f and f'.

    Raises
    ------
    RecircuitError
        If the name is unknown, an expression cannot be read, or the derivative is not known.
    """
    if isinstance(expression, str) and expression in TRANSFERS:
        known = TRANSFERS[expression]
        given = f"({readable(derivative, 'derivative')})" if derivative else known.slope.format(u=field)
        return known.f.format(u=field), given
    if isinstance(expression, str) and expression.isidentifier() and expression != field:
        raise RecircuitError(
            f"transfer: {expression!r} is not known.{closest(expression, TRANSFERS)} Expected one of "
            f"{TRANSFERS.listed()}, or an expression of {field!r}."
        )
    expression = readable(expression, "transfer")
    slope = _slope(expression, field) if derivative is None else readable(derivative, "derivative")
    return f"({expression})", f"({slope})"


def _slope(expression: str, field: str) -> str:
    tree = ast.parse(expression.strip(), mode="eval").body
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id == "clip":
        inner, low, high = (ast.unparse(argument) for argument in tree.args)
        return _slope_of_clip(inner, low, high, field)
    flat = _Flat()
    smooth = ast.unparse(flat.visit(tree))
    try:
        slope = sympy.diff(str_to_sympy(smooth), sympy.Symbol(field, real=True))
        if slope.has(sympy.Derivative, sympy.Subs):
            _unknown(expression)
        return readable(word_substitute(sympy_to_str(slope), flat.parts), "derivative")
    except (RecircuitError, ArithmeticError, AttributeError, SyntaxError, TypeError, ValueError, RecursionError):
        _unknown(expression)


def _slope_of_clip(inner: str, low: str, high: str, field: str) -> str:
    """Return the derivative of a clipped expression: that of the expression between its limits, and of a limit beyond it.

    The largest and the smallest of two expressions are written as `clip` too, so that the limits may depend on the field.
    """
    pieces = {
        f"int({inner} > {low} and {inner} < {high})": inner,
        f"int({inner} <= {low} and {low} < {high})": low,
        f"int({inner} >= {high} or {low} >= {high})": high,
    }
    slopes = {where: _slope(piece, field) for where, piece in pieces.items() if field in get_identifiers(piece)}
    terms = [where if slope == "1" else f"{where}*({slope})" for where, slope in slopes.items()]
    return " + ".join(terms) or "0"


class _Flat(ast.NodeTransformer):
    """A transformer that names the parts whose slope is 0 wherever it exists, and writes sqrt as a power."""

    def __init__(self) -> None:
        self.parts: dict[str, str] = {}

    def visit_Call(self, node: ast.Call) -> ast.expr:
        function = node.func.id if isinstance(node.func, ast.Name) else ""
        if function not in ("int", "sign", "floor", "ceil"):
            arguments = [self.visit(argument) for argument in node.args]
            if function == "sqrt":
                return ast.BinOp(arguments[0], ast.Pow(), ast.Constant(0.5))
            return ast.Call(node.func, arguments, [])
        name = f"flat_{len(self.parts)}"
        self.parts[name] = ast.unparse(node)
        return ast.Name(name)


def _unknown(expression: str) -> NoReturn:
    raise RecircuitError(f"transfer: the derivative of {expression!r} is not known; give derivative='...' too.")

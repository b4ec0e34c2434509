"""Functions that Brian2 lacks: ``max``, ``min`` and ``relu`` are written with ``clip``; messages answer others."""

from __future__ import annotations

import ast
from functools import reduce

__all__ = ["clipped", "instead_of"]

_LOGISTIC = "1/(1 + exp(-a)), the logistic function of a"
_STEP = "int(a > 0), which is 1 where a is positive, and 0 elsewhere"
_CHOICE = "int(c)*a + int(not c)*b, which is a where the comparison c is true, and b elsewhere"
#: What to write in place of functions that other libraries have.
INSTEAD = {
    **dict.fromkeys(("sigmoid", "logistic", "expit", "sigma", "sig"), _LOGISTIC),
    **dict.fromkeys(("heaviside", "step", "theta", "H"), _STEP),
    **dict.fromkeys(("where", "ifelse", "select", "cond"), _CHOICE),
    **dict.fromkeys(("maximum", "fmax"), "max(a, b), the larger of two numbers"),
    **dict.fromkeys(("minimum", "fmin"), "min(a, b), the smaller of two numbers"),
    **dict.fromkeys(("pow", "power"), "a**b"),
    "square": "a**2",
    "softplus": "max(a, 0) + log1p(exp(-abs(a))), the softplus of a",
    "log2": "log(a)/log(2), the logarithm of a to the base 2",
}


def instead_of(name: str) -> str:
    """Return a blank and what to write in place of a function of other libraries; an empty text for any other name.

    Parameters
    ----------
    name : str
        The name of the function.
    """
    return f" Write {INSTEAD[name]}." if name in INSTEAD else ""


def clipped(node: ast.expr) -> ast.expr:
    """Return a copy in which ``max`` and ``min`` of two values or more, and ``relu`` of one, are written with ``clip``.

    Calls with other numbers of values stay as they are, for the checks that come after.

    Parameters
    ----------
    node : ast.expr
        The expression.
    """
    return _Clipped().visit(ast.parse(ast.unparse(node), mode="eval").body)


class _Clipped(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        infinite, values = ast.Name("inf"), node.args
        if not isinstance(node.func, ast.Name) or node.keywords:
            return node
        if node.func.id == "relu" and len(values) == 1:
            return _clip(values[0], ast.Constant(0), infinite)
        if node.func.id == "max" and len(values) > 1:
            return reduce(lambda a, b: _clip(a, b, infinite), values)
        if node.func.id == "min" and len(values) > 1:
            return reduce(lambda a, b: _clip(a, ast.UnaryOp(ast.USub(), infinite), b), values)
        return node


def _clip(*values: ast.expr) -> ast.expr:
    return ast.Call(ast.Name("clip"), list(values), [])

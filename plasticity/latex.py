"""The printing of expressions and statements as LaTeX, by sympy."""

from __future__ import annotations

import re
from typing import Any

import sympy
from brian2.parsing.sympytools import str_to_sympy
from sympy.core.alphabets import greeks
from sympy.printing.latex import LatexPrinter

from .parse import Statement

__all__ = ["latex", "name_latex", "statement_latex"]

#: The name that Brian2 writes between the brackets of a function without arguments.
PLACEHOLDER = "_placeholder_arg"


def latex(expression: str) -> str:
    """Return an expression as LaTeX. An expression that sympy does not know is returned unchanged, in typewriter type.

    Parameters
    ----------
    expression : str
        An expression of a neuron or of a rule.
    """
    try:
        return _Printer({"order": "none", "mul_symbol": r"\,"}).doprint(str_to_sympy(expression))
    except Exception:  # whatever sympy raises, the expression is shown
        return rf"\texttt{{{re.sub(r'([_%&#{}$])', r'\\\1', expression).replace('^', chr(92) + '^{}')}}}"


def name_latex(name: str) -> str:
    """Return a name as LaTeX: ``x_pre`` is x with the index pre, and ``tau`` is the Greek letter."""
    letter, *indices = [part for part in name.split("_") if part] or [name]
    upright = ",".join(rf"\mathrm{{{index}}}" for index in indices)
    found = f"\\{letter}" if letter in greeks else letter if len(letter) == 1 else rf"\mathit{{{letter}}}"
    return f"{found}_{{{upright}}}" if upright else found


def statement_latex(statement: Statement) -> str:
    """Return a statement of a rule as LaTeX."""
    name, right = name_latex(statement.target), latex(statement.expression)
    if statement.differential:
        return rf"\frac{{d {name}}}{{dt}} = {right}"
    how = {"+=": rf"\Delta {name} = ", "=": f"{name} = "}.get(statement.operator)
    return f"{how}{right}" if how else rf"{name} \mathrel{{{statement.operator}}} {right}"


class _Printer(LatexPrinter):
    """A printer that keeps names, since sympy reads ``apical`` as a calligraphic ``api``; truth values are in brackets."""

    def _print_Symbol(self, expr: Any, style: str = "plain") -> str:
        return name_latex(expr.name)

    def _print_Function(self, expr: sympy.Function, exp: Any = None) -> str:
        name = type(expr).__name__
        inside = ", ".join(self._print(argument) for argument in expr.args if str(argument) != PLACEHOLDER)
        if name in ("int_", "int"):
            text = rf"\left[{inside}\right]"
        elif name == "clip" or not hasattr(sympy, name):
            text = rf"\operatorname{{{name.replace('_', ' ')}}}\left({inside}\right)"
        else:
            return super()._print_Function(expr, exp)
        return text if exp is None else f"{text}^{{{exp}}}"

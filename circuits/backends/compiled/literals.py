"""Numbers and operators in generated code, in the width of the run."""

from __future__ import annotations

import re
from typing import Any

from brian2 import prefs

_LITERAL = re.compile(r"(?<![\w.])(\d+\.\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)(?![\w.])")


def real() -> str:
    """Return the C++ type of the run's numbers."""
    return "float" if prefs["core.default_float_dtype"]().itemsize == 4 else "double"


def in_width(code: str) -> str:
    """Return an expression whose literals have the width of the run.

    Brian2 writes ``1.0f*a/b`` for every quotient, which in double precision would divide whole numbers in single.
    """
    if real() == "float":
        return _LITERAL.sub(r"\1f", code)
    return code.replace("1.0f*", "1.0*")


class Literals:
    """A mixin for code generators, which write ``1.0f`` in single precision, so that no literal turns a loop to doubles."""

    def translate_expression(self, expr: Any) -> str:
        """Translate an expression to C++; Brian2 calls this for every expression."""
        return in_width(super().translate_expression(expr))  # type: ignore[misc]

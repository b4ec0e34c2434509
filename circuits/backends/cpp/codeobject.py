"""Brian2's C++ code object, with our templates before its own and literals in the width of the run."""

from __future__ import annotations

import re
from typing import Any

from brian2 import prefs
from brian2.codegen.generators.cpp_generator import CPPCodeGenerator
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject

_LITERAL = re.compile(r"(?<![\w.])(\d+\.\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)(?![\w.])")


class LiteralGenerator(CPPCodeGenerator):
    """Writes ``1.0f`` in single precision, so that one literal does not turn a whole loop into doubles."""

    class_name = "cpp"

    def translate_expression(self, expr: Any) -> str:
        """Called by Brian2 for every expression."""
        code = super().translate_expression(expr)
        if prefs.core.default_float_dtype().itemsize == 4:
            code = _LITERAL.sub(r"\1f", code)
        return code


class DenseCppCodeObject(CPPStandaloneCodeObject):
    """Runs dense products by BLAS on the arrays that Brian2 owns."""

    templater = CPPStandaloneCodeObject.templater.derive("recircuit.circuits.backends.cpp")
    generator_class = LiteralGenerator

"""Brian2's C++ code object, with our templates before its own, numbers in the width of the run, and our own tanh."""

from __future__ import annotations

import re
from typing import Any

from brian2.codegen.generators.cpp_generator import CPPCodeGenerator
from brian2.core.functions import DEFAULT_FUNCTIONS
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject

from ..compiled.literals import Literals, real

_TANH = re.compile(r"\btanh\(")
_INT = re.compile(r"\bint_\(")


class CppGenerator(Literals, CPPCodeGenerator):
    """Brian2's C++ generator, with literals in the width of the run, and the functions of source/functions.h."""

    class_name = "cpp"

    def translate_expression(self, expr: Any) -> str:
        """Translate an expression to C++; Brian2 calls this for every expression."""
        code = _TANH.sub("recircuit::tanh(", super().translate_expression(expr))
        return _INT.sub(f"recircuit::whole<{real()}>(", code)


class DenseCppCodeObject(CPPStandaloneCodeObject):
    """A code object that runs dense products by BLAS on the arrays that Brian2 owns."""

    templater = CPPStandaloneCodeObject.templater.derive("recircuit.circuits.backends.cpp")
    generator_class = CppGenerator


# Random numbers that are not drawn many at a time are drawn one by one from the same source: Brian2's follow no seed.
for _name, _draw in (("rand", "uniform"), ("randn", "normal")):
    DEFAULT_FUNCTIONS[_name].implementations.add_implementation(
        DenseCppCodeObject, name=f"_{_name}",
        code=f"inline double _{_name}(int) {{ double drawn; recircuit::Noise::get().{_draw}(&drawn, 1); return drawn; }}",
    )  # fmt: skip

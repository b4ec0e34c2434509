"""Brian2's C++ code object, with our templates before its own and literals in the width of the run."""

from __future__ import annotations

from brian2.codegen.generators.cpp_generator import CPPCodeGenerator
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject

from ..compiled.literals import Literals


class LiteralGenerator(Literals, CPPCodeGenerator):
    """Brian2's, with literals in the width of the run."""

    class_name = "cpp"


class DenseCppCodeObject(CPPStandaloneCodeObject):
    """Runs dense products by BLAS on the arrays that Brian2 owns."""

    templater = CPPStandaloneCodeObject.templater.derive("recircuit.circuits.backends.cpp")
    generator_class = LiteralGenerator

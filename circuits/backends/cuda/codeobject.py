"""Brian2CUDA's code object and generator, with our templates before its own, our noise, and no atomic operations."""

from __future__ import annotations

from typing import Any

from brian2.core.functions import DEFAULT_FUNCTIONS
from brian2.utils.stringtools import word_substitute
from brian2cuda.codeobject import CUDAStandaloneCodeObject
from brian2cuda.cuda_generator import CUDACodeGenerator

from ..compiled.literals import in_width, real
from .rendering import CudaRenderer
from .scalars import Once, once_of

#: Templates whose kernel is one thread. This thread computes the scalars itself.
ONE_THREAD = {"once", "dense_product"}


class CudaGenerator(CUDACodeGenerator):
    """Brian2CUDA's generator, with numbers and operators in the width of the run, and costly scalars computed once.

    Nothing that it writes needs an atomic operation. Functions for ``%``, ``//`` and ``**`` are in source/functions.h.
    """

    class_name = "cuda"

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.default_func_type = real()  # the width in which sqrt(n), of a whole number n, is computed
        self.other_func_type = "float" if real() == "double" else "double"
        self.once: Once | None = None
        self.in_double = False

    def translate_expression(self, expr: Any) -> str:
        """Translate an expression to CUDA; Brian2 calls this for every expression."""
        renamed = word_substitute(expr, self.func_name_replacements)
        code = CudaRenderer(auto_vectorise=self.auto_vectorise).render_expr(renamed).strip()
        return code if self.in_double else in_width(code)

    def translate_to_read_arrays(self, read: set[str], write: set[str], indices: set[str]) -> list[str]:
        """Return the lines by which a block reads its arrays; dt, which never changes, is written as a number."""
        lines = super().translate_to_read_arrays(read - {"dt"}, write, indices)
        if "dt" not in read:
            return lines
        dt = self.variables["dt"]
        step = float(getattr(dt, "real_var", dt).get_value().item())
        return [f"const {real()} dt = {step!r};", *lines]

    def translate_one_statement_sequence(self, statements: Any, scalar: bool = False) -> list[str]:
        """Translate the scalar or the vector statements of a block; Brian2 calls this for each."""
        translate = super().translate_one_statement_sequence
        found = once_of(statements, self.variables) if scalar and self.template_name not in ONE_THREAD else None
        if found is None:
            return translate(statements, scalar)
        self.in_double = True
        self.once = found.with_code(translate(statements, scalar))
        self.in_double = False
        return [*found.reading, *translate(found.others, scalar)]

    def determine_keywords(self) -> dict[str, Any]:
        """Return what the templates are given; Brian2 calls this for every code object."""
        saved = CUDACodeGenerator.universal_support_code
        CUDACodeGenerator.universal_support_code = ""  # they are in functions.h
        try:
            return super().determine_keywords() | {"once": self.once}
        finally:
            CUDACodeGenerator.universal_support_code = saved


class CudaCodeObject(CUDAStandaloneCodeObject):
    """A code object on the arrays that the device owns: one kernel, or matrix products by cuBLAS."""

    templater = CUDAStandaloneCodeObject.templater.derive("recircuit.circuits.backends.cuda")
    generator_class = CudaGenerator


for _name in ("rand", "randn"):
    DEFAULT_FUNCTIONS[_name].implementations.add_implementation(
        CudaCodeObject, code={"support_code": "", "hashdefine_code": f"#define _{_name}(index) _noise.{_name}()"},
        name=f"_{_name}",
    )  # fmt: skip
DEFAULT_FUNCTIONS["exprel"].implementations.add_implementation(CudaCodeObject, code="", name="_brian_exprel")

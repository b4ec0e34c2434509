"""Brian2CUDA's code object and generator, with our templates before its own, our noise, and no atomic operations."""

from __future__ import annotations

from typing import Any

from brian2.core.functions import DEFAULT_FUNCTIONS
from brian2cuda import cuda_generator as theirs
from brian2cuda.codeobject import CUDAStandaloneCodeObject
from brian2cuda.cuda_generator import CUDACodeGenerator

from ..compiled.literals import Literals

#: Brian2CUDA's functions for %, // and ** (its atomic operations, which come along with them, are left out).
FUNCTIONS = "\n".join(
    [
        theirs._hightype_support_code,
        theirs._mod_support_code,
        theirs._floordiv_support_code,
        theirs._pow_support_code,
    ]
)


class CudaGenerator(Literals, CUDACodeGenerator):
    """Brian2CUDA's, with literals in the width of the run. Nothing it writes needs an atomic operation."""

    class_name = "cuda"

    def determine_keywords(self) -> dict[str, Any]:
        """Called by Brian2 for every code object."""
        saved = CUDACodeGenerator.universal_support_code
        CUDACodeGenerator.universal_support_code = ""  # FUNCTIONS are in a header
        try:
            return super().determine_keywords()
        finally:
            CUDACodeGenerator.universal_support_code = saved


class CudaCodeObject(CUDAStandaloneCodeObject):
    """Runs on the arrays that the device owns: one kernel, or matrix products by cuBLAS."""

    templater = CUDAStandaloneCodeObject.templater.derive("recircuit.circuits.backends.cuda")
    generator_class = CudaGenerator


for _name in ("rand", "randn"):
    DEFAULT_FUNCTIONS[_name].implementations.add_implementation(
        CudaCodeObject, code={"support_code": "", "hashdefine_code": f"#define _{_name}(index) _noise.{_name}()"},
        name=f"_{_name}",
    )  # fmt: skip

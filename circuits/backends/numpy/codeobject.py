"""Brian2's numpy code object, with our templates before its own, and BLAS within reach."""

from __future__ import annotations

from typing import Any

from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from scipy.linalg import blas

from ...lowering import functions  # noqa: F401  (adds to Brian2's)
from . import local


class DenseNumpyCodeObject(NumpyCodeObject):
    """Runs dense products by BLAS on the arrays that Brian2 owns."""

    templater = NumpyCodeObject.templater.derive("recircuit.circuits.backends.numpy")
    class_name = "recircuit_numpy"

    def variables_to_namespace(self) -> None:
        """Called by Brian2 when the object is made."""
        super().variables_to_namespace()
        self.namespace |= {"_gemm": {4: blas.sgemm, 8: blas.dgemm}, "_local": local}

    def update_namespace(self) -> Any:
        """Nothing changes size in a circuit, so there is nothing to look up again."""
        if self.nonconstant_values:
            super().update_namespace()

"""Brian2's numpy code object, with our templates before its own, and BLAS within reach."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from brian2.codegen.generators.numpy_generator import NumpyCodeGenerator
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.codegen.statements import Statement
from brian2.core.functions import Function
from brian2.core.variables import ArrayVariable
from scipy.linalg import blas

from ...lowering.equations import functions  # noqa: F401  (adds to Brian2's)
from . import local


class Generator(NumpyCodeGenerator):
    """Brian2's, but for statements such as ``old = w``: ``old`` is what ``w`` is now, whatever is done to ``w`` later.

    To NumPy both would be names of one array, which ``w += 1`` and writing ``w`` back change under both names.
    """

    changed: frozenset[str] = frozenset()

    @staticmethod
    def get_array_name(var: ArrayVariable, access_data: bool = True) -> str:
        """Called by Brian2: the name of an array, which ends in the length of its owner's name.

        Without it the variable v_x of a population h, and x of h_v, would have one name.
        """
        owner = getattr(var.owner, "name", "temporary")
        return f"{NumpyCodeGenerator.get_array_name(var, access_data)}_{len(owner)}"

    def ufunc_at_vectorisation(self, statement: Statement, variables: Any, *more: Any) -> str:
        """Called by Brian2 for a sum over synapses, of which it asks the device for the array's name."""
        line, target = super().ufunc_at_vectorisation(statement, variables, *more), variables[statement.var]
        if not isinstance(target, ArrayVariable):
            return line
        usual = NumpyCodeGenerator.get_array_name(target)
        return line.replace(f".at({usual}, ", f".at({self.get_array_name(target)}, ", 1)

    def translate_one_statement_sequence(self, statements: Sequence[Statement], scalar: bool = False) -> Any:
        """Called by Brian2 for all statements of a block."""
        self.changed = frozenset(s.var for s in statements if s.op != ":=")
        return super().translate_one_statement_sequence(statements, scalar)

    def translate_statement(self, statement: Statement) -> Any:
        """Called by Brian2 for each of them; a plus makes a new array, and leaves a number as it is."""
        line, name = super().translate_statement(statement), str(statement.expr).strip("() ")
        plain = name.isidentifier() and {name, statement.var} & self.changed and np.dtype(statement.dtype) != bool
        return line.replace(f"= {name}", f"= +{name}", 1) if plain and line.endswith(f"= {name}") else line


class DenseNumpyCodeObject(NumpyCodeObject):
    """Runs dense products by BLAS on the arrays that Brian2 owns."""

    generator_class = Generator
    templater = NumpyCodeObject.templater.derive("recircuit.circuits.backends.numpy")
    class_name = "recircuit_numpy"

    def variables_to_namespace(self) -> None:
        """Called by Brian2 when the object is made."""
        super().variables_to_namespace()
        self.namespace |= {"_gemm": {4: blas.sgemm, 8: blas.dgemm}, "_local": local}
        if "int" in self.namespace:
            self.namespace["int"] = whole

    def update_namespace(self) -> Any:
        """Look nothing up again, since nothing changes size in a circuit."""
        if self.nonconstant_values:
            super().update_namespace()


def whole(value: Any) -> Any:
    """Do what Brian2's int() does, in a quarter of the time for arrays."""
    return value.astype(np.int32) if isinstance(value, np.ndarray) else np.int32(value)


def draw_from(random: np.random.RandomState, code: DenseNumpyCodeObject) -> None:
    """Have a code object draw its random numbers from a generator of the circuit's own.

    Brian2's functions draw from NumPy's global generator, which belongs to whoever uses the library.
    """
    for name, draw in _functions(random).items():
        if name in code.variables and isinstance(code.variables[name], Function):
            for known in (name, f"_{name}"):
                if known in code.namespace:
                    code.namespace[known] = draw


def _functions(random: np.random.RandomState) -> dict[str, Callable[..., Any]]:
    """Brian2's random functions: of how many elements there are, as an index of each, or a number for one."""

    def count(elements: Any) -> int | None:
        return len(elements) if hasattr(elements, "__len__") else None

    return {
        "rand": lambda elements: random.random_sample(count(elements)),
        "randn": lambda elements: random.standard_normal(count(elements)),
        "poisson": lambda mean, elements: random.poisson(mean, count(elements)),
    }

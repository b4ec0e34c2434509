"""Brian2's numpy code object, with our templates before its own, and with access to BLAS."""

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
    """Brian2's numpy generator, with one change: ``old = w`` copies the present values of ``w``.

    Without it, both would be names of one array in NumPy, and ``w += 1`` or writing ``w`` back would change ``old`` too.
    """

    changed: frozenset[str] = frozenset()

    @staticmethod
    def get_array_name(var: ArrayVariable, access_data: bool = True) -> str:
        """Return the name of an array, which ends in the length of its owner's name; Brian2 calls this.

        Without the length, the variable v_x of a population h and the variable x of h_v would have the same name.
        """
        owner = getattr(var.owner, "name", "temporary")
        return f"{NumpyCodeGenerator.get_array_name(var, access_data)}_{len(owner)}"

    def ufunc_at_vectorisation(self, statement: Statement, variables: Any, *more: Any) -> str:
        """Return the line for a sum over synapses, with our name of the array in place of the device's."""
        line, target = super().ufunc_at_vectorisation(statement, variables, *more), variables[statement.var]
        if not isinstance(target, ArrayVariable):
            return line
        usual = NumpyCodeGenerator.get_array_name(target)
        return line.replace(f".at({usual}, ", f".at({self.get_array_name(target)}, ", 1)

    def translate_one_statement_sequence(self, statements: Sequence[Statement], scalar: bool = False) -> Any:
        """Translate all statements of a block; Brian2 calls this."""
        self.changed = frozenset(s.var for s in statements if s.op != ":=")
        return super().translate_one_statement_sequence(statements, scalar)

    def translate_statement(self, statement: Statement) -> Any:
        """Translate one statement. A plus in front of a name makes a new array, and leaves a number as it is."""
        line, name = super().translate_statement(statement), str(statement.expr).strip("() ")
        plain = name.isidentifier() and {name, statement.var} & self.changed and np.dtype(statement.dtype) != bool
        return line.replace(f"= {name}", f"= +{name}", 1) if plain and line.endswith(f"= {name}") else line


class DenseNumpyCodeObject(NumpyCodeObject):
    """A code object that runs dense products by BLAS on the arrays that Brian2 owns."""

    generator_class = Generator
    templater = NumpyCodeObject.templater.derive("recircuit.circuits.backends.numpy")
    class_name = "recircuit_numpy"

    def variables_to_namespace(self) -> None:
        """Prepare the namespace; Brian2 calls this when the object is made."""
        super().variables_to_namespace()
        self.namespace |= {"_gemm": {4: blas.sgemm, 8: blas.dgemm}, "_local": local}
        for name, function in WHOLE.items():
            if name in self.namespace:
                self.namespace[name] = function

    def update_namespace(self) -> Any:
        """Leave the namespace as it is, since nothing changes its size in a circuit."""
        if self.nonconstant_values:
            super().update_namespace()


def whole(value: Any) -> Any:
    """Do what Brian2's int() does, in a quarter of the time for arrays, and for numbers beyond 2^31 too, as in C++."""
    kind = np.int32 if np.asarray(value).dtype == bool else np.int64
    return value.astype(kind) if isinstance(value, np.ndarray) else kind(value)


#: Functions whose values are whole numbers. Brian2's have 32 bits, in which larger numbers become others.
WHOLE: dict[str, Callable[..., Any]] = {
    "int": whole, "floor": lambda value: whole(np.floor(value)), "ceil": lambda value: whole(np.ceil(value))
}  # fmt: skip


def draw_from(random: np.random.RandomState, code: DenseNumpyCodeObject) -> None:
    """Let a code object draw its random numbers from a generator that belongs to the circuit.

    Brian2's functions draw from NumPy's global generator, which the user's own code uses too.
    """
    for name, draw in _functions(random).items():
        if name in code.variables and isinstance(code.variables[name], Function):
            for known in (name, f"_{name}"):
                if known in code.namespace:
                    code.namespace[known] = draw


def _functions(random: np.random.RandomState) -> dict[str, Callable[..., Any]]:
    """Return Brian2's random functions. Their argument is an array with an index for each element, or a number for one."""

    def count(elements: Any) -> int | None:
        return len(elements) if hasattr(elements, "__len__") else None

    return {
        "rand": lambda elements: random.random_sample(count(elements)),
        "randn": lambda elements: random.standard_normal(count(elements)),
        "poisson": lambda mean, elements: random.poisson(mean, count(elements)),
    }

"""The code of an operation: which arrays it reads and writes, and whether it can be analysed into values and stores."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from ...lowering.kernels import Count, Elementwise, Mask, Propagate, Traced
from ...lowering.lowered import Lowered
from ...lowering.operations import Operation
from .codeobject import DenseNumpyCodeObject
from .flow import Flow, NotUnderstood
from .reading import read
from .reading_traces import read_traced

__all__ = ["OperationCode"]

#: The number of values of a trace, in all batch elements, above which it is computed block by block, since in straight lines
#: each intermediate value takes as much memory as the trace.
MOST = 2**20


class OperationCode:
    """The code of an operation.

    Parameters
    ----------
    operation : Operation
        The operation.
    code : DenseNumpyCodeObject
        Brian2's code object for the operation.
    names : mapping of str to str
        For each variable, its name in generated code.
    lowered : Lowered
        The circuit.
    constant : collection of str
        The names, in generated code, of arrays whose values nothing changes within a run.

    Attributes
    ----------
    text : str
        The code, as lines of Python.
    namespace : dict[str, Any]
        The objects that names in the code stand for.
    """

    def __init__(
        self,
        operation: Operation,
        code: DenseNumpyCodeObject,
        names: Mapping[str, str],
        lowered: Lowered,
        constant: Collection[str],
    ) -> None:
        self.name, self.operation, self._names, self._lowered = operation.name, operation, names, lowered
        self._constant = constant
        self.text: str = code.code.run
        self.namespace: dict[str, Any] = code.namespace

    @cached_property
    def lines(self) -> list[ast.stmt]:
        """The lines of code as syntax trees."""
        return ast.parse(self.text).body

    @cached_property
    def touched(self) -> frozenset[str]:
        """The names of all arrays that the code reads or writes."""
        found = set(re.findall(r"\w+", self.text))
        return frozenset(name for name in found if isinstance(self.namespace.get(name), np.ndarray)) | self.written

    @cached_property
    def written(self) -> frozenset[str]:
        """The names of the arrays that the code writes."""
        known = {self._names[key] for key in self.operation.writes if key in self._names}
        if not self.understood:
            return frozenset(known)
        stored = {
            target.value.id
            for line in self.lines
            if isinstance(line, ast.Assign)
            for target in line.targets
            if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name)
        }
        return frozenset(stored | known)

    @cached_property
    def understood(self) -> bool:
        """Whether the code can be analysed into values and stores."""
        try:
            self.add(Flow(self._constant))
        except NotUnderstood:
            return False
        return True

    def add(self, flow: Flow) -> None:
        """Add the instructions of this code to a flow.

        Raises
        ------
        NotUnderstood
            If the code cannot be analysed.
        """
        kernel = self.operation.kernel
        if self._lowered.network.lowering == "reference":
            raise NotUnderstood
        if isinstance(kernel, Elementwise | Mask | Count):
            read(flow, self.lines, self.namespace)
        elif isinstance(kernel, Propagate) and kernel.connectivity.kind == "one_to_one":
            self._one_to_one(flow, kernel)
        else:
            raise NotUnderstood

    @cached_property
    def traced(self) -> Flow | None:
        """The flow for small traces if all batch elements show something; None if the code has no such flow."""
        flow, variables = Flow(self._constant), self._lowered.variables
        kernel = self.operation.kernel
        if not isinstance(kernel, Traced) or kernel.connectivity.kind != "dense":
            return None
        if any(variables[key].size > MOST for key in self.operation.writes if variables[key].by_element):
            return None
        try:
            read_traced(flow, self.lines, self.namespace, self._lowered.network.batch_size)
        except NotUnderstood:
            return None
        return flow

    def _one_to_one(self, flow: Flow, kernel: Propagate) -> None:
        """Add each signal times its weight; weights that stay within a run are repeated for each batch element."""
        names = [self._names[key] for key in (kernel.signal.key, kernel.weights, kernel.field)]
        sent, weights, field = (self.namespace[name] for name in names)
        factor = flow.load(names[1], weights)
        if weights.size < field.size and factor.steady:
            spread = (flow.object(np.tile), factor, flow.object(self._lowered.network.batch_size))
            factor = flow.expression("{}({}, {})", spread, type=weights.dtype, shape=field.shape)
        if not sent.shape == factor.shape == field.shape:
            raise NotUnderstood
        flow.store(names[2], field, flow.compute(np.multiply, (flow.load(names[0], sent), factor)))

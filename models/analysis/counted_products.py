"""Multiplications by weights, counted one by one while a circuit runs."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...circuits import Circuit
from ...circuits.backends.in_process import Action
from ...circuits.backends.interpreter.program import InterpreterProgram
from ...circuits.inputs import as_inputs
from ...circuits.lowering.kernels import Propagate
from ...circuits.lowering.operations import Operation
from .measures import PATHWAYS

__all__ = ["counted_products"]


def counted_products(circuit: Circuit, data: dict[str, ArrayLike], presentations: int = 1) -> dict[str, int]:
    """Return the number of products of a weight and a signal in one presentation and batch element.

    A copy of the circuit is run by the interpreter, synapse by synapse, in arrays that count how often they are
    multiplied. The circuit itself stays as it is. Skipped operations are not run, and so not counted.

    Parameters
    ----------
    circuit : Circuit
        The circuit, whose weights and states the copy begins with.
    data : dict of str to array
        Rows for each stimulus, as in `Circuit.run`.
    presentations : int
        The number of presentations that are run; the counts are means over them.

    Returns
    -------
    dict of str to int
        ``forward`` (into basal compartments), ``feedback`` (into apical ones) and ``lateral`` (into all others).
    """
    program, inputs = _Counting(circuit), as_inputs(circuit, data)
    inputs.load(program)
    order = inputs.order(presentations, circuit.batch_size)
    program.run(circuit.timetable("train"), order).raise_if_diverged()
    return {kind: program.counts[kind] // order.size for kind in ("forward", "feedback", "lateral")}


class _Counting(InterpreterProgram):
    """The interpreter, with weights that count by what they are multiplied, for the pathway under way."""

    def __init__(self, circuit: Circuit) -> None:
        super().__init__(circuit.lowered())
        first = circuit.program()
        for key in self.variables:
            self.set(key, first.get(key))
        self.counts: Counter[str] = Counter()
        self.pathway = "others"
        for key in {f"{name}.w" for name in circuit.projections} & set(self.memory.arrays):
            self.memory.arrays[key] = _Counted.of(self.memory.arrays[key], self)

    def action(self, operation: Operation) -> Action:
        act, kernel = super().action(operation), operation.kernel
        if not isinstance(kernel, Propagate):
            return act
        projection = self.lowered.network.projections[kernel.projection]

        def named() -> None:
            self.pathway = PATHWAYS.get(projection.into, "lateral")
            act()
            self.pathway = "others"

        return named


class _Counted(np.ndarray[Any, np.dtype[Any]]):
    """An array that tells its program how many numbers of it are multiplied."""

    program: _Counting | None = None

    @classmethod
    def of(cls, values: NDArray[Any], program: _Counting) -> _Counted:
        counted = values.view(cls)
        counted.program = program
        return counted

    def __array_finalize__(self, obj: Any) -> None:
        self.program = getattr(obj, "program", None)

    def __array_ufunc__(self, ufunc: np.ufunc, method: Any, *inputs: Any, **options: Any) -> Any:
        out = options.get("out")
        if out is not None:
            options["out"] = tuple(np.asarray(one) for one in out)
        plain = [np.asarray(one) if isinstance(one, _Counted) else one for one in inputs]
        result = getattr(ufunc, method)(*plain, **options)
        if ufunc is np.multiply and method == "__call__" and self.program is not None:
            self.program.counts[self.program.pathway] += np.size(result)
        return result

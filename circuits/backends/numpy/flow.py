"""The instructions of a presentation in order: values are computed, arrays are written, and functions are called."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .step_tables import StepTable
from .values import UNKNOWN, Kind, Value, converted, result_types, scalar_type

__all__ = ["Call", "Compute", "Flow", "Instruction", "Line", "Loop", "NotUnderstood", "Store"]


class NotUnderstood(Exception):
    """Code cannot be analysed into values and stores, so that it is called as a whole."""


@dataclass(eq=False)
class Compute:
    """An instruction that computes a value."""

    value: Value


@dataclass(eq=False)
class Store:
    """An instruction that sets all elements of an array to a value."""

    array: str
    value: Value


@dataclass(eq=False)
class Line:
    """A line of Python that writes an array. Its first braces stand for the array's name, the others for values."""

    text: str
    values: tuple[Value, ...]
    array: str


@dataclass(eq=False)
class Call:
    """A call of a function without arguments: the function of a name, or the next of those that each run is given.

    Parameters
    ----------
    function : str
        The name of the function; empty for the next of those that a run is given.
    reads, writes : collection of str, or None
        The arrays that it reads and writes; None stands for all.
    """

    function: str
    reads: Collection[str] | None
    writes: Collection[str] | None

    def touches(self, array: str) -> bool:
        """Return whether the function may read or write an array."""
        return any(some is None or array in some for some in (self.reads, self.writes))


@dataclass(eq=False)
class Loop:
    """Instructions that are repeated, once or more often."""

    times: int
    body: list[Instruction] = field(default_factory=list)


Instruction = Compute | Store | Line | Call | Loop


class Flow:
    """The instructions of a presentation in order, as they are found. Equal values are computed once.

    Parameters
    ----------
    constant : collection of str
        The names of those arrays whose values nothing changes within a run.

    Attributes
    ----------
    arrays : dict of str to array
        The arrays, by their names.
    instructions : list of Instruction
        What is done, in order.
    tables : list of StepTable
        The tables in which values are looked up.
    """

    def __init__(self, constant: Collection[str]) -> None:
        self.constant = constant
        self.arrays: dict[str, np.ndarray] = {}
        self.instructions: list[Instruction] = []
        self.tables: list[StepTable] = []
        self._regions: list[list[Instruction]] = [self.instructions]
        self._now: dict[str, Value] = {}  # the value that an array holds
        self._known: dict[tuple[Any, ...], Value] = {}
        self._changing: Collection[str] = ()  # in the loop that is open

    def object(self, what: Any) -> Value:
        """Return the value for an object that exists already, such as a number or a function."""
        key = (Kind.OBJECT, type(what), repr(what) if isinstance(what, int | float) else id(what))
        if key not in self._known:
            sample = what if scalar_type(what) is not None else None
            self._known[key] = Value(Kind.OBJECT, what, type=scalar_type(what), steady=True, sample=sample)
        return self._known[key]

    def load(self, name: str, array: np.ndarray, whole: str = "") -> Value:
        """Return the present values of an array. If the array is a view of another one, ``whole`` is the name of that."""
        self.arrays[name] = array
        if name not in self._now:
            steady, depth = (whole or name) in self.constant, int(name in self._changing)
            found = Value(Kind.ARRAY, name, type=array.dtype, shape=array.shape, steady=steady, depth=depth)
            self._now[name] = found
            if not steady:
                self._regions[depth].append(Compute(found))
        return self._now[name]

    def compute(self, how: Any, arguments: tuple[Value, ...]) -> Value:
        """Return the value of a NumPy function; if ``how`` is a type, the argument converted to that type."""
        if isinstance(how, np.ufunc):
            return self._function(how, arguments)
        (value,) = arguments
        if value.kind is Kind.CONVERSION and value.is_array and value.arguments[0].type == np.dtype(bool):
            return self.compute(how, value.arguments)
        better = converted(value, how, self.compute)
        if better is not None:
            return better
        return self._make(Value(Kind.CONVERSION, how, arguments, type=how, shape=value.shape))

    def expression(
        self, text: str, arguments: tuple[Value, ...], made: Any = None, *,
        type: Any = None, shape: tuple[int, ...] | None = None, draws: bool = False,
    ) -> Value:  # fmt: skip
        """Return the value of a Python expression. For a single number, ``made`` is an example of such a number."""
        known = scalar_type(made) if made is not None else type
        return self._make(Value(Kind.EXPRESSION, text, arguments, type=known, shape=shape, sample=made, draws=draws))

    def store(self, name: str, array: np.ndarray, value: Value) -> None:
        """Add an instruction that sets all elements of an array to a value."""
        self.arrays[name] = array
        if self._now.get(name) is value:
            return
        if value.is_array and value.type is not None and value.shape == array.shape:
            value = self.compute(array.dtype, (value,))
        self._regions[-1].append(Store(name, value))
        self._forget([name])
        if value.is_array and value.type == array.dtype:
            self._now[name] = value

    def line(self, text: str, values: tuple[Value, ...], name: str, array: np.ndarray) -> None:
        """Add a line of Python that writes an array."""
        self.arrays[name] = array
        self._regions[-1].append(Line(text, values, name))
        self._forget([name])

    def call(self, function: str, reads: Collection[str] | None, writes: Collection[str] | None) -> None:
        """Add a call of a function."""
        self._regions[-1].append(Call(function, reads, writes))
        self._forget(writes)

    def loop(self, times: int, written: Collection[str], body: Callable[[], None]) -> None:
        """Add a loop over the instructions that a function adds; they write the arrays in ``written``."""
        self._forget(written)
        loop = Loop(times)
        self._regions.append(loop.body)
        self._changing = written
        body()
        self._changing = ()
        self._regions.pop()
        self.instructions.append(loop)
        self._forget(written)

    def _forget(self, names: Collection[str] | None) -> None:
        for name in list(self._now) if names is None else names:
            self._now.pop(name, None)

    def _function(self, function: np.ufunc, arguments: tuple[Value, ...]) -> Value:
        if function is np.positive and isinstance(arguments[0].type, np.dtype) and arguments[0].type.kind in "fiu":
            return arguments[0]
        shapes = [a.shape for a in arguments if a.shape is not None]
        if UNKNOWN in shapes or any(a.type is None for a in arguments):
            holes = ", ".join("{}" for _ in arguments)
            return self.expression(f"{{}}({holes})", (self.object(function), *arguments), shape=UNKNOWN)
        types = result_types(function, tuple(a.type for a in arguments))  # type: ignore[arg-type]
        same = tuple(self._of_type(a, t) for a, t in zip(arguments, types, strict=False))
        return self._make(Value(Kind.FUNCTION, function, same, type=types[-1], shape=np.broadcast_shapes(*shapes)))

    def _of_type(self, value: Value, kind: np.dtype) -> Value:
        """Return an argument in the type that the function computes with."""
        if value.is_array:
            return value if value.type == kind else self.compute(kind, (value,))
        if not value.steady:
            return value
        return self._make(Value(Kind.CONVERSION, kind, (value,), type=kind))

    def _make(self, value: Value) -> Value:
        """Return the value, or an equal one that is known already; it is computed as early as possible."""
        how = value.how if isinstance(value.how, str | np.dtype) else id(value.how)
        key = (value.kind, how, *map(id, value.arguments))
        if not value.draws:
            if key in self._known:
                return self._known[key]
            self._known[key] = value
        value.steady = not value.draws and all(a.steady for a in value.arguments)
        value.depth = len(self._regions) - 1 if value.draws else max((a.depth for a in value.arguments), default=0)
        if not value.steady:
            self._regions[value.depth].append(Compute(value))
        return value

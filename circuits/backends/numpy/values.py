"""The values that the code of a step computes, each with its type, its arguments and the NumPy function that makes it.

Equal values are one value. Each has the type that NumPy gives it, so that a function can be told where to put its result.
Numbers of another type are converted before a function is called: NumPy does the same within the function, but takes three
times as long.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

import numpy as np

__all__ = ["UNKNOWN", "Kind", "Value", "converted", "is_exact", "result_types", "scalar_type"]

Type = np.dtype | type
#: This stands for the shape of an array if it is not known.
UNKNOWN = (-1,)


class Kind(Enum):
    """The ways in which values are made."""

    OBJECT = "an object that exists already, such as a function, or a number written in the code"
    ARRAY = "an array in memory, as it is at this place of the step"
    EXPRESSION = "a Python expression of its arguments"
    FUNCTION = "a NumPy function, which can be told where to put the result"
    CONVERSION = "its argument in another type"
    PLACE = "where the numbers of its argument are between the thresholds of a table"
    LOOKUP = "the values of a table at the places that its argument holds"


@dataclass(eq=False)
class Value:
    """A value that a step computes.

    Parameters
    ----------
    kind : Kind
        The way in which it is made.
    arguments : tuple of Value
        The values that it is computed from.
    how : object
        The object, the array, the expression as a format string, or the function.
    type : dtype, type or None
        The type of its numbers; ``int`` or ``float`` for Python's own numbers; None if it is not known.
    shape : tuple of int or None
        The shape of an array, UNKNOWN if it is not known; None for a single number.
    steady : bool
        Whether it stays the same within a run.
    sample : object
        For single numbers, an example, which shows the type.
    draws : bool
        Whether each computation gives another result, as for random numbers.
    depth : int
        1 if it depends on something that changes within a loop, else 0.
    """

    kind: Kind
    how: Any
    arguments: tuple[Value, ...] = ()
    type: Type | None = None
    shape: tuple[int, ...] | None = None
    steady: bool = False
    sample: Any = None
    draws: bool = False
    depth: int = 0

    @property
    def is_array(self) -> bool:
        """Whether it has elements."""
        return self.shape is not None


def scalar_type(sample: Any) -> Type | None:
    """Return the type of a single number; Python's own numbers take the type of the other operand."""
    if isinstance(sample, np.generic) or (isinstance(sample, np.ndarray) and not sample.ndim):
        return sample.dtype
    if isinstance(sample, bool):
        return np.dtype(bool)
    return type(sample) if isinstance(sample, int | float) else None


@lru_cache(4096)
def result_types(function: np.ufunc, types: tuple[Type, ...]) -> tuple[np.dtype, ...]:
    """Return the types with which a function computes, those of its arguments first."""
    return function.resolve_dtypes((*types, None))


def is_exact(value: Value, kind: np.dtype) -> bool:
    """Say whether a smaller floating-point type can hold every number of a value exactly."""
    if value.kind is not Kind.CONVERSION:
        return False
    source = value.arguments[0]
    whole = source.kind is Kind.OBJECT and isinstance(source.how, int) and abs(source.how) <= 2**24
    return whole or source.type in (kind, np.dtype(bool))


#: Functions of two numbers whose result stays the same if they compute with twice as many digits and round it.
_ROUNDED_ONCE = (np.add, np.subtract, np.multiply, np.true_divide)


def converted(value: Value, kind: np.dtype, compute: Callable[[Any, tuple[Value, ...]], Value]) -> Value | None:
    """Return the value in another type, computed without a conversion; None if no such way gives the same bits.

    Parameters
    ----------
    compute : function
        A function that makes a value of a NumPy function and its arguments.
    """
    if value.type == kind:
        return value
    if value.kind is not Kind.FUNCTION or len(value.arguments) != 2:
        return None
    whole = value.type == np.int32 and value.how in (np.add, np.subtract)
    if whole and kind.kind == "f" and all(_is_of_truth(a) for a in value.arguments):
        return compute(value.how, tuple(_reconverted(a, kind, compute) for a in value.arguments))
    narrows = value.type == np.float64 and kind == np.float32 and value.how in _ROUNDED_ONCE
    if narrows and all(is_exact(a, kind) for a in value.arguments):
        return compute(value.how, tuple(_reconverted(a, kind, compute) for a in value.arguments))
    return None


def _is_of_truth(value: Value) -> bool:
    """Say whether a value is 1 where something is true, and 0 elsewhere."""
    return value.kind is Kind.CONVERSION and value.arguments[0].type == np.dtype(bool)


def _reconverted(value: Value, kind: np.dtype, compute: Callable[[Any, tuple[Value, ...]], Value]) -> Value:
    """Return an argument in another type, made from the value before its conversion."""
    if value.kind is not Kind.CONVERSION:
        return value
    source = value.arguments[0]
    return source if source.type == kind else compute(kind, (source,))

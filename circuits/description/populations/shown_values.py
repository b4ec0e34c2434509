"""Checks of the values of a stimulus, before they are read as rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2.units import Quantity
from brian2.units.fundamentalunits import DIMENSIONLESS, Dimension, get_unit

from ....errors import RecircuitError
from ....registry import reason


def refuse_bytes(given: Any, what: str) -> None:
    """Refuse bytes without a scale: data sets keep their samples as bytes, which are no rates without the scale."""
    if getattr(given, "dtype", None) == np.uint8:
        raise RecircuitError(
            f"{what}: got bytes (uint8), from which the rates are not known. For a data set, give the data set "
            "itself, or data.rates(data.x_test). If the numbers themselves are the rates, give "
            "values.astype(float)."
        )


#: What an array of objects may hold that is an array of numbers.
NUMBERS = (int, float, np.number, np.bool_)
#: The deepest nesting of lists that is examined, as deep as NumPy makes arrays from them.
DEEPEST = 32


def unit_of(given: Any, depth: int = 0) -> Dimension:
    """Return the dimension of a quantity, also of one inside a list, which NumPy would turn into plain numbers."""
    if isinstance(given, Quantity):
        return given.dim
    if isinstance(given, list | tuple) and depth < DEEPEST:
        return next((d for part in given if (d := unit_of(part, depth + 1)) is not DIMENSIONLESS), DIMENSIONLESS)
    return DIMENSIONLESS


def refuse_units(given: Any, what: str) -> None:
    """Refuse a quantity in place of a plain number: 2*mV would silently become .002, its number in base units."""
    unit = unit_of(given)
    if unit is not DIMENSIONLESS:
        raise RecircuitError(
            f"{what}: expected plain numbers; got a quantity in {get_unit(unit)}, {given!r:.60}. Divide it by the unit "
            "that is to count as 1, as in values/mV."
        )


def refuse_other_unit(value: Any, wanted: Any, key: str) -> None:
    """Refuse a quantity of another dimension than the variable's; plain numbers are in base units."""
    given = unit_of(value)
    if given not in (DIMENSIONLESS, wanted):
        raise RecircuitError(f"{key} has the dimension {wanted}; got {value!r:.60}, which has the dimension {given}.")


def without_graph(given: Any) -> Any:
    """Return a tensor of PyTorch detached from its graph and copied from its device, and all else as it is."""
    for step in ("detach", "cpu"):
        given = getattr(given, step)() if hasattr(type(given), step) else given
    return given


def array_of(given: Any, what: str) -> np.ndarray:
    """Return the given values as an array. They may be an object of another library that can be converted to one.

    Numbers that are kept as objects, as in a column of a table that once held something else, become an array of numbers.
    A tensor of PyTorch is detached from its graph and copied from its device.

    Raises
    ------
    RecircuitError
        If that object raises an exception, for example since it belongs to a file that is closed, or does not fit into memory.
    ValueError
        If the values are lists of different lengths.
    """
    try:
        found = np.asarray(without_graph(given))
        numbers = found.dtype.kind == "O" and all(isinstance(one, NUMBERS) for one in found.flat)
        return np.array(found.tolist()) if numbers else found
    except ValueError:
        raise
    except Exception as problem:
        why = reason(problem).rstrip(".")
        raise RecircuitError(f"{what}: what was given cannot be read as an array: {why}.") from problem


def numbers_of(given: Any, what: str) -> np.ndarray:
    """Return an array of floating-point numbers of what was given.

    Raises
    ------
    RecircuitError
        If it cannot be read as such an array.
    """
    try:
        return array_of(given, what).astype(float, copy=False)
    except (ValueError, TypeError, OverflowError, MemoryError) as problem:
        raise RecircuitError(f"{what}: an array of numbers is expected ({reason(problem)}).") from problem


def in_order(given: Any, what: str) -> np.ndarray:
    """Return the given values as an array without a mask.

    Raises
    ------
    RecircuitError
        If a value is masked, or has a unit.
    """
    refuse_units(given, what)
    if isinstance(given, np.ma.MaskedArray) and np.ma.getmaskarray(given).any():
        raise RecircuitError(
            f"{what}: some values are masked, and units have a rate in every row. Fill them, as in data.filled(0), or leave "
            "those rows out. Of series, whole rows at the end of a sample may be masked."
        )
    return array_of(given, what)

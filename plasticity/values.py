"""Constant numbers with names: a rule's parameters and initial states."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from numbers import Real
from typing import Any, NoReturn, cast

from brian2.units import Quantity
from brian2.units.fundamentalunits import DIMENSIONLESS, Dimension

from ..errors import RecircuitError

__all__ = ["Measured", "Values", "as_text", "dimension_of", "is_finite"]


class Measured(float):
    """A number in base units (seconds, hertz) that keeps its dimension."""

    dimension: Dimension

    def __new__(cls, value: float, dimension: Dimension) -> Measured:
        """Return a number with this dimension."""
        made = super().__new__(cls, value)
        made.dimension = dimension
        return made

    def __reduce__(self) -> tuple[type, tuple[float, Dimension]]:
        return Measured, (float(self), self.dimension)


def dimension_of(value: float) -> Dimension:
    """Return the dimension of a number; plain numbers have none."""
    return value.dimension if isinstance(value, Measured) else DIMENSIONLESS


def as_text(value: float) -> str:
    """Return a number as text, with its unit."""
    return str(Quantity(float(value), dim=value.dimension)) if isinstance(value, Measured) else f"{value:.12g}"


class Values(dict[str, float]):
    """A dict of finite floats that cannot be changed, can be hashed, and can be pickled."""

    @classmethod
    def of(cls, values: Mapping[str, Any] | None, where: str) -> Values:
        """Return `values` as floats; `where` names the owner in the message if one is not a number."""
        if values is not None and not isinstance(values, Mapping):
            raise RecircuitError(
                f"{where} must be a dict of names and numbers, such as dict(rate=0.1), but is {values!r}."
            )
        return cls({name: _number(name, value, where) for name, value in (values or {}).items()})

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("these values do not change; rule.with_parameters(...) gives a changed copy")

    __setitem__ = __delitem__ = __ior__ = _refuse  # pyright: ignore
    update = setdefault = pop = popitem = clear = _refuse  # pyright: ignore

    def __hash__(self) -> int:  # pyright: ignore
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[type, tuple[dict[str, float]]]:
        return Values, (dict(self),)


def is_finite(value: Any) -> bool:
    """Return whether a value is one finite number that fits a float; whole numbers may have any length."""
    return isinstance(value, Real) and not isinstance(value, bool) and abs(cast("Any", value)) <= sys.float_info.max


def _number(name: str, value: Any, where: str) -> float:
    if isinstance(value, Measured):
        return value
    if (
        isinstance(value, Quantity)
        and value.dim is not DIMENSIONLESS
        and value.ndim == 0
        and math.isfinite(float(value))
    ):
        return Measured(float(value), value.dim)
    if not is_finite(value):
        raise RecircuitError(
            f"{where}: `{name}` must be a finite number, but is {value!r}. In a rule with `dNAME/dt = ...` it "
            "may have a unit, as in 0.1*Hz or 10*ms."
        )
    return float(value)

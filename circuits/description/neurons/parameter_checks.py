"""Checks of a neuron's parameters: its equations read them, and times by which an equation divides are above 0."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from brian2.units import Quantity, second
from brian2.units.fundamentalunits import get_dimensions
from brian2.utils.stringtools import get_identifiers

from ....errors import RecircuitError
from ....other_libraries import argument_hint
from ....plasticity.parse import divisors
from ....registry import closest

__all__ = ["as_number", "check_parameters", "check_time_constants", "refuse_other_arguments"]


def as_number(value: Any) -> Any:
    """Return a single number of NumPy's, such as ``np.float32(2)``, as a number of Python's; any other value as it is."""
    single = (
        isinstance(value, np.generic | np.ndarray) and not isinstance(value, Quantity | float) and not np.ndim(value)
    )
    return value.item() if single and value.dtype.kind in "buif" else value


def check_parameters(parameters: Mapping[str, Any], equations: tuple[str, ...], defined: Collection[str]) -> None:
    """Refuse a parameter that is not a number, that no equation reads, or that is a time constant and not above 0.

    Parameters
    ----------
    parameters : mapping of str to number or Quantity
        The parameters of a neuron.
    equations : tuple of str
        The right-hand sides of its equations.
    defined : collection of str
        The names that its equations define.

    Raises
    ------
    RecircuitError
        If there is such a parameter.
    """
    read = set[str]().union(*map(get_identifiers, equations))
    for name, value in parameters.items():
        if not isinstance(value, Quantity | int | float | bool) or np.ndim(value):
            raise RecircuitError(
                f"parameters: {name} is a number or a quantity such as 10*ms; got {value!r}. Values of single units "
                f"are set in a circuit, as in circuit['h.{name}'] = ..."
            )
        try:
            number = float(value)
        except OverflowError:
            raise RecircuitError(
                f"parameters: {name} is larger than any number in double precision, which is at most 1.8e308."
            ) from None
        if np.isnan(number):
            raise RecircuitError(f"parameters: {name} is {value!r}, and not a number. Give a number.")
        if name not in read:
            known = sorted(read & {*parameters, *defined})
            raise RecircuitError(
                f"parameters: no equation reads {name!r}, which would have no effect.{closest(name, known)} The equations "
                f"read {known}."
            )
    check_time_constants(equations, parameters, "parameters")


def refuse_other_arguments(parameters: Mapping[str, Any], equations: tuple[str, ...]) -> None:
    """Refuse what is no parameter but an argument that other libraries have, such as ``namespace``.

    Parameters
    ----------
    parameters : mapping of str to Any
        The parameters of a neuron.
    equations : tuple of str
        The right-hand sides of its equations. A name that one of them reads is a parameter.

    Raises
    ------
    RecircuitError
        If there is one.
    """
    read = set[str]().union(*map(get_identifiers, equations))
    for name in (n for n in parameters if n not in read):
        if hint := argument_hint("Neuron", name):
            raise RecircuitError(f"parameters: no equation reads {name!r}.{hint}")


def check_time_constants(equations: tuple[str, ...], values: Mapping[str, Any], where: str) -> None:
    """Refuse a time constant that is 0, negative or NaN, since the variable would grow without bound.

    Parameters
    ----------
    equations : tuple of str
        The right-hand sides of the equations that read the values.
    values : mapping of str to Quantity
        The values by name. Values that are not times, and those by which nothing is divided, are not checked.
    where : str
        The owner of the values, with which the message begins.

    Raises
    ------
    RecircuitError
        If one of them is not above 0.
    """
    below = _divisors(equations)
    for name in (n for n in values if n in below):
        value = values[name]
        if get_dimensions(value) is second.dim and not (np.asarray(value) > 0).all():
            raise RecircuitError(
                f"{where}: an equation divides by {name}, so it must be a time above 0, like a time constant; got "
                f"{value!r:.60}."
            )


@lru_cache(1024)
def _divisors(expressions: tuple[str, ...]) -> frozenset[str]:
    trees = (ast.parse(text.strip(), mode="eval") for text in expressions)
    return frozenset[str]().union(*map(divisors, trees))

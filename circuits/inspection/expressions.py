"""The values of the expressions of units, computed from stored variables, for recordings and readouts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from ...errors import RecircuitError
from ..description.network import Network
from ..description.reads import incoming_fields, stored_in
from ..lowering.equations.evaluation import evaluate, variables_in
from ..lowering.variables import split_key

__all__ = ["keys_of", "known", "value_of"]


def keys_of(network: Network, arrays: Collection[str], name: str) -> list[str]:
    """Return the stored variables from which the value of ``name``, such as ``"h.rate"``, is computed."""
    owner, variable = split_key(name)
    population = network.populations.get(owner)
    if population is None or name in arrays:
        return [known(network, arrays, name)]
    if variable not in population.variables():
        has = sorted({*population.variables(), *population.neuron.parameters})
        raise RecircuitError(f"circuit: {owner!r} has no {variable!r}; it has {has}.")
    needed = sorted(stored_in(network, population, {variable}))
    if "t" in needed:
        raise RecircuitError(
            f"circuit: {name!r} reads the time t, and is computed wherever it is read. Store it, as in "
            f"'{variable} = ... : 1 (during <phases>)', and look at that."
        )
    if any(f"{owner}.{v}" not in arrays for v in needed):
        raise RecircuitError(f"circuit: nothing in {owner!r} reads {needed}, so that it is not stored there.")
    return [f"{owner}.{v}" for v in needed]


def known(network: Network, arrays: Collection[str], key: str) -> str:
    """Return the key under which a variable is stored.

    Raises
    ------
    RecircuitError
        If there is no such variable.
    """
    owner, variable = split_key(key)
    if key not in arrays and owner in network.populations:
        key = f"{owner}.{network.populations[owner].stored_name(variable)}"
    if key not in arrays:
        mine = sorted(k for k in arrays if split_key(k)[0] == owner) or sorted({split_key(k)[0] for k in arrays})
        raise RecircuitError(f"circuit: {key!r} is not stored; there are {mine}.")
    return key


def value_of(network: Network, name: str, stored: Mapping[str, Any], shape: tuple[int, ...]) -> np.ndarray:
    """Return a stored variable, or a compartment or expression computed from the stored variables of `keys_of`."""
    owner, variable = split_key(name)
    population = network.populations.get(owner)
    if population is None or name in stored:
        return stored[known(network, stored, name)]
    other = population.stored_name(variable)
    if f"{owner}.{other}" in stored and other not in population.single_parameters:
        return stored[f"{owner}.{other}"]
    fields = incoming_fields(network, population)
    formula = " + ".join(fields[variable]) or "0.0" if variable in fields else population.neuron.expressions[variable]
    read = variables_in(formula) - {"dt"}
    names = {n: value_of(network, f"{owner}.{n}", stored, shape) for n in read} | {"dt": float(network.dt)}
    result = evaluate(formula, names)
    return np.broadcast_to(np.asarray(result, dtype=float), shape).copy()

"""Changing a parameter of a population: to one value for all, or to one for each batch element or unit."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import RecircuitError
from .network import Network
from .population import Population


def change_parameter(network: Network, population: Population, name: str, value: Any) -> bool:
    """Take the new value, and say whether the code of a circuit changes with it.

    That is so where step-by-step mode begins or ends, or where units begin or cease to have values of their own.

    Raises
    ------
    RecircuitError
        If the value is an array of a shape that does not fit.
    """
    before = _of_code(network, population)
    if np.ndim(value):
        population.spread[name] = _of_units(network, population, name, value)
    else:
        population.set_neuron(population.neuron.with_parameters(**{name: value}))
        population.spread.pop(name, None)
    return before != _of_code(network, population)


def _of_code(network: Network, population: Population) -> tuple[list[str], list[str]]:
    """What of the parameters the code depends on."""
    return sorted(population.spread), assigned(network, population)


def assigned(network: Network, population: Population) -> list[str]:
    """The states in step-by-step mode; those whose time constant is each unit's own are not."""
    return population.neuron.assigned(network.dt, population.single_parameters)


def _of_units(network: Network, population: Population, name: str, value: Any) -> np.ndarray:
    batch_size, size = network.batch_size, population.size
    array = np.asarray(value, dtype=float)
    if array.shape not in ((batch_size, 1), (batch_size, size)):
        raise RecircuitError(
            f"{population.name}.{name} is one number for all units, or an array of the shape ({batch_size}, 1), one for each "
            f"batch element, or ({batch_size}, {size}), one for each unit in each; got the shape {array.shape}."
        )
    return np.broadcast_to(array, (batch_size, size)).copy()

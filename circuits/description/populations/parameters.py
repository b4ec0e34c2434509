"""Changing a parameter of a population: to one value for all, or to one for each batch element or unit."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..network import Network
from .population import Population
from .starting import of_each_unit


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
        population.spread[name] = of_each_unit(population, name, value, network.batch_size)
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

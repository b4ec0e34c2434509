"""Changes of a population's parameter: to one value for all, or to one for each batch element or unit."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..network import Network
from .population import Population
from .starting import of_each_unit


def change_parameter(network: Network, population: Population, name: str, value: Any) -> bool:
    """Set the new value of a parameter, and say whether the code of a circuit changes with it.

    The code changes if step-by-step mode begins or ends, or if units begin or cease to have values of their own.

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
    """Return the properties of the parameters on which the code depends."""
    return sorted(population.spread), assigned(network, population)


def assigned(network: Network, population: Population) -> list[str]:
    """Return the states in step-by-step mode, without those whose time constant differs from unit to unit."""
    return population.neuron.assigned(network.dt, population.single_parameters)

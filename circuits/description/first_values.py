"""The initial values of a circuit: parameters, constants, and everything that is drawn at random."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .network import Network
from .populations.population import Population
from .populations.starting import first_value
from .projections.initial import draw
from .projections.projection import Projection, Transposed


def first_values(network: Network) -> dict[str, Any]:
    """Return the initial values: parameters, constants, and random values (weights, masks and states of rules).

    Each projection has a stream of random numbers of its own, which is the same on every backend.
    """
    found: dict[str, Any] = dict(network.constants)
    for population in network.populations.values():
        parameters = population.neuron.parameters
        found |= {f"{population.name}.{k}": float(np.asarray(v)) for k, v in parameters.items()}
        found |= _of_units(network, population)
        found |= {f"{population.name}.{k}": v for k, v in population.spread.items()}
    for index, projection in enumerate(network.projections.values()):
        rng = np.random.default_rng([network.seed, index])
        found |= {f"{projection.name}.{k}": v for k, v in _of_synapses(projection, rng).items()}
    return found


def _of_units(network: Network, population: Population) -> dict[str, Any]:
    """Return the initial values of units; each variable has a stream of random numbers of its own."""
    found = {}
    for variable in population.initial:
        name = f"{population.name}.{variable}"
        rng = np.random.default_rng([network.seed, *name.encode()])
        found[name] = first_value(population, variable, (network.batch_size, population.size), rng)
    return found


def _of_synapses(projection: Projection, rng: np.random.Generator) -> dict[str, Any]:
    name, shape, equation = projection.name, projection.shape, projection.equation
    if isinstance(projection.weights, Transposed):
        return {}
    mask = projection.mask(rng)
    if mask is not None and projection.connectivity.masked:
        shape = shape.thinned(mask)
    found = {"w": draw(projection.weights, rng, shape, name)}
    if equation is not None and equation.plastic:
        states: Mapping[str, Any] = {**equation.state, **equation.traces, **projection.states}
        found |= {k: draw(v, rng, shape, f"{name}.{k}", equation.dimension(k), by_pre=True) for k, v in states.items()}
    if mask is not None:
        found = {k: v * mask for k, v in found.items()} | {"mask": mask}
    if equation is not None and equation.plastic:
        found |= equation.parameters
    return found

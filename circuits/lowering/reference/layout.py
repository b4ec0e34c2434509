"""The variables of the reference form."""

from __future__ import annotations

import numpy as np

from ...connectivity import Synapses
from ...description.network import Network
from ...description.projections.projection import Projection, Transposed
from ...description.reads import sums_in
from ..layout import by_key, clock, of_population
from ..variables import Scope, Variable
from .pooling import scratch


def reference_layout(
    network: Network, sent: dict[str, list[str]], synapses: dict[str, Synapses]
) -> dict[str, Variable]:
    """Return the variables of the clock, of populations, and of the synapses of each projection."""
    found = clock()
    for population in network.populations.values():
        extra = [
            *scratch(network, population.name),
            *sums_in(network, population.name),
            *sent.get(population.name, []),
        ]
        found += of_population(network, population, extra)
    for projection in network.projections.values():
        if not isinstance(projection.weights, Transposed):
            found += _of_projection(projection, synapses[projection.name])
    return by_key(network, found)


def kept(projection: Projection, *, plain: bool = False) -> list[str]:
    """Return the variables that a projection keeps; if ``plain``, in Brian2's names, with those used only in an update."""
    equation = projection.equation
    found = ["w", *(["mask"] if projection.connectivity.shared and masked(projection) else [])]
    if equation is None or not equation.plastic:
        return found
    names = [*equation.state, *equation.traces, *equation.parameters]
    if not plain:
        return [*found, *names, "updates"]
    inner = [equation.plain_names.get(v, v) for v in (*names, *equation.locals)]
    return [*found, *inner, "updates", *(f"total_{k}" for k in range(len(equation.statements)))]


def masked(projection: Projection) -> bool:
    """Return whether a projection has weights of its own, some of which belong to no synapse."""
    own = not isinstance(projection.weights, Transposed)
    return own and projection.mask(np.random.default_rng(0)) is not None


def _of_projection(projection: Projection, synapses: Synapses) -> list[Variable]:
    name, equation, shape = projection.name, projection.equation, projection.shape
    plastic = equation is not None and equation.plastic
    whole = projection.connectivity.shared or len(synapses.weight) == np.prod(shape)
    places = None if whole else synapses.weight
    arrays = ["w", *(equation.state if plastic and equation else ())]
    found = [Variable(name, v, shape, Scope.WEIGHT, places=places) for v in arrays]
    if plastic and equation is not None:
        found += [Variable(name, v, (1, *shape), Scope.TRACE, places=places) for v in equation.traces]
        found += [Variable(name, parameter, (), Scope.CIRCUIT) for parameter in equation.parameters]
        found.append(Variable(name, "updates", (), Scope.CIRCUIT))
    if projection.connectivity.shared and masked(projection):
        found.append(Variable(name, "mask", shape, Scope.WEIGHT))
    return found

"""The variables of a circuit as Brian2 groups: batch_size x N units in a NeuronGroup, and weights in a store."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import numpy as np
from brian2 import Equations, NeuronGroup
from brian2.equations.equations import PARAMETER, SUBEXPRESSION, Expression, SingleEquation
from brian2.units import Quantity
from brian2.units.fundamentalunits import DIMENSIONLESS, get_dimensions

from ...description.populations.population import Population
from ...description.reads import definitions
from ..equations.state_equations import ELEMENT_INDEX
from ..layout import SHARED_INDEX
from ..variables import Scope, Variable
from .assembly import Assembly
from .runner import Store


def add_groups(assembly: Assembly) -> None:
    """Add a group for every owner of variables."""
    network = assembly.lowered.network
    assembly.arrays |= {f"clock.{v}": assembly.clock.variables[v] for v in ("timestep", "t")}
    for owner, variables in groupby(assembly.variables.values(), key=lambda v: v.owner):
        if owner == "clock":
            continue
        if owner in network.populations:
            add_population(assembly, network.populations[owner], list(variables))
        else:
            add_store(assembly, owner, list(variables))


def add_population(assembly: Assembly, population: Population, variables: list[Variable]) -> None:
    """Add a NeuronGroup of all units in all batch elements."""
    neuron, name, network = population.neuron, population.name, assembly.lowered.network
    several = assembly.batch_size > 1
    shared = [v for v in variables if v.scope is Scope.SHARED_UNIT and several]
    units = [v.name for v in variables if v.scope in (Scope.UNIT, Scope.SHARED_UNIT) and v not in shared]
    lines = [SingleEquation(PARAMETER, v, neuron.dimension(v)) for v in units]
    single = population.single_parameters.items()
    lines += [SingleEquation(PARAMETER, p, _dimension(v), flags=["shared"]) for p, v in single]
    lines += [
        SingleEquation(SUBEXPRESSION, v, neuron.dimensions.get(v, DIMENSIONLESS), expr=Expression(e))
        for v, e in definitions(network, population).items()
    ]
    group = NeuronGroup(
        assembly.batch_size * population.size, Equations(lines), dtype=assembly.dtype, clock=assembly.clock,
        name=f"population_{name}", namespace={}, codeobj_class=assembly.codeobj_class,
    )  # fmt: skip
    if shared:
        _add_shared(group, population, shared, assembly.dtype)
    for variable in variables:
        if variable.name == ELEMENT_INDEX:
            group.variables.add_array(ELEMENT_INDEX, size=len(group), dtype=np.int32)
        if variable.scope is Scope.DELAY:
            group.variables.add_array(variable.name, size=variable.size, dtype=assembly.dtype)
    assembly.add_group(name, group)
    assembly.arrays |= {v.key: group.variables[v.name] for v in variables}


def _add_shared(group: NeuronGroup, population: Population, shared: list[Variable], dtype: np.dtype) -> None:
    """Add arrays with one value for each unit, which the units in all batch elements reach by an index."""
    group.variables.add_array(SHARED_INDEX, size=len(group), dtype=np.int32)
    for variable in shared:
        dimension = population.neuron.dimensions.get(variable.name, DIMENSIONLESS)
        group.variables.add_array(
            variable.name, size=population.size, dtype=dtype, dimensions=dimension, index=SHARED_INDEX
        )


def add_store(assembly: Assembly, owner: str, variables: list[Variable]) -> Store:
    """Add a store with the arrays of a projection, or with the state of the presentation, and return it."""
    whole = next((v.size for v in variables if v.scope is Scope.WEIGHT), 1)
    name = f"weights_{owner}" if owner in assembly.lowered.network.projections else owner
    store = Store(name, whole, assembly.clock, assembly.codeobj_class)
    for variable in variables:
        dtype = variable.kind.dtype(assembly.dtype)
        if variable.shape:
            store.array(variable.name, variable.size, dtype)
        else:
            store.scalar(variable.name, dtype)
        assembly.arrays[variable.key] = store.variables[variable.name]
    assembly.add_group(owner, store)
    return store


def _dimension(value: Any) -> Any:
    return get_dimensions(value) if isinstance(value, Quantity) else DIMENSIONLESS

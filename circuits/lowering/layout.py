"""The variables that the operations of a circuit need in memory, and the initial values of some of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import RecircuitError
from ..description.network import Network
from ..description.populations.population import Population
from ..description.projections.arriving import arriving_from
from ..description.projections.projection import Projection, Transposed
from ..description.reads import argmaxes, broadcasts_into, incoming_fields, sums_in
from .delays.lines import delay_variables, table_constants, table_variables, tap_names
from .equations.state_equations import ELEMENT_INDEX, remembers
from .operations import Operation, Scratch
from .synapses import kept_arrays
from .variables import Kind, Scope, Variable

#: The variable with the number of batch elements that show something in the present presentation.
ACTIVE = Variable("presentation", "active", (), Scope.CIRCUIT, Kind.WHOLE)

#: The variable of a population with shared variables that holds the index of every unit, in every batch element.
SHARED_INDEX = "shared_index"


def layout(network: Network, operations: list[Operation], *, tables: bool = True) -> dict[str, Variable]:
    """Return all variables in order: those of the clock, of populations, and of projections.

    Parameters
    ----------
    network : Network
        The description of the circuit.
    operations : list of Operation
        The operations, whose signals and factors are variables too.
    tables : bool, default True
        Whether to include the variables that hold the tables of connectivities. These tables are then computed.
    """
    scratch = _scratch(operations)
    found = clock()
    for population in network.populations.values():
        sums = sums_in(network, population.name)
        found += of_population(
            network, population, [*scratch.get(population.name, []), *argmaxes(network, population.name), *sums]
        )
    found.append(ACTIVE)
    for projection in network.projections.values():
        if not isinstance(projection.weights, Transposed):
            found += _of_projection(network, projection)
            found += _tables(projection) if tables else []
        found += table_variables(network, projection)
    return by_key(network, found)


def by_key(network: Network, variables: list[Variable]) -> dict[str, Variable]:
    """Return variables by their keys, in the same order.

    Raises
    ------
    RecircuitError
        If two variables have one key, or a variable has the name of an expression of its population. The message names
        it.
    """
    found: dict[str, Variable] = {}
    computed = {
        f"{p.name}.{name}"
        for p in network.populations.values()
        for name in (*p.neuron.expressions, *p.neuron.compartments, *p.neuron.totals)
    }
    for variable in variables:
        if variable.key in found or variable.key in computed:
            raise RecircuitError(
                f"circuit: {variable.key!r} would be the name of two variables: one that the equations or the rule declare, "
                f"and one that the circuit adds. Give yours another name than {variable.name!r}."
            )
        found[variable.key] = variable
    return found


def constants(network: Network) -> dict[str, Any]:
    """Return the initial values of variables that nobody declares: tables, indices, and the number of showing elements."""
    found: dict[str, Any] = {ACTIVE.key: network.batch_size}
    for population in network.populations.values():
        if population.neuron.shared and network.batch_size > 1:
            found[f"{population.name}.{SHARED_INDEX}"] = np.arange(population.size)
        if any(remembers(network, population, s) for s in population.neuron.states):
            found[f"{population.name}.{ELEMENT_INDEX}"] = np.arange(network.batch_size)[:, None]
    for projection in network.projections.values():
        found |= table_constants(network, projection)
        if not isinstance(projection.weights, Transposed):
            found |= {f"{projection.name}.{k}": v for k, v in projection.connectivity.tables.items()}
    return found


def clock() -> list[Variable]:
    """Return the variables of the clock: the number of steps, and the time."""
    return [
        Variable("clock", "timestep", (), Scope.CIRCUIT, Kind.LONG),
        Variable("clock", "t", (), Scope.CIRCUIT, Kind.DOUBLE),
    ]


def of_population(network: Network, population: Population, scratch: list[str]) -> list[Variable]:
    """Return the states, fields, scratch variables, broadcasts and parameters of units."""
    neuron, name = population.neuron, population.name
    fields = [field for parts in incoming_fields(network, population).values() for field in parts]
    stored = [*neuron.stored, *fields, *scratch]
    stored += [b for b in broadcasts_into(network, population) if b not in stored]
    shape = (network.batch_size, population.size)
    shared = set(neuron.shared)
    units = [
        Variable(name, v, shape[1:], Scope.SHARED_UNIT) if v in shared else Variable(name, v, shape, Scope.UNIT)
        for v in [*stored, *tap_names(network, population), *arriving_from(network, population)]
    ]
    if shared and network.batch_size > 1:
        units += [Variable(name, s.of_each, shape, Scope.UNIT) for s in neuron.states if s.shared]
        units.append(Variable(name, SHARED_INDEX, shape, Scope.TABLE, Kind.WHOLE))
    if any(remembers(network, population, s) for s in neuron.states):
        units.append(Variable(name, ELEMENT_INDEX, shape, Scope.TABLE, Kind.WHOLE))
    units += delay_variables(network, population)
    spread = [Variable(name, parameter, shape, Scope.UNIT) for parameter in population.spread]
    return units + spread + [Variable(name, parameter, (), Scope.CIRCUIT) for parameter in population.single_parameters]


def _of_projection(network: Network, projection: Projection) -> list[Variable]:
    name, equation = projection.name, projection.equation
    found = []
    if equation is not None and equation.plastic:
        found += [Variable(name, parameter, (), Scope.CIRCUIT) for parameter in equation.parameters]
        found.append(Variable(name, "updates", (), Scope.CIRCUIT, Kind.DOUBLE))
    found += [Variable(name, array, projection.shape, Scope.WEIGHT) for array in kept_arrays(projection)]
    if equation is not None and equation.plastic:
        found += [Variable(name, t, (network.batch_size, *projection.shape), Scope.TRACE) for t in equation.traces]
    return found


def _tables(projection: Projection) -> list[Variable]:
    tables = projection.connectivity.tables
    return [Variable(projection.name, t, values.shape, Scope.TABLE, Kind.WHOLE) for t, values in tables.items()]


def _scratch(operations: list[Operation]) -> dict[str, list[str]]:
    """Return, for each population, the variables of signals and factors: signals first, factors that are known late last."""
    found: dict[str, list[Scratch]] = {}
    for operation in operations:
        found.setdefault(operation.owner, []).extend(operation.scratch)
    kinds = ("sent", "factor", "late")
    return {
        o: [s.variable for s in sorted(some, key=lambda s: (kinds.index(s.kind), s.number))]
        for o, some in found.items()
    }

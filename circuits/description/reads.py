"""The stored variables that the value of an equation depends on, and the dimensions of variables."""

from __future__ import annotations

from functools import lru_cache

from brian2.units.fundamentalunits import DIMENSIONLESS, Dimension
from brian2.utils.stringtools import get_identifiers

from ...errors import RecircuitError
from ...plasticity import SynapticEquation, lower
from ...plasticity.incoming import summing_sides
from ...plasticity.steps import Gather
from .network import Network
from .populations.population import Population
from .projections.arriving import arriving_from, arriving_in, with_arrivals
from .projections.projection import Projection, Transposed


def dimension_in(network: Network, owner: str, variable: str) -> Dimension:
    """Return the dimension of a variable or parameter of a population or projection; weights are plain numbers."""
    if owner in network.populations:
        return network.populations[owner].neuron.dimension(variable)
    equation = network.projections[owner].equation if owner in network.projections else None
    return DIMENSIONLESS if equation is None else equation.dimension(variable)


def incoming_fields(network: Network, population: Population) -> dict[str, list[str]]:
    """Return, for each compartment and sum of weights, the variables of single projections that are added up in it."""
    neuron = population.neuron
    fields: dict[str, list[str]] = {name: [] for name in (*neuron.compartments, *neuron.totals)}
    for projection in network.projections.values():
        if projection.post is population:
            fields[projection.into].append(projection.field)
            for total, part in projection.totals().items():
                fields[total].append(part)
    return fields


def sums_of(projection: Projection, side: str) -> list[str]:
    """Return the variables of the units on one side that keep a rule's sums over their synapses."""
    equation = projection.equation
    if equation is None or side not in summing_sides(equation.statements):
        return []
    return [s.variable for s in _gathered(with_arrivals(equation, projection), projection.name) if s.side == side]


@lru_cache(4096)
def _gathered(equation: SynapticEquation, of: str) -> tuple[Gather, ...]:
    """Return the sums over synapses of a rule. They are cached, since lowering asks for them hundreds of times."""
    return tuple(step for step in lower(equation, of=of) if isinstance(step, Gather))


def sums_in(network: Network, population: str) -> list[str]:
    """Return the sums that rules of the projections into and from a population keep in its units."""
    ends = [
        (p, side, end.name) for p in network.projections.values() for side, end in (("post", p.post), ("pre", p.pre))
    ]
    return [s for p, side, end in ends if end == population for s in sums_of(p, side)]


def pools_into(network: Network, population: str) -> list[Projection]:
    """Return the projections that bring the largest of their signals into a population."""
    into = [p for p in network.projections.values() if p.post.name == population and p.connectivity.kind == "largest"]
    return [p for p in into if not isinstance(p.weights, Transposed)]


def argmaxes(network: Network, population: str) -> list[str]:
    """Return the variables in which a population remembers which of its inputs was the largest."""
    return [p.argmax for p in pools_into(network, population)]


def broadcasts_into(network: Network, population: Population) -> list[str]:
    """Return the broadcasts that a population's equations, or the rules of the projections into it, read."""
    names = set(population.neuron.broadcasts)
    for projection in network.projections.values():
        if projection.post is population and projection.equation is not None:
            names |= set(projection.equation.broadcasts)
    missing = sorted(names - set(network.broadcasts))
    if missing:
        raise RecircuitError(
            f"population {population.name!r} reads the broadcast {missing[0]!r}, which nothing sends. "
            f"Add it: circuit.broadcast(source, {missing[0]!r})."
        )
    return sorted(names)


def definitions(network: Network, population: Population) -> dict[str, str]:
    """Return the variables that are computed where they are read: expressions, and compartments as sums of fields."""
    fields = incoming_fields(network, population)
    return population.neuron.expressions | {c: " + ".join(parts) or "0.0" for c, parts in fields.items()}


def read_by(network: Network, population: Population, code: str) -> frozenset[str]:
    """Return the stored variables that code reads, through the expressions it names, as ``"h.rate"``."""
    return frozenset(f"{population.name}.{v}" for v in stored_in(network, population, get_identifiers(code)))


def read_of_units(network: Network, projection: Projection) -> set[str]:
    """Return the stored variables of both populations that a projection's rule reads."""
    equation = projection.equation
    assert equation is not None
    sides = (
        (projection.pre, {*equation.reads_pre, *arriving_in(projection).values()}),
        (projection.post, {*equation.reads_post, *equation.broadcasts}),
    )
    return {f"{unit.name}.{v}" for unit, names in sides for v in stored_in(network, unit, names)}


def stored_in(network: Network, population: Population, names: set[str]) -> set[str]:
    """Return the names, with expressions and compartments replaced by the stored variables in them."""
    neuron = population.neuron
    fields = incoming_fields(network, population)
    known = {"t", *neuron.stored, *network.broadcasts, *neuron.parameters, *sums_in(network, population.name)}
    known |= set(arriving_from(network, population))
    found: set[str] = set()
    todo, seen = set(names), set()
    while todo:
        name = todo.pop()
        seen.add(name)
        if name in fields:
            found |= set(fields[name])
        elif name in neuron.expressions:
            todo |= get_identifiers(neuron.expressions[name]) - seen
        elif name in known:
            found.add(name)
    return found

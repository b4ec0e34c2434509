"""Checks that are made when a projection is declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brian2.units.fundamentalunits import DIMENSIONLESS, get_unit

from ....errors import RecircuitError
from ....plasticity import SynapticEquation
from ....plasticity.names import ARRIVING
from ...connectivity import CONNECTIVITIES, Connectivity, Dense
from ..populations.population import Population
from .projection import Projection, Transposed


def checked_connectivity(connectivity: Any, pre: Population, post: Population, name: str) -> Connectivity:
    """Return the given connectivity, or `Dense` if there is none; refuse one that does not fit."""
    connectivity = Dense() if connectivity is None else connectivity
    if not isinstance(connectivity, Connectivity):
        raise RecircuitError(
            f"connect {name}: connectivity is one such as Dense() or Masked(probability), an array of truth values (n_post, "
            f"n_pre), a SciPy sparse matrix, or a pair of lists (pre, post); got {connectivity!r}. There are "
            f"{CONNECTIVITIES.listed()}."
        )
    connectivity.check(pre.size, post.size, f"connect {name}")
    return connectivity


def check_transpose(
    weights: Transposed,
    pre: Population,
    post: Population,
    equation: SynapticEquation | None,
    connectivity: Connectivity | None,
    name: str,
) -> None:
    """Refuse weights of another projection that do not fit."""
    owner = weights.of.owner
    if owner is not weights.of:
        raise RecircuitError(
            f"connect {name}: the weights of {weights.of.name!r} are those of {owner.name!r}. Take them from there, as in "
            f"circuit[{owner.name!r}].T or circuit[{owner.name!r}].again()."
        )
    if weights.of.network is not pre.network:
        raise RecircuitError(
            f"connect {name}: {weights.of.name!r} is a projection of another circuit. Give its own weights."
        )
    if weights.elsewhere:
        _check_sizes(weights, pre, post, name)
    elif not weights.flipped and (weights.of.pre is not pre or weights.of.post is not post):
        raise RecircuitError(
            f"connect {name}: the weights of {weights.of.name} run from {weights.of.pre.name!r} to {weights.of.post.name!r}, "
            f"and its synapses transmit again between the same units. Connect these populations."
        )
    elif weights.flipped and (weights.of.pre is not post or weights.of.post is not pre):
        raise RecircuitError(
            f"connect {name}: the weights {weights.of.name}.T run from {weights.of.post.name!r} to "
            f"{weights.of.pre.name!r}. Connect these populations in this direction."
        )
    if equation is not None and equation.plastic:
        raise RecircuitError(
            f"connect {name}: weights that belong to another projection, {weights.of.name}, have no rule of their own. Leave "
            "the rule out."
        )
    of = weights.of.equation
    kept = ["w", *((*of.state, *of.traces) if weights.of.plastic and of is not None else ())]
    if weights.variable not in kept:
        raise RecircuitError(
            f"connect {name}: the synapses of {weights.of.name} have no variable {weights.variable!r} that could be the "
            f"weights; they have {kept}. Declare it as a state of their rule."
        )
    if weights.of.connectivity.kind == "largest" and not weights.flipped:
        raise RecircuitError(
            f"connect {name}: {weights.of.name!r} selects the largest signal of each window, and has no weights by which it "
            f"could transmit another signal. Give connectivity={weights.of.connectivity} in place of weights."
        )
    if weights.traced and weights.of.connectivity.kind != "dense":
        raise RecircuitError(
            f"connect {name}: {weights.variable!r} is a trace of {weights.of.name}, and traces transmit between all pairs of "
            f"units, or those of a mask; got {weights.of.connectivity}. Use connectivity=Dense(), or Masked(...)."
        )
    if connectivity is not None and connectivity != weights.of.connectivity:
        raise RecircuitError(
            f"connect {name}: these are the synapses of {weights.of.name}, which are "
            f"{weights.of.connectivity}; got connectivity={connectivity}. Leave the connectivity out."
        )


def _check_sizes(weights: Transposed, pre: Population, post: Population, name: str) -> None:
    sizes = (weights.of.pre.size, weights.of.post.size)
    wanted = sizes[::-1] if weights.flipped else sizes
    if (pre.size, post.size) != wanted:
        raise RecircuitError(
            f"connect {name}: the weights of {weights.of.name}{', transposed,' if weights.flipped else ''} run from "
            f"{wanted[0]} to {wanted[1]} units; got {pre.name!r} with {pre.size} and {post.name!r} with {post.size}."
        )


def check_rule(projection: Projection, broadcasts: set[str]) -> None:
    """Refuse a rule that reads what the two populations, or the circuit, do not have."""
    equation = projection.equation
    if equation is None:
        if projection.states:
            raise RecircuitError(
                f"connect {projection.name}: states names {next(iter(projection.states))!r}, and these synapses have no rule "
                "that keeps anything. Leave states out, or give a rule."
            )
        return
    if equation.plastic and not projection.connectivity.learns:
        raise RecircuitError(
            f"connect {projection.name}: {projection.connectivity} has no weights that learn; got the rule {equation.rule!r}. "
            "Leave the rule out."
        )
    sides = {"pre": projection.pre, "post": projection.post}
    for suffix, reads in (("pre", equation.reads_pre), ("post", equation.reads_post)):
        for variable in sorted(reads):
            _check_read(projection.name, equation.rule, variable, suffix, sides)
    if equation.reads_arriving:
        _check_arriving(projection, equation.rule)
    unknown = sorted(set(projection.states) - {*equation.state, *equation.traces})
    if unknown:
        raise RecircuitError(
            f"connect {projection.name}: states names {unknown[0]!r}, but the rule {equation.rule!r} keeps "
            f"{sorted({*equation.state, *equation.traces}) or 'nothing'} in its synapses."
        )
    absent = sorted(set(equation.broadcasts) - broadcasts)
    if absent:
        raise RecircuitError(
            f"connect {projection.name}: the rule {equation.rule!r} reads the broadcast {absent[0]!r}, which this "
            f"circuit does not have (it has {sorted(broadcasts)}). "
            f"Add it first: circuit.broadcast(source, {absent[0]!r})."
        )


def _check_arriving(projection: Projection, rule: str) -> None:
    """Refuse a rule that reads `arriving_pre` if the pre population has a variable named `arriving`."""
    name, pre = f"connect {projection.name}", projection.pre
    if ARRIVING in pre.variables():
        raise RecircuitError(
            f"{name}: in the rule {rule!r} arriving_pre is the signal that the projection brings in, and {pre.name!r} has a "
            "variable of its own called 'arriving'. Give that variable another name."
        )


def check_delay_shape(projection: Projection) -> None:
    """Refuse delays of single synapses that do not fit the weights, or that its weights cannot have.

    Raises
    ------
    RecircuitError
        If the shapes differ, or if a pool or traces transmit. The message has both shapes, or says which.
    """
    if isinstance(projection.delay, int):
        return
    owner, where = projection.owner, f"connect {projection.name}"
    flipped = isinstance(projection.weights, Transposed) and projection.weights.flipped
    wanted = owner.shape[::-1] if flipped else owner.shape
    if projection.delay.shape != wanted:
        raise RecircuitError(
            f"{where}: delays of single synapses have the shape of the weights, {wanted}; got {projection.delay.shape}."
        )
    if projection.connectivity.kind == "largest":
        raise RecircuitError(
            f"{where}: max pooling takes one delay for all synapses; got an array. Give one time, such as delay=5*ms."
        )
    if isinstance(projection.weights, Transposed) and projection.weights.traced:
        raise RecircuitError(
            f"{where}: traces transmit with one delay for all synapses; got an array. Give one time, such as delay=5*ms."
        )


def _check_read(name: str, rule: str, variable: str, side: str, sides: Mapping[str, Population]) -> None:
    """Refuse a variable that the unit on this side does not have, or that has a dimension."""
    population, (other,) = sides[side], (s for s in sides if s != side)
    reads = f"connect {name}: the rule {rule!r} reads {variable}_{side}, but"
    if variable not in population.variables():
        there = variable in sides[other].variables()
        hint = (
            f"{sides[other].name!r}, on the other side, has it: read {variable}_{other}."
            if there
            else f"Write one into the equations of {population.name!r}; or take the circuit that the rule is for, as "
            "recircuit.models.networks.node_perturbation and recircuit.models.networks.recirculation build them for theirs."
        )
        raise RecircuitError(
            f"{reads} {population.name!r} has no {variable!r}; it has {population.variables()}. {hint}"
        )
    if variable == "x" and "x" in population.neuron.stored and population.stored_name("rate") != "x":
        raise RecircuitError(
            f"{reads} {population.name!r} has a variable of its own called 'x', which is not what it sends. In rules x_{side} "
            f"is the rate of a unit. Call the variable by another name, such as v, and the rule reads the rate; or let the "
            f"rule read what you mean, as rate_{side} or v_{side}."
        )
    dimension = population.neuron.dimension(variable)
    if dimension is not DIMENSIONLESS:
        raise RecircuitError(
            f"{reads} {variable!r} of {population.name!r} has the unit {get_unit(dimension)}, and weights have none. Divide "
            f"it by a scale of its own in the equations, as in 'u = {variable}/scale : 1' with Neuron(..., scale=...), "
            f"and read u_{side}."
        )

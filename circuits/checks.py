"""What must fit when a projection is declared."""

from __future__ import annotations

from typing import Any

from ..errors import RecircuitError
from ..plasticity import Rule, SynapticEquation
from .population import Population
from .projection import Projection, Transposed
from .structures import Dense


def equation_of(rule: Any, into: str, name: str) -> SynapticEquation | None:
    """The equation that a rule has for a projection into this compartment."""
    if not isinstance(rule, Rule):
        raise RecircuitError(f"connect {name}: rule is a Rule or one of its equations; got {rule!r}.")
    return rule.feedback if into == "apical" else rule.forward


def check_transpose(
    weights: Transposed,
    pre: Population,
    post: Population,
    equation: SynapticEquation | None,
    structure: Dense | None,
    name: str,
) -> None:
    """Refuse a transpose that does not fit."""
    if weights.of.pre is not post or weights.of.post is not pre:
        raise RecircuitError(
            f"connect {name}: {weights.of.name}.T runs from {weights.of.post.name!r} to {weights.of.pre.name!r}."
        )
    if equation is not None and equation.plastic:
        raise RecircuitError(f"connect {name}: weights that are another's transpose have no rule of their own.")
    if structure is not None and structure != weights.of.structure:
        raise RecircuitError(
            f"connect {name}: {weights.of.name}.T has the synapses of {weights.of.name}, which are "
            f"{weights.of.structure}; got structure={structure}. Leave the structure out."
        )


def check_rule(projection: Projection, broadcasts: set[str]) -> None:
    """Refuse a rule that reads what the two populations, or the circuit, do not have."""
    equation = projection.equation
    if equation is None:
        return
    for suffix, population, reads in (
        ("pre", projection.pre, equation.reads_pre),
        ("post", projection.post, equation.reads_post),
    ):
        missing = sorted(set(reads) - set(population.variables()))
        if missing:
            raise RecircuitError(
                f"connect {projection.name}: the rule {equation.rule!r} reads {missing[0]}_{suffix}, but "
                f"{population.name!r} has no {missing[0]!r}; it has {population.variables()}."
            )
    absent = sorted(set(equation.broadcasts) - broadcasts)
    if absent:
        raise RecircuitError(
            f"connect {projection.name}: the rule {equation.rule!r} reads the broadcast {absent[0]!r}, which this "
            f"circuit does not have (it has {sorted(broadcasts)}). "
            f"Add it first: circuit.broadcast(source, {absent[0]!r})."
        )

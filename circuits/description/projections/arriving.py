"""The meaning of `arriving_pre` in a rule: the last signal that a projection has delivered, kept in its pre population.

If synapses have delays of their own, one signal is kept for each delay, and each synapse reads the one of its delay.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from brian2.utils.stringtools import word_substitute

from ....plasticity import SynapticEquation
from ....plasticity.names import ARRIVING, LATE
from ..network import Network
from ..populations.population import Population
from .projection import Projection

__all__ = ["arriving_from", "arriving_in", "with_arrivals"]


def arriving_in(projection: Projection) -> dict[int, str]:
    """Return, for each delay in steps, the variable of the pre unit with its last signal; none if the rule reads none."""
    equation, kept = projection.equation, f"{ARRIVING}_{projection.name}"
    if equation is None or not equation.reads_arriving:
        return {}
    if isinstance(projection.delay, int):
        return {projection.delay: kept}
    return {int(steps): f"{kept}_by_{steps}" for steps in np.unique(projection.delay)}


def arriving_from(network: Network, population: Population) -> list[str]:
    """Return the variables with the last signals of all projections from a population."""
    return [v for p in network.projections.values() if p.pre is population for v in arriving_in(p).values()]


def with_arrivals(equation: SynapticEquation, projection: Projection) -> SynapticEquation:
    """Return the equation with variables of the pre population in place of `arriving_pre`."""
    if not (variables := arriving_in(projection)):
        return equation
    if isinstance(projection.delay, int):
        whole = f"{variables[projection.delay]}_pre"
    else:  # each synapse reads the signal that has its delay
        whole = " + ".join(f"int({LATE} == {steps})*{variable}_pre" for steps, variable in variables.items())
    named = {f"{ARRIVING}_pre": f"({whole})"}
    statements = (replace(s, expression=word_substitute(s.expression, named)) for s in equation.statements)
    return replace(equation, statements=tuple(statements))

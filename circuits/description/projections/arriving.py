"""What `arriving_pre` stands for in a rule: the signal that a projection has brought in last, kept in its pre population.

Where synapses have delays of their own there is one for each delay, and each synapse reads that of its own.
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
    """Delay in steps -> the variable of the pre unit that keeps what has been brought in with it, if the rule reads that."""
    equation, kept = projection.equation, f"{ARRIVING}_{projection.name}"
    if equation is None or not equation.reads_arriving:
        return {}
    if isinstance(projection.delay, int):
        return {projection.delay: kept}
    return {int(steps): f"{kept}_by_{steps}" for steps in np.unique(projection.delay)}


def arriving_from(network: Network, population: Population) -> list[str]:
    """Those of all projections from a population."""
    return [v for p in network.projections.values() if p.pre is population for v in arriving_in(p).values()]


def with_arrivals(equation: SynapticEquation, projection: Projection) -> SynapticEquation:
    """The equation, with `arriving_pre` as variables of the pre population."""
    if not (variables := arriving_in(projection)):
        return equation
    if isinstance(projection.delay, int):
        whole = f"{variables[projection.delay]}_pre"
    else:  # of each synapse the one that has its delay
        whole = " + ".join(f"int({LATE} == {steps})*{variable}_pre" for steps, variable in variables.items())
    named = {f"{ARRIVING}_pre": f"({whole})"}
    statements = (replace(s, expression=word_substitute(s.expression, named)) for s in equation.statements)
    return replace(equation, statements=tuple(statements))

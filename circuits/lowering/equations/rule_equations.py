"""The equation of a projection's rule in a step, in which the indicators of phases are replaced by their values.

`in_PHASE` is 1 in the steps of a phase and 0 elsewhere, so that each set of phases has an equation of its own, without the
terms that are closed. `arriving_pre` becomes the variables that `recircuit.circuits.description.projections.arriving` names.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from itertools import chain, combinations

from brian2.utils.stringtools import get_identifiers, word_substitute

from ....plasticity import SynapticEquation
from ....plasticity.names import in_phase
from ...description.network import Network
from ...description.projections.arriving import with_arrivals
from ...description.projections.projection import Projection
from ...description.schedules.during import During
from .closed_phases import is_closed, without_closed_terms

__all__ = ["all_equations", "equations_in_steps", "whole_equation"]


def equations_in_steps(
    network: Network, projection: Projection, opened: tuple[int, ...]
) -> list[tuple[SynapticEquation, tuple[int, ...]]]:
    """Return the different equations of a plastic projection's rule, each with the steps of ``opened`` in which it holds."""
    equation, what = whole_equation(projection), f"the rule of {projection.name!r}"
    if not equation.phases:
        return [(equation, opened)]
    where = {p: set(network.phased().open_steps(During((p,), strict=True), what)) for p in equation.phases}
    steps: dict[tuple[str, ...], list[int]] = {}
    for step in opened:
        steps.setdefault(tuple(p for p in equation.phases if step in where[p]), []).append(step)
    return [(_with_open_phases(equation, phases), tuple(some)) for phases, some in steps.items()]


def all_equations(projection: Projection) -> list[SynapticEquation]:
    """Return the equations for all sets of phases that can be open together."""
    equation = whole_equation(projection)
    phases = equation.phases
    sets = chain.from_iterable(combinations(phases, count) for count in range(len(phases) + 1))
    return [_with_open_phases(equation, opened) for opened in sets] if phases else [equation]


def whole_equation(projection: Projection) -> SynapticEquation:
    """Return the equation of a projection's rule, with the indicators of phases as names."""
    assert projection.equation is not None
    return with_arrivals(projection.equation, projection)


def _with_open_phases(equation: SynapticEquation, opened: Collection[str]) -> SynapticEquation:
    """Return the equation for a step in which some of the phases that it reads are open, and the others are closed."""
    values = {in_phase(phase): "1.0" if phase in opened else "0.0" for phase in equation.phases}
    statements = []
    for statement in equation.statements:
        if get_identifiers(statement.expression) & values.keys():
            expression = without_closed_terms(word_substitute(statement.expression, values))
            if is_closed(expression):
                if statement.target in equation.locals:
                    values[statement.target] = "0.0"
                if statement.operator == "+=" or statement.target in equation.locals:
                    continue
                expression = "0.0"
            statement = replace(statement, expression=expression)
        statements.append(statement)
    return replace(equation, statements=tuple(statements))

"""The steps in which parts of a circuit are open, and checks of the phases that pathways and rules name and read."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

from ....errors import RecircuitError
from ....plasticity.names import in_phase, phase_of
from ..neurons.neuron import phase_indicators
from ..populations.population import Population
from ..projections.projection import Projection
from .during import During
from .schedule import Schedule
from .timing import Sent

__all__ = [
    "broadcast_steps",
    "check_phases",
    "evaluated_steps",
    "projection_steps",
    "rule_steps",
    "stimulus_steps",
    "warn_of_rules_always_open",
]


def evaluated_steps(schedule: Schedule) -> list[int]:
    """Return the steps of one schedule that an evaluation runs."""
    shown = {step for name in schedule.evaluation for step in range(*schedule.windows[name])}
    return [step for step in range(schedule.steps) if step in shown or schedule.stream]


def stimulus_steps(schedule: Schedule, population: Population) -> tuple[int, ...]:
    """Return the steps in which a clamped population shows its data."""
    assert population.clamp is not None
    return schedule.open_steps(population.clamp.during, f"the stimulus {population.name!r}")


def projection_steps(schedule: Schedule, projection: Projection) -> tuple[int, ...]:
    """Return the steps in which a projection brings its signal in."""
    return schedule.open_steps(projection.during, f"the projection {projection.name!r}")


def rule_steps(schedule: Schedule, projection: Projection) -> tuple[int, ...]:
    """Return the steps in which a projection's rule is open."""
    return schedule.open_steps(projection.learns, f"the rule of {projection.name!r}")


def broadcast_steps(schedule: Schedule, name: str, sent: Sent) -> tuple[int, ...]:
    """Return the steps in which a broadcast is sent."""
    return schedule.open_steps(sent.during, f"the broadcast {name!r}")


def check_phases(
    populations: Mapping[str, Population],
    projections: Mapping[str, Projection],
    broadcasts: Mapping[str, Sent],
    schedule: Schedule,
) -> None:
    """Refuse a pathway, equation or rule that is open during a phase that does not exist, before anything is built."""
    for population in populations.values():
        for state in population.neuron.states:
            named = During(tuple(map(phase_of, phase_indicators(state.expression))), strict=True)
            for during in (state.during, named):
                schedule.open_steps(during, f"{population.name}.{state.variable}")
        if population.clamp is not None:
            stimulus_steps(schedule, population)
    for projection in projections.values():
        _check_phases_of_rule(projection, schedule)
        projection_steps(schedule, projection)
        if projection.plastic:
            rule_steps(schedule, projection)
    for name, sent in broadcasts.items():
        broadcast_steps(schedule, name, sent)


def _check_phases_of_rule(projection: Projection, schedule: Schedule) -> None:
    """Refuse a rule that reads a phase that does not exist, or in which it never learns."""
    for phase in projection.equation.phases if projection.equation is not None else ():
        what = f"the rule of {projection.name!r} reads {in_phase(phase)}, which"
        opened = schedule.open_steps(During((phase,), strict=True), what)
        if not set(opened) & set(rule_steps(schedule, projection)):
            raise RecircuitError(
                f"{what} is 0 in all steps in which the rule is open (it learns during {projection.learns}). Let it learn in "
                f"that phase too, as in connect(..., learns='{projection.learns} and {phase}')."
            )


def warn_of_rules_always_open(projections: Mapping[str, Projection], schedule: Schedule) -> None:
    """Warn of rules that learn in every step because no phase is named plasticity, which may be a spelling mistake."""
    names = [p.name for p in projections.values() if p.equation and p.equation.plastic and not p.learns.strict]
    phases = list(schedule.windows)
    if names and len(phases) > 1 and "plasticity" not in phases:
        warnings.warn(
            f"circuit: the rules of {', '.join(names)} learn in every step, as none of the phases {phases} is named "
            "plasticity. Name one so, or say when they learn: connect(..., learns='...').",
            stacklevel=4,
        )

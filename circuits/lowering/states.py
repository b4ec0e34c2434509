"""The operations of populations: their stimuli and their state equations."""

from __future__ import annotations

from dataclasses import replace

from brian2.utils.stringtools import get_identifiers, word_substitute

from ...plasticity.names import phase_of
from ..description.network import Network
from ..description.neurons.neuron import phase_indicators
from ..description.neurons.state_equation import StateEquation, noises
from ..description.populations import population as described
from ..description.populations.population import Population
from ..description.reads import read_by
from ..description.schedules.during import During
from ..description.schedules.modes import Modes
from ..description.schedules.open_phases import stimulus_steps
from ..description.schedules.schedule import Schedule
from .closing import openings
from .equations.closed_phases import without_closed_terms
from .equations.evaluation import DRAWS
from .equations.state_equations import SHOWING, averaged, check_expressions, remembers, state_statements, written
from .kernels import Average, Clamp, StateUpdate
from .operations import CLAMP, INTEGRATE, LATCH, Operation


def clamps(network: Network) -> list[Operation]:
    """Return the operations of clamped populations, which set rates to a row of the data from the first open step on.

    Series are set in each step that begins a row; if a step stands for many steps, in all of these.
    """
    made = []
    for population in network.populations.values():
        if (clamp := population.clamp) is None:
            continue
        steps = stimulus_steps(network.phased(), population)
        labels = clamp.kind == "labels"
        made.append(
            Operation(
                name=f"clamp_{population.name}", owner=population.name, slot=CLAMP,
                steps=_rows_begin(steps, clamp, network.phased()),
                kernel=Clamp(population.name, clamp.variable, labels, clamp.on, clamp.off, clamp.every), reads=frozenset(),
                writes=frozenset({f"{population.name}.{clamp.variable}"}), always=True, supervises=clamp.supervises,
            )
        )  # fmt: skip
    return made


def _rows_begin(steps: tuple[int, ...], clamp: described.Clamp, schedule: Schedule) -> tuple[int, ...]:
    """Return the steps in which a stimulus may have to show another row, or its row again."""
    if not clamp.every:
        return openings(steps, clamp.closed, schedule)
    whole = schedule.repeats or schedule.stream or isinstance(schedule, Modes) or clamp.closed == "zero"
    return steps if whole else steps[:: clamp.every]


def state_updates(network: Network, population: Population) -> list[Operation]:
    """Return one operation for each set of equations that are open together, so that all read the state before the step.

    Latches that are assigned after a phase have operations of their own, since they read the state after the step.
    """
    check_expressions(population, network)
    together: dict[tuple[StateEquation, ...], list[int]] = {}
    for opened in (_open_equations(population, network.phased()), _latches(population, network.phased())):
        for step, equations in enumerate(opened):
            if equations:
                together.setdefault(equations, []).append(step)
    used: dict[str, int] = {}
    made = []
    for equations, steps in together.items():
        base = "_".join(s.variable for s in equations)
        used[base] = used.get(base, 0) + 1
        suffix = f"_{used[base]}" if used[base] > 1 else ""
        made.append(state_update(network, population, equations, tuple(steps), suffix))
    return made + averages(network, population, made)


def state_update(
    network: Network,
    population: Population,
    equations: tuple[StateEquation, ...],
    steps: tuple[int, ...],
    suffix: str = "",
) -> Operation:
    """Return the operation that computes one step of these equations."""
    statements, read = state_statements(equations, population, network)
    name = population.name
    text = " ".join(s.expression for s in equations)
    random = bool(DRAWS & get_identifiers(text) or noises(text))
    scalars = (SHOWING,) if any(remembers(network, population, s) for s in equations) else ()
    return Operation(
        name=f"update_{name}_{'_'.join(s.variable for s in equations)}{suffix}", owner=name,
        slot=LATCH if equations[0].during.last else INTEGRATE, steps=steps,
        kernel=StateUpdate(name, statements, scalars, equations=equations, suffix=suffix),
        reads=read_by(network, population, read), writes=frozenset(f"{name}.{written(network, s)}" for s in equations),
        always=random, work=population.size * len(equations),
    )  # fmt: skip


def averages(network: Network, population: Population, updates: list[Operation]) -> list[Operation]:
    """Return the operations that take the mean of each shared variable after the state updates, in the slot of these."""
    name, steps = population.name, dict[tuple[str, str, int], set[int]]()
    for update in updates:
        assert isinstance(update.kernel, StateUpdate)
        for state in update.kernel.equations:
            if averaged(network, state):
                steps.setdefault((state.variable, state.of_each, update.slot), set()).update(update.steps)
    return [
        Operation(
            name=f"average_{name}_{variable}", owner=name, slot=slot, steps=tuple(sorted(when)),
            kernel=Average(name, population.size, variable, of_each), reads=frozenset({f"{name}.{of_each}"}),
            writes=frozenset({f"{name}.{variable}"}), work=population.size,
        )
        for (variable, of_each, slot), when in steps.items()
    ]  # fmt: skip


def _open_equations(population: Population, schedule: Schedule) -> list[tuple[StateEquation, ...]]:
    """Return, for every step, the open equations, with the phase indicators in_p replaced by 1 or 0."""
    states = [s for s in population.neuron.states if not s.during.last]
    where = {s: set(schedule.open_steps(s.during, f"{population.name}.{s.variable}")) for s in states}
    phases = [tuple(schedule.names_at(step)) for step in range(schedule.steps)]
    found = {  # the phases of a step decide, and long presentations repeat them
        names: tuple(_equation_in_step(s, step, population, schedule) for s in states if step in where[s])
        for names, step in {names: step for step, names in enumerate(phases)}.items()
    }
    return [found[names] for names in phases]


def _latches(population: Population, schedule: Schedule) -> list[tuple[StateEquation, ...]]:
    """Return, for every step, the latches that are assigned after a phase that ends with this step."""
    found: list[tuple[StateEquation, ...]] = [()] * schedule.steps
    for state in population.neuron.states:
        if state.during.last:
            for step in schedule.open_steps(state.during, f"{population.name}.{state.variable}"):
                found[step] += (_equation_in_step(state, step, population, schedule),)
    return found


def _equation_in_step(state: StateEquation, step: int, population: Population, schedule: Schedule) -> StateEquation:
    values = {}
    for indicator in phase_indicators(state.expression):
        steps = schedule.open_steps(During((phase_of(indicator),), strict=True), f"{population.name}.{state.variable}")
        values[indicator] = "1.0" if step in steps else "0.0"
    return (
        replace(state, expression=without_closed_terms(word_substitute(state.expression, values))) if values else state
    )

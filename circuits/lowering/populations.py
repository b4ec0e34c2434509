"""Populations as Brian2 NeuronGroups of B x N units, and their state equations as code."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import Any

from brian2 import Equations, NeuronGroup
from brian2.equations.equations import DIFFERENTIAL_EQUATION, PARAMETER, SUBEXPRESSION, Expression, SingleEquation
from brian2.stateupdaters.base import StateUpdateMethod
from brian2.units import Quantity
from brian2.units.fundamentalunits import DIMENSIONLESS, DimensionMismatchError, get_dimensions
from brian2.utils.stringtools import get_identifiers, word_substitute

from ...errors import RecircuitError
from ..description.neuron import StateEquation, lock_step, phase_indicators
from ..description.population import Population
from ..description.projection import Projection, Transposed
from ..description.schedule import During, Schedule
from .assembly import Array, Assembly, number
from .closed import without_closed
from .operations import INTEGRATE, Operation, Runner


def add_populations(assembly: Assembly, circuit: Any, factors: dict[str, list[str]]) -> None:
    """Add a NeuronGroup for each population; ``factors`` are the scratch variables that learning needs of it."""
    for population in circuit.populations.values():
        fields = incoming_fields(circuit, population)
        _add_group(assembly, population, fields, factors.get(population.name, []))
    for population in circuit.populations.values():
        _add_state_equations(assembly, population)


def incoming_fields(circuit: Any, population: Population) -> dict[str, list[str]]:
    """Compartment -> the field variables of the projections into it."""
    fields: dict[str, list[str]] = {name: [] for name in population.neuron.compartments}
    for projection in circuit.projections.values():
        if projection.post is population:
            fields[projection.into].append(projection.field)
    return fields


def winners(circuit: Any, population: str) -> list[str]:
    """What a population remembers of which of its inputs was the largest."""
    into = [p for p in circuit.projections.values() if p.post.name == population and p.structure.kind == "largest"]
    return [p.winner for p in into if not isinstance(p.weights, Transposed)]


def broadcasts_into(circuit: Any, population: Population) -> list[str]:
    """The broadcasts that a population's equations, or the rules of what projects to it, read."""
    names = set(population.neuron.broadcasts)
    for projection in circuit.projections.values():
        if projection.post is population and projection.equation is not None:
            names |= set(projection.equation.broadcasts)
    missing = sorted(names - set(circuit.broadcasts))
    if missing:
        raise RecircuitError(
            f"population {population.name!r} reads the broadcast {missing[0]!r}, which nobody sends. "
            f"Add it: circuit.broadcast(source, {missing[0]!r})."
        )
    return sorted(names)


def _add_group(assembly: Assembly, population: Population, fields: dict[str, list[str]], factors: list[str]) -> None:
    neuron, name = population.neuron, population.name
    stored = [*neuron.stored, *chain.from_iterable(fields.values()), *factors]
    circuit = population.circuit
    stored += [b for b in broadcasts_into(circuit, population) if b not in stored]
    lines = [SingleEquation(PARAMETER, v, neuron.dimensions.get(v, DIMENSIONLESS)) for v in stored]
    lines += [SingleEquation(PARAMETER, p, _dimension(v), flags=["shared"]) for p, v in neuron.parameters.items()]
    expressions = neuron.expressions | {c: " + ".join(parts) or "0.0" for c, parts in fields.items()}
    lines += [
        SingleEquation(SUBEXPRESSION, v, neuron.dimensions.get(v, DIMENSIONLESS), expr=Expression(e))
        for v, e in expressions.items()
    ]
    group = NeuronGroup(
        assembly.columns * population.size, Equations(lines), dtype=assembly.dtype, clock=assembly.clock,
        name=f"population_{name}", namespace={}, codeobj_class=assembly.codeobj_class,
    )  # fmt: skip
    assembly.add_group(name, group)
    for variable in stored:
        shape = (assembly.columns, population.size)
        assembly.arrays[f"{name}.{variable}"] = Array(group.variables[variable], shape, by_column=True)
    for parameter, value in neuron.parameters.items():
        assembly.arrays[f"{name}.{parameter}"] = Array(group.variables[parameter], ())
        assembly.constants[f"{name}.{parameter}"] = number(value)


def _dimension(value: Any) -> Any:
    return get_dimensions(value) if isinstance(value, Quantity) else DIMENSIONLESS


def _add_state_equations(assembly: Assembly, population: Population) -> None:
    """One operation for every set of equations that is open together, so that all read the state before the step."""
    together: dict[tuple[StateEquation, ...], list[int]] = {}
    for step, equations in enumerate(_open_equations(population, assembly.schedule)):
        if equations:
            together.setdefault(equations, []).append(step)
    used: dict[str, int] = {}
    for equations, steps in together.items():
        base = "_".join(s.variable for s in equations)
        used[base] = used.get(base, 0) + 1
        suffix = f"_{used[base]}" if used[base] > 1 else ""
        assembly.add(_operation(assembly, population, equations, tuple(steps), suffix))


def _operation(
    assembly: Assembly,
    population: Population,
    equations: tuple[StateEquation, ...],
    steps: tuple[int, ...],
    suffix: str,
) -> Operation:
    code, read = _code(equations, population, assembly)
    name = f"update_{population.name}_{'_'.join(s.variable for s in equations)}{suffix}"
    random = bool({"rand", "randn", "xi"} & get_identifiers(" ".join(s.expression for s in equations)))

    def narrow(variables: frozenset[str]) -> Operation:
        fewer = tuple(s for s in equations if f"{population.name}.{s.variable}" in variables)
        return _operation(assembly, population, fewer, steps, f"{suffix}_of_{len(equations)}")

    return Operation(
        name=name, slot=INTEGRATE, steps=steps, reads=read_by(read, population),
        writes=frozenset(f"{population.name}.{s.variable}" for s in equations),
        runner=Runner(name, assembly.groups[population.name], "stateupdate", code, check_units=False), always=random,
        work=population.size * len(equations), narrow=narrow if len(equations) > 1 else None,
    )  # fmt: skip


def _open_equations(population: Population, schedule: Schedule) -> list[tuple[StateEquation, ...]]:
    """For every step the equations that are open, with the phase indicators in_p replaced by 1 or 0."""
    states = population.neuron.states
    where = {s: set(schedule.open_steps(s.during, f"{population.name}.{s.variable}")) for s in states}
    phases = [tuple(schedule.names_at(step)) for step in range(schedule.steps)]
    found = {  # the phases of a step say it all, and long presentations repeat them
        names: tuple(_at(s, step, population, schedule) for s in states if step in where[s])
        for names, step in {names: step for step, names in enumerate(phases)}.items()
    }
    return [found[names] for names in phases]


def _at(state: StateEquation, step: int, population: Population, schedule: Schedule) -> StateEquation:
    values = {}
    for indicator in phase_indicators(state.expression):
        phase = indicator.removeprefix("in_")
        steps = schedule.open_steps(During((phase,), strict=True), f"{population.name}.{state.variable}")
        values[indicator] = "1.0" if step in steps else "0.0"
    return replace(state, expression=without_closed(word_substitute(state.expression, values))) if values else state


def _code(equations: tuple[StateEquation, ...], population: Population, assembly: Assembly) -> tuple[str, str]:
    """Abstract code (new values first, all from the old ones, then the assignments), and what it reads."""
    neuron, group = population.neuron, assembly.groups[population.name]
    assigned, integrated = {}, []
    for state in equations:
        value = lock_step(state, neuron.parameters, assembly.clock.dt) if state.differential else state.expression
        if value is None:
            integrated.append(state)
        else:
            assigned[state.variable] = value
    _check_dimensions(equations, population, group)
    lines = [f"_new_{v} = {e}" for v, e in assigned.items()]
    if integrated:
        lines.append(_integration(integrated, population, group))
    lines += [f"{v} = _new_{v}" for v in assigned]
    read = [*assigned.values(), *(f"{s.variable} {s.expression}" for s in integrated)]
    return "\n".join(lines), " ".join(read)


def _integration(states: list[StateEquation], population: Population, group: Any) -> str:
    neuron = population.neuron
    lines = [
        SingleEquation(DIFFERENTIAL_EQUATION, s.variable, neuron.dimensions[s.variable], expr=Expression(s.expression))
        for s in states
    ]
    equations = Equations(lines)
    try:
        return StateUpdateMethod.apply_stateupdater(equations, group.variables, neuron.method, group_name=group.name)
    except Exception as problem:
        raise RecircuitError(
            f"population {population.name!r}: the method {neuron.method!r} cannot integrate its equations: {problem}"
        ) from None


def _check_dimensions(equations: tuple[StateEquation, ...], population: Population, group: Any) -> None:
    from brian2.parsing.expressions import parse_expression_dimensions
    from brian2.units.allunits import second

    variables = group.resolve_all(
        sorted(get_identifiers(" ".join(s.expression for s in equations)) - {"xi"}), run_namespace={}
    )
    for state in equations:
        if "xi" in get_identifiers(state.expression):
            continue
        expected = population.neuron.dimensions[state.variable]
        if state.differential:
            expected = expected / get_dimensions(second)
        try:
            got = parse_expression_dimensions(state.expression, variables)
        except (DimensionMismatchError, SyntaxError, ValueError, NotImplementedError) as problem:
            raise RecircuitError(f"population {population.name!r}, {state.variable!r}: {problem}") from None
        if got is not expected:
            raise RecircuitError(
                f"population {population.name!r}: the right-hand side of {state.variable!r} has the dimension {got}, "
                f"expected {expected}. A relaxation reads '(target - {state.variable})/tau', with tau a time."
            )


def read_by(code: str, population: Population) -> frozenset[str]:
    """The stored variables that code reads, through the expressions it names."""
    return frozenset(f"{population.name}.{v}" for v in stored_in(get_identifiers(code), population))


def read_of_units(projection: Projection) -> set[str]:
    """The stored variables of both populations that a projection's rule reads."""
    equation = projection.equation
    assert equation is not None
    pre = read_by(" + ".join(equation.reads_pre) or "0", projection.pre)
    return {*pre, *read_by(" + ".join({*equation.reads_post, *equation.broadcasts}) or "0", projection.post)}


def stored_in(names: set[str], population: Population) -> set[str]:
    """Names, with expressions and compartments replaced by what they are made of."""
    neuron = population.neuron
    fields = incoming_fields(population.circuit, population)
    found: set[str] = set()
    todo, seen = set(names), set()
    while todo:
        name = todo.pop()
        seen.add(name)
        if name in fields:
            found |= set(fields[name])
        elif name in neuron.expressions:
            todo |= get_identifiers(neuron.expressions[name]) - seen
        elif name == "t" or name in neuron.stored or name in population.circuit.broadcasts or name in neuron.parameters:
            found.add(name)
    return found

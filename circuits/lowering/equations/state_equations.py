"""State equations as statements: assignments in step-by-step mode, and integration by Brian2's methods otherwise."""

from __future__ import annotations

import ast
import inspect
from dataclasses import replace
from typing import Any

import numpy as np
from brian2 import Equations
from brian2.core.functions import DEFAULT_CONSTANTS, DEFAULT_FUNCTIONS
from brian2.core.namespace import DEFAULT_UNITS
from brian2.core.variables import Variable
from brian2.equations.equations import DIFFERENTIAL_EQUATION, Expression, SingleEquation
from brian2.parsing.expressions import parse_expression_dimensions
from brian2.stateupdaters.base import StateUpdateMethod
from brian2.units import Quantity
from brian2.units.allunits import second
from brian2.units.fundamentalunits import DIMENSIONLESS, DimensionMismatchError, get_dimensions
from brian2.utils.stringtools import word_substitute

from ....errors import RecircuitError
from ....plasticity import Statement
from ...description.network import Network
from ...description.neurons.state_equation import StateEquation, noises, remembered
from ...description.neurons.step_by_step import step_by_step_target
from ...description.populations.population import Population
from ...description.reads import broadcasts_into, definitions


def state_statements(
    equations: tuple[StateEquation, ...], population: Population, network: Network
) -> tuple[tuple[Statement, ...], str]:
    """Return the statements, first new values from old ones and then assignments, and the text of what they read."""
    assigned: dict[str, str] = {}
    integrated = []
    for state in equations:
        value = (
            step_by_step_target(state, population.single_parameters, network.dt)
            if state.differential
            else state.expression
        )
        if value is None:
            integrated.append(state)
        else:
            assigned[state.variable] = value
    _check_dimensions(equations, population, network)
    statements = [Statement(f"_new_{v}", "=", e) for v, e in assigned.items()]
    if integrated:
        statements += statements_of(_integration(integrated, population, network))
    kept = {s.variable for s in equations if remembers(network, population, s)}
    statements += [Statement(v, "=", _where_shown(v) if v in kept else f"_new_{v}") for v in assigned]
    homes = {s.variable: written(network, s) for s in equations}
    statements = [replace(s, target=homes.get(s.target, s.target)) for s in statements]
    read = [*assigned.values(), *(f"{s.variable} {s.expression}" for s in integrated)]
    return tuple(statements), " ".join(read)


def averaged(network: Network, state: StateEquation) -> bool:
    """Return whether the mean over batch elements is taken: the state is shared, and there are several batch elements."""
    return state.shared and network.batch_size > 1


def remembers(network: Network, population: Population, state: StateEquation) -> bool:
    """Return whether a batch element that shows nothing keeps the value of a state (see `remembered`)."""
    neuron, several = population.neuron, network.batch_size > 1 and network.schedule is not None
    return several and state.variable in remembered(neuron.states, neuron.expressions)


#: A variable of a population with such states: the batch element of every unit in every element.
ELEMENT_INDEX = "element_index"
#: The name, in the statements of such states, for the number of elements that show something, and its variable.
SHOWING = ("_showing", "presentation.active")


def _where_shown(variable: str) -> str:
    """Return the new value for batch elements that show something, and the old value for the others, as an expression."""
    shows, not_ = f"{ELEMENT_INDEX} < {SHOWING[0]}", f"{ELEMENT_INDEX} >= {SHOWING[0]}"
    return f"_new_{variable}*int({shows}) + {variable}*int({not_})"


def written(network: Network, state: StateEquation) -> str:
    """Return the variable to which an equation's value is written."""
    return state.of_each if averaged(network, state) else state.variable


def statements_of(code: str) -> list[Statement]:
    """Return Brian2's abstract code, lines of ``NAME = E`` or ``NAME += E``, as statements."""
    code, found = inspect.cleandoc(code), []
    for line in ast.parse(code).body:
        assert isinstance(line, ast.Assign | ast.AugAssign)
        target = line.target if isinstance(line, ast.AugAssign) else line.targets[0]
        expression = ast.get_source_segment(code, line.value) or ast.unparse(line.value)
        found.append(Statement(ast.unparse(target), "=" if isinstance(line, ast.Assign) else "+=", expression))
    return found


def _integration(states: list[StateEquation], population: Population, network: Network) -> str:
    neuron = population.neuron
    own = _own_noises(states)
    lines = [
        SingleEquation(
            DIFFERENTIAL_EQUATION, s.variable, neuron.dimensions[s.variable],
            expr=Expression(word_substitute(s.expression, {"xi": own[s.variable]})),
        )
        for s in states
    ]  # fmt: skip
    known = _variables(population, network) | {"dt": _TimeStep(network.dt)}
    try:
        return StateUpdateMethod.apply_stateupdater(
            _InOrder(lines), known, neuron.method, group_name=f"population_{population.name}"
        )
    except Exception as problem:
        raise RecircuitError(
            f"population {population.name!r}: the method {neuron.method!r} cannot integrate its equations: {problem}"
        ) from None


def _own_noises(states: list[StateEquation]) -> dict[str, str]:
    """Return, for each state, the name of the noise that is ``xi`` in its equation: one that no other equation reads."""
    read = [noises(s.expression) for s in states]
    if sum("xi" in names for names in read) < 2:
        return {s.variable: "xi" for s in states}
    own, taken = {}, set().union(*read)
    for state in states:
        name = f"xi_{state.variable}"
        while name in taken:
            name += "_"
        own[state.variable] = name
        taken.add(name)
    return own


class _InOrder(Equations):
    """Equations whose noises are drawn in the order of their names.

    Brian2 goes through a set of them, whose order is another one in each process, and with it which noise an equation has.
    """

    @property
    def stochastic_variables(self) -> list[str]:
        """Return the names of the noises, in order."""
        return sorted(super().stochastic_variables)


class _TimeStep(Variable):
    """The variable dt, whose value Brian2's integration methods read."""

    def __init__(self, dt: Quantity) -> None:
        super().__init__("dt", dimensions=second.dim, scalar=True, constant=True)
        self._seconds = float(dt)

    def get_value(self) -> np.ndarray:
        """Return the time step in seconds."""
        return np.array([self._seconds])


def _variables(population: Population, network: Network) -> dict[str, Any]:
    """Return the names that equations of a population may read, as Brian2 variables with their dimensions."""
    neuron = population.neuron
    names = {
        *neuron.stored,
        *neuron.parameters,
        *definitions(network, population),
        *broadcasts_into(network, population),
    }
    fields = {p.field: DIMENSIONLESS for p in network.projections.values() if p.post is population}
    dimensions = {n: neuron.dimension(n) for n in names} | fields | {"t": second.dim, "dt": second.dim}
    return {name: Variable(name, dimensions=dim) for name, dim in dimensions.items()}


def check_expressions(population: Population, network: Network) -> None:
    """Refuse an expression whose dimension is another than it declares, whether or not anything reads it."""
    neuron, known = population.neuron, _known(population, network)
    for name, expression in neuron.expressions.items():
        _check_dimension(population, name, expression, neuron.dimensions[name], known)


def _check_dimensions(equations: tuple[StateEquation, ...], population: Population, network: Network) -> None:
    known = _known(population, network)
    for state in equations:
        expected = population.neuron.dimensions[state.variable]
        if state.differential:
            expected = expected / get_dimensions(second)
        _check_dimension(population, state.variable, state.expression, expected, known)


def _known(population: Population, network: Network) -> dict[str, Any]:
    return {**DEFAULT_UNITS, **DEFAULT_CONSTANTS, **DEFAULT_FUNCTIONS, **_variables(population, network)}


def _check_dimension(population: Population, name: str, expression: str, expected: Any, known: dict[str, Any]) -> None:
    white = {noise: Variable(noise, dimensions=second.dim**-0.5) for noise in noises(expression)}
    try:
        got = parse_expression_dimensions(expression, known | white)
    except (DimensionMismatchError, SyntaxError, ValueError, NotImplementedError, KeyError) as problem:
        raise RecircuitError(f"population {population.name!r}, {name!r}: {problem}") from None
    if got is not expected:
        raise RecircuitError(
            f"population {population.name!r}: the right-hand side of {name!r} has the dimension {got}, expected {expected}. "
            f"A relaxation reads '(target - {name})/tau', with tau a time; a quantity becomes a plain number where it is "
            f"divided by a unit or a scale.{' White noise, xi, has the dimension 1/sqrt(second).' if white else ''}"
        )

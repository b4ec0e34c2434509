"""Differential equations for which the time step is too long, so that their numerical solution grows without bound."""

from __future__ import annotations

import ast
import operator
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2.core.namespace import DEFAULT_UNITS
from brian2.units import Quantity

from ....plasticity.parse import names_in
from ..populations.population import Population
from .neuron import Neuron
from .step_by_step import step_by_step_target

__all__ = ["Unstable", "unstable", "warn_of_instability"]

#: The largest product of time step and rate of decay with which a method's solution of dv/dt = -rate*v stays bounded.
LIMITS = {"euler": 2.0, "rk2": 2.0, "heun": 2.0, "rk4": 2.785, "milstein": 2.0}

_OPERATORS: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv, ast.Pow: operator.pow,
}  # fmt: skip


@dataclass(frozen=True)
class Unstable:
    """A state that decays so fast that each time step overshoots further than the one before."""

    variable: str
    rate: float
    method: str

    def message(self, dt: Quantity) -> str:
        """Return the message that says what is too long, and which time step or method can be used."""
        constant, longest = 1e3 / self.rate, 1e3 * LIMITS[self.method] / self.rate
        return (
            f"{self.variable!r} decays with the time constant {constant:.4g} ms, and a time step of {dt} is too long "
            f"for the method {self.method!r}, whose solution grows without bound. Use a dt below {longest:.4g} ms, or "
            "method='exponential_euler'."
        )


def unstable(neuron: Neuron, dt: Quantity) -> list[Unstable]:
    """Return the states whose equations are linear in themselves, and decay too fast for the time step.

    Other states are not judged: whether the solution of a nonlinear equation grows depends on the values.
    """
    limit, found = LIMITS.get(neuron.method), []
    for state in neuron.states:
        if limit is None or not state.differential or step_by_step_target(state, neuron.parameters, dt) is not None:
            continue
        slope = _slope(ast.parse(state.expression.strip(), mode="eval").body, state.variable, neuron.parameters)
        if slope is not None and -slope * float(dt) > limit * (1 + 1e-9):
            found.append(Unstable(state.variable, -slope, neuron.method))
    return found


def warn_of_instability(population: Population, dt: Quantity, *, stacklevel: int = 4) -> None:
    """Warn of equations for which the time step is too long."""
    found = {state.variable: state for neuron in _extremes(population) for state in unstable(neuron, dt)}
    for state in found.values():
        warnings.warn(f"population {population.name!r}: {state.message(dt)}", stacklevel=stacklevel)


def _extremes(population: Population) -> list[Neuron]:
    """Return the neuron, or one for each extreme combination of parameters if units have values of their own.

    The extremes are the units that have the smallest or the largest value of one of these parameters.
    """
    neuron, spread = population.neuron, population.spread
    corners = {place for values in spread.values() for place in (int(values.argmin()), int(values.argmax()))}
    return [
        neuron.with_parameters(**{
            name: Quantity(values.flat[place], dim=neuron.dimension(name)) for name, values in spread.items()
        })
        for place in sorted(corners)
    ] or [neuron]  # fmt: skip


def _slope(node: ast.expr, variable: str, parameters: Mapping[str, Any]) -> float | None:
    """Return the slope of an expression that is linear in a variable; None if it is not known."""
    if variable not in names_in(node):
        return 0.0

    def slope(part: ast.expr) -> float | None:
        return _slope(part, variable, parameters)

    match node:
        case ast.Name():
            return 1.0
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _times(-1.0, slope(operand))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _plus(slope(left), slope(right))
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return _plus(slope(left), _times(-1.0, slope(right)))
        case ast.BinOp(left=left, op=ast.Mult(), right=right) if variable not in names_in(left):
            return _times(_number(left, parameters), slope(right))
        case ast.BinOp(left=left, op=ast.Mult(), right=right) if variable not in names_in(right):
            return _times(_number(right, parameters), slope(left))
        case ast.BinOp(left=left, op=ast.Div(), right=right) if variable not in names_in(right):
            divisor = _number(right, parameters)
            return _times(1 / divisor, slope(left)) if divisor else None
    return None


def _plus(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a + b


def _times(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a * b


def _number(node: ast.expr, parameters: Mapping[str, Any]) -> float | None:
    """Return the value of an expression of parameters, units and numbers, in base units."""
    match node:
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.Name(id=name) if name in parameters or name in DEFAULT_UNITS:
            return float(np.asarray(parameters.get(name, DEFAULT_UNITS.get(name))))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _times(-1.0, _number(operand, parameters))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            a, b = _number(left, parameters), _number(right, parameters)
            try:
                return None if a is None or b is None else float(_OPERATORS[type(op)](a, b))
            except (ArithmeticError, TypeError):
                return None
    return None

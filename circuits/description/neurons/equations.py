"""The equations of a neuron, read from text into Brian2's equations. Every piece is checked before Brian2 reads it."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from typing import Any

from brian2 import Equations, TimedArray
from brian2.equations.equations import (
    DIFFERENTIAL_EQUATION,
    EQUATIONS,
    PARAMETER,
    SUBEXPRESSION,
    EquationError,
    Expression,
    SingleEquation,
    dimensions_and_type_from_string,
)
from brian2.utils.stringtools import get_identifiers
from pyparsing import ParseException

from ....errors import RecircuitError
from ....other_libraries import argument_hint
from ....plasticity.rewriting import clipped
from ....plasticity.syntax import check_characters, check_expression, check_unit
from .state_equation import noises

__all__ = ["check_constant", "check_flags", "check_method", "parse_equations", "readable"]

#: The methods by which differential equations may be integrated.
METHODS = ("euler", "exponential_euler", "rk2", "rk4", "heun", "exact", "linear", "milstein")

#: The flags of a variable, besides its phases and sums of weights, by the kind of its equation.
FLAGS = {
    PARAMETER: {"compartment", "broadcast"},
    SUBEXPRESSION: {"stored", "constant over dt", "shared"},
    DIFFERENTIAL_EQUATION: {"shared"},
}

FORM = "Each line reads 'name = expression : 1 (flags)', 'dname/dt = expression : 1 (flags)' or 'name : 1 (flags)'."


@lru_cache(maxsize=256)
def parse_equations(text: str) -> Mapping[str, SingleEquation]:
    """Return the equations of a neuron by the name of their variable.

    Raises
    ------
    RecircuitError
        If a line is not an equation, an expression is not arithmetic, a unit does not exist, or equations depend on
        each other in a cycle.
    """
    try:
        lines = EQUATIONS.parse_string(check_characters(text, "equations"), parse_all=True)
        found: dict[str, SingleEquation] = {}
        for line in lines:
            equation = _equation(line.get_name(), dict(line.items()))
            if equation.varname in found:
                raise RecircuitError(f"equations: {equation.varname!r} is defined twice. Leave one of the lines out.")
            found[equation.varname] = equation
        plain = {e.varname: e for e in found.values() if e.type == SUBEXPRESSION and not e.flags}
        TopologicalSorter(
            {name: sorted(get_identifiers(e.expr.code) & plain.keys()) for name, e in plain.items()}
        ).prepare()  # refuses cycles
        Equations([*plain.values()])  # refuses the names that Brian2 does
        return found
    except CycleError as problem:
        circle = problem.args[1][::-1]  # in the order in which each reads the next
        raise RecircuitError(
            f"equations: {circle[0]!r} reads {', which reads '.join(map(repr, circle[1:]))}. In such a cycle none can be "
            "computed first. A variable that reads what another one was in the step before is kept: give one of them the "
            "flag (stored) or (during <phases>)."
        ) from None
    except ParseException as problem:
        raise RecircuitError(f"equations: `{problem.line.strip()}` cannot be read as an equation. {FORM}") from None
    except (EquationError, SyntaxError, ValueError, TypeError) as problem:
        raise RecircuitError(f"equations: {str(problem).strip()} {FORM}") from None


def readable(text: str, where: str, form: str = "") -> str:
    """Check an expression, and write ``max``, ``min``, ``relu`` and comparisons in terms that Brian2 has.

    A text that needs no change is returned as it is.
    """
    node = check_expression(text, where, form=form)
    plain = ast.unparse(_number(clipped(node)))
    return plain if plain != ast.unparse(node) or "\n" in text or "#" in text else text


def _equation(kind: str, parts: Mapping[str, Any]) -> SingleEquation:
    name = parts["identifier"]
    check_unit(parts["unit"], f"equations: the unit of {name!r}")
    dimension, number = dimensions_and_type_from_string(parts["unit"])
    text = parts.get("expression")
    if kind != DIFFERENTIAL_EQUATION and noises(text or ""):
        raise RecircuitError(
            f"equations: {name!r} reads white noise, xi, which only differential equations (dname/dt = ...) integrate. Add it "
            "there; or draw a number in each step by randn(), in a latch."
        )
    code = None if text is None else Expression(readable(re.sub(r"\s{2,}", " ", text), f"equations: {name!r}", FORM))
    return SingleEquation(kind, name, dimension, var_type=number, expr=code, flags=list(parts.get("flags", [])))


def _number(node: ast.expr) -> ast.expr:
    """Return a copy in which every part whose value counts is a number."""
    match node:
        case ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
            return _call("int", _truth(node))
        case ast.UnaryOp(op=op, operand=operand):
            return ast.UnaryOp(op, _number(operand))
        case ast.BinOp(left=left, op=op, right=right):
            return ast.BinOp(_number(left), op, _number(right))
        case ast.Call(func=ast.Name(id="int"), args=[argument]):
            return _call("int", _truth(argument))
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return _call(name, *map(_number, arguments))
        case _:
            return node


def _truth(node: ast.expr) -> ast.expr:
    """Return a copy in which every part that is true or false stays a truth value."""
    match node:
        case ast.BoolOp(op=op, values=values):
            return ast.BoolOp(op, [_truth(value) for value in values])
        case ast.UnaryOp(op=ast.Not() as op, operand=operand):
            return ast.UnaryOp(op, _truth(operand))
        case ast.Compare(left=left, ops=ops, comparators=[right]):
            return ast.Compare(_number(left), ops, [_number(right)])
        case _:
            return _number(node)


def _call(name: str, *arguments: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(name), list(arguments), [])


def check_method(method: Any) -> None:
    """Refuse a method that is not known."""
    if not isinstance(method, str) or method not in METHODS:
        raise RecircuitError(f"equations: method is one of {', '.join(METHODS)}; got {method!r}.")


def check_flags(equation: SingleEquation, during: list[str], into: list[str], other: list[str]) -> None:
    """Refuse flags that an equation cannot have: of its phases (``during``), sums of weights (``into``) and ``other`` flags."""
    name, allowed = equation.varname, FLAGS[equation.type]
    refused = sorted({*other} - allowed)
    if refused or len(during) > 1 or ((during if equation.type == PARAMETER else into) or into[1:]):
        raise RecircuitError(
            f"equations: {name!r} has the flags {[*equation.flags]}; expected at most one 'during <phases>' or "
            f"'after <phase>', and flags of {sorted(allowed)} for a {equation.type}; a sum of weights is "
            f"'{name} : 1 (weights into <compartment>)'."
            f"{''.join(argument_hint('flags', flag) for flag in refused)}"
        )
    kinds = [flag for flag in ("compartment", "broadcast") if flag in other] + ["weights into"] * len(into)
    times = [flag for flag in ("stored", "constant over dt") if flag in other] if during else []
    if len(kinds) > 1 or times:
        raise RecircuitError(
            f"equations: {name!r} has the flags {[*equation.flags]}, which contradict each other. "
            + (
                f"With ({times[0]}) it is assigned in every step, and with ({during[0]}) only then; leave one of them out."
                if times
                else "It is a compartment, a broadcast or a sum of weights; leave the others out."
            )
        )


def check_constant(parameters: Mapping[str, Any]) -> None:
    """Refuse a parameter that changes in time."""
    for name in (n for n, value in parameters.items() if isinstance(value, TimedArray)):
        raise RecircuitError(
            f"parameters: {name} is a TimedArray, and a parameter does not change in time. Declare a compartment, as in "
            f"'{name} : 1 (compartment)', and connect a stimulus of series to it: circuit.stimulus(..., every=...), which "
            "takes the TimedArray as its data."
        )

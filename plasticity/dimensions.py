"""The check of the units of a rule: both sides of each statement must have the same dimension.

Weights, states and variables of units are plain numbers. Parameters may be quantities, such as a rate in Hz or a time
constant, and a statement ``dNAME/dt = E`` needs an E with the unit 1/second.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from brian2.core.functions import DEFAULT_CONSTANTS, DEFAULT_FUNCTIONS
from brian2.core.variables import Variable
from brian2.parsing.expressions import parse_expression_dimensions
from brian2.units.allunits import second
from brian2.units.fundamentalunits import DIMENSIONLESS, DimensionMismatchError, get_unit

from ..errors import RecircuitError
from .names import SUMMING
from .parse import WHITE_NOISE, Statement, divisors, names_in, show
from .values import as_text, dimension_of

__all__ = ["check_dimensions"]


def check_dimensions(
    statements: tuple[Statement, ...], parameters: Mapping[str, float], kept: Mapping[str, float], where: str
) -> None:
    """Refuse a statement whose two sides have different dimensions.

    Parameters
    ----------
    statements : tuple of Statement
        The statements of one equation, after the proof that they are local.
    parameters : mapping of str to float
        The parameters of the rule, some of which may have a dimension.
    kept : mapping of str to float
        The states and traces of the synapse.
    where : str
        The beginning of error messages.

    Raises
    ------
    RecircuitError
        If the dimensions differ, or a time by which a statement divides is not above 0. The message shows the value
        that was found.
    """
    known = {name: dimension_of(value) for name, value in {**parameters, **kept}.items()}
    if not any(s.differential for s in statements) and all(d is DIMENSIONLESS for d in known.values()):
        return
    known[WHITE_NOISE] = second.dim**-0.5
    for statement in statements:
        found = _dimension(statement, known, where)
        if statement.target != "w" and statement.target not in kept:
            known[statement.target] = found
            continue
        wanted = known.get(statement.target, DIMENSIONLESS)
        wanted = wanted / second.dim if statement.differential else wanted
        if found is not wanted:
            raise RecircuitError(f"{where}, in `{statement}`: {_mismatch(statement, found, wanted)}")
    for name in sorted(frozenset[str]().union(*(divisors(s.node()) for s in statements))):
        if known.get(name) is second.dim and not parameters.get(name, 1.0) > 0:
            raise RecircuitError(
                f"{where}: an equation divides by {name}, so it must be a time above 0, like a time constant; got "
                f"{as_text(parameters[name])}."
            )


def _dimension(statement: Statement, known: Mapping[str, Any], where: str) -> Any:
    node = _Summed().visit(replace(statement, step=None).node())
    names = names_in(node)
    variables = {n: Variable(n, dimensions=known.get(n, DIMENSIONLESS)) for n in names if n not in DEFAULT_CONSTANTS}
    try:
        return parse_expression_dimensions(show(node), {**DEFAULT_CONSTANTS, **DEFAULT_FUNCTIONS, **variables})
    except (DimensionMismatchError, SyntaxError, ValueError, NotImplementedError, KeyError) as problem:
        raise RecircuitError(f"{where}, in `{statement}`: {problem}") from None


class _Summed(ast.NodeTransformer):
    """A transformer that replaces a sum over synapses by its summand, which has the same dimension."""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        return node.args[0] if isinstance(node.func, ast.Name) and node.func.id in SUMMING else node


def _unit(dimension: Any) -> str:
    return "1" if dimension is DIMENSIONLESS else str(get_unit(dimension))


def _mismatch(statement: Statement, found: Any, wanted: Any) -> str:
    name = statement.target
    message = f"the right-hand side has the unit {_unit(found)}; it should have {_unit(wanted)}."
    if statement.differential:
        return (
            f"{message} It is the change of `{name}` in a second. Give the rate as a quantity, as in "
            "parameters=dict(rate=0.1*Hz), or divide by a time constant, as in parameters=dict(tau=10*ms)."
        )
    return f"{message} If `{name}` changes continuously, write `d{name}/dt = ...`."

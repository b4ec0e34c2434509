"""Step-by-step mode: a relaxation whose time constant is the time step is an assignment."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2.units import Quantity
from brian2.units.fundamentalunits import get_dimensions
from brian2.utils.stringtools import get_identifiers

from .state_equation import StateEquation, noises


def step_by_step_target(equation: StateEquation, parameters: Mapping[str, Any], dt: Quantity) -> str | None:
    """Return F if the equation is dv/dt = (F - v)/tau with tau = dt and F does not depend on v; otherwise None."""
    if noises(equation.expression):
        return None
    tree = ast.parse(equation.expression.strip(), mode="eval").body
    if not (isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Div) and isinstance(tree.right, ast.Name)):
        return None
    tau = parameters.get(tree.right.id)
    if not isinstance(tau, Quantity) or get_dimensions(tau) is not get_dimensions(dt):
        return None
    if abs(float(np.asarray(tau)) - float(dt)) > 1e-6 * float(dt):  # as precise as single precision
        return None
    target = _relaxation_target(tree.left, equation.variable)
    if target is None or equation.variable in get_identifiers(ast.unparse(target)):
        return None
    return ast.unparse(target)


def _relaxation_target(tree: ast.expr, variable: str) -> ast.expr | None:
    def is_variable(node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and node.id == variable

    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Sub) and is_variable(tree.right):
        return tree.left
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Add):
        left = tree.left
        if isinstance(left, ast.UnaryOp) and isinstance(left.op, ast.USub) and is_variable(left.operand):
            return tree.right
    return None

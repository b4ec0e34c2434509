"""The noise of a synapse: `rand()` and `randn()` in the equations of rules, and `xi` in continuous time."""

from __future__ import annotations

import ast

from ..errors import RecircuitError
from .names import RANDOM
from .parse import WHITE_NOISE, Statement, names_in

__all__ = ["check_one_kind", "kinds_in", "misused_noise", "noise_in"]


def noise_in(node: ast.AST) -> list[ast.Call]:
    """Return the calls that draw random numbers in an expression."""
    calls = (n for n in ast.walk(node) if isinstance(n, ast.Call))
    return [n for n in calls if isinstance(n.func, ast.Name) and n.func.id in RANDOM]


def kinds_in(node: ast.AST) -> list[str]:
    """Return the names of the functions that draw noise in an expression; white noise is drawn by `randn`."""
    white = ["randn" for n in ast.walk(node) if isinstance(n, ast.Name) and n.id == WHITE_NOISE]
    return white + [call.func.id for call in noise_in(node) if isinstance(call.func, ast.Name)]


def misused_noise(statement: Statement) -> str:
    """Return why the noise in a statement is not allowed; empty if it is allowed."""
    node = statement.node()
    white = WHITE_NOISE in names_in(node)
    if white and not statement.differential:
        return (
            f"`{WHITE_NOISE}` is white noise in continuous time, for statements such as `dw/dt = E + sigma*{WHITE_NOISE}`; a "
            "number that is drawn once per update is `randn()`"
        )
    if white and not _is_added(node):
        return f"white noise, `{WHITE_NOISE}`, is added or multiplied, and stands in no function, power or divisor"
    if statement.differential and noise_in(node):
        return (
            "it draws noise, whose effect in a differential statement would depend on the time step; write white noise, "
            f"`{WHITE_NOISE}`, with the unit 1/sqrt(second), or add noise by `dw = ...`, once per update"
        )
    if len(kinds_in(node)) < 2:
        return ""
    if white:
        return f"it draws noise twice; write `{WHITE_NOISE}` once, multiplied by the sum of its factors"
    return "it draws noise twice; give one draw a name in a statement of its own"


def _is_added(node: ast.expr) -> bool:
    """Say whether white noise is only added, alone or as a factor, and is in no function, power or divisor."""
    match node:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult(), right=right):
            return _is_added(left) and _is_added(right)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return _is_added(left) and WHITE_NOISE not in names_in(right)
        case ast.UnaryOp(operand=operand):
            return _is_added(operand)
        case ast.Name():
            return True
        case _:
            return WHITE_NOISE not in names_in(node)


def check_one_kind(statements: tuple[Statement, ...], where: str) -> None:
    """Refuse an equation that draws both kinds of noise.

    Raises
    ------
    RecircuitError
        If it draws both.
    """
    if len({kind for statement in statements for kind in kinds_in(statement.node())}) > 1:
        raise RecircuitError(
            f"{where} draws both rand() and randn(). Use only one of them in an equation, since only then Brian2's generators "
            "give the same bits on every backend."
        )

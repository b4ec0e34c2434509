"""Noise that a synapse draws: `rand()` and `randn()` in the equations of rules."""

from __future__ import annotations

import ast

from ..errors import RecircuitError
from .names import RANDOM
from .parse import Statement

__all__ = ["check_one_kind", "kinds_in", "noise_in"]


def noise_in(node: ast.AST) -> list[ast.Call]:
    """The draws in an expression."""
    calls = (n for n in ast.walk(node) if isinstance(n, ast.Call))
    return [n for n in calls if isinstance(n.func, ast.Name) and n.func.id in RANDOM]


def kinds_in(node: ast.AST) -> list[str]:
    """Return the names of the functions that draw noise in an expression."""
    return [call.func.id for call in noise_in(node) if isinstance(call.func, ast.Name)]


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

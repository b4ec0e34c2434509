"""Costly scalars, which are computed once, in double precision by one thread, and not again by every synapse.

Such a scalar is Adam's ``1 - beta**updates``: a power, of a number that is stored in double precision. A kernel named
``scalars`` leaves it in device memory, where the kernel of the code object reads it.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from brian2.codegen.generators.cpp_generator import c_data_type
from brian2.core.variables import ArrayVariable
from brian2.utils.stringtools import get_identifiers

from ..compiled.literals import real
from .rendering import small_power


@dataclass(frozen=True)
class Once:
    """The part of a code object that is computed once and not by every thread.

    Parameters
    ----------
    found : tuple of (str, str)
        Names of the scalars and their C++ types, in the order of their places.
    others : tuple of str
        The scalar statements that every thread computes.
    code : str
        All of the scalar statements, in double precision.
    """

    found: tuple[tuple[str, str], ...]
    others: tuple[Any, ...]
    code: str = ""

    def with_code(self, lines: list[str]) -> Once:
        """Return a copy with the code of its kernel, which computes the scalars and writes each to its place."""
        kept = [f"{_slot(kind, place)} = {name};" for place, (name, kind) in enumerate(self.found)]
        return replace(self, code="\n".join([*lines, *kept]))

    @property
    def reading(self) -> list[str]:
        """Return the lines by which a thread reads the scalars."""
        return [f"const {kind} {name} = {_slot(kind, place)};" for place, (name, kind) in enumerate(self.found)]


def once_of(statements: list[Any], variables: Mapping[str, Any]) -> Once | None:
    """Return which of a block's scalar statements are computed once; None if none is."""
    if any(statement.op != ":=" for statement in statements):
        return None
    costly = [statement for statement in statements if _costs_much(statement.expr, variables)]
    if not costly:
        return None
    found = tuple((statement.var, c_data_type(statement.dtype)) for statement in costly)
    return Once(found, tuple(s for s in statements if not any(s is one for one in costly)))


def _costs_much(expression: str, variables: Mapping[str, Any]) -> bool:
    """Say whether it has a power that is not a product, or reads double precision in a circuit of single precision."""
    nodes = list(ast.walk(ast.parse(expression, mode="eval")))
    if any(isinstance(n, ast.BinOp) and isinstance(n.op, ast.Pow) and small_power(n.right) is None for n in nodes):
        return True
    read = [variables[name] for name in get_identifiers(expression) if name != "dt" and name in variables]
    wide = [v for v in read if isinstance(v, ArrayVariable) and c_data_type(v.dtype) == "double"]
    return real() == "float" and bool(wide)


def _slot(kind: str, place: int) -> str:
    return f"recircuit::slot<{kind}>(_scalars, {place})"

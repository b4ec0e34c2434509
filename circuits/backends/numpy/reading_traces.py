"""The analysis of Brian2's code for traces of dense synapses into values and stores."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .flow import Flow, NotUnderstood
from .reading import Reader

__all__ = ["read_traced"]


def read_traced(flow: Flow, lines: Iterable[ast.stmt], namespace: Mapping[str, Any], showing: int) -> None:
    """Add the instructions for traces of dense synapses, for this number of batch elements that show something.

    Raises
    ------
    NotUnderstood
        If the code has something else in it.
    """
    reader, lines = Reader(flow, namespace), list(lines)
    loop = next((line for line in lines if isinstance(line, ast.For)), None)
    if loop is None:
        raise NotUnderstood
    place = lines.index(loop)
    before, after = _early([line for line in [*lines[:place], *loop.body] if not _counts(line)])
    with np.errstate(all="ignore"):
        for line in before:
            reader.line(line)
        for line in lines[place + 1 :]:
            reader.averaged(line, showing)
        for line in after:
            reader.line(line)


def _early(lines: list[ast.stmt]) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """Return the lines up to the one that is averaged, and the lines that can come after the mean.

    If the mean is of the traces' old values, it is taken before they are set, so that they can be set in place.
    """
    made = [k for k, line in enumerate(lines) if _names(line, "_new_", ast.Store)]
    value = next((k for k, line in enumerate(lines) if _names(line, "_value", ast.Store)), None)
    if value is None or not made or made[0] > value or _names(lines[value], "_new_"):
        return lines, []
    between = lines[made[0] : value]
    if any(isinstance(node, ast.Subscript) for line in between for node in ast.walk(line)):
        return lines, []  # something that they read might be written before them
    return [*lines[: made[0]], lines[value]], [*between, *lines[value + 1 :]]


def _names(line: ast.stmt, begin: str, context: type[ast.expr_context] = ast.expr_context) -> bool:
    """Say whether a line contains a name that begins with ``begin``."""
    names = (node for node in ast.walk(line) if isinstance(node, ast.Name) and isinstance(node.ctx, context))
    return any(node.id.startswith(begin) for node in names)


def _counts(line: ast.stmt) -> bool:
    """Say whether a line only chooses batch elements, or adds them up."""
    match line:
        case ast.For() | ast.Assign(targets=[ast.Name(id="_n" | "_idx" | "_sum" | "_last")]):
            return True
    return False

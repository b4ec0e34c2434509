"""The code of a code object as a function. Values that cannot change within a run are computed once, before it.

Brian2's numpy target writes lines that are executed one after the other in every step. In a small circuit, most of the
time goes into lines whose result is always the same: parameters are looked up and combined, and arrays are reshaped. These
lines are moved into a function of their own; the rest keeps its operations and their order, and so gives the same bits.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from typing import Any

import numpy as np

#: Names that Brian2's templates set in all code, and that little code reads.
OFTEN_UNREAD = {"_vectorisation_idx", "_idx"}


class Prepared:
    """The code of an operation.

    Parameters
    ----------
    code : str
        The code, as lines of Python.
    namespace : dict[str, Any]
        The objects that names in the code stand for.
    constant : Collection[str]
        The names of the arrays whose values nothing changes within a run.

    Attributes
    ----------
    act : Callable[[], None]
        Does the operation once; it can be called after `prepare`.
    """

    def __init__(self, code: str, namespace: dict[str, Any], constant: Collection[str]) -> None:
        body = ast.parse(code).body
        imports: list[ast.stmt] = [s for s in body if isinstance(s, ast.Import | ast.ImportFrom)]
        namespace |= _imported("\n".join(map(ast.unparse, imports)))
        loaded = set(_names(body, ast.Load))
        lines = [s for s in body if s not in imports and _target(s) not in OFTEN_UNREAD - loaded]
        steady = _Steady(namespace, constant, lines)
        rest = [left for line in lines if (left := steady.without(line)) is not None]
        found: dict[str, Any] = {}
        names = list(steady.known)
        values = ast.Return(ast.Tuple([ast.Name(name, ast.Load()) for name in names], ast.Load()))
        made: list[ast.stmt] = [
            _function("prepare", [], [*steady.lines, values]),
            _function("act", names, rest or [ast.Pass()]),
        ]
        exec(compile(ast.fix_missing_locations(ast.Module(made, [])), "(operation)", "exec"), namespace, found)
        self._prepare: Callable[[], tuple[Any, ...]] = found["prepare"]
        self.act: Callable[[], None] = found["act"]

    def prepare(self) -> None:
        """Compute values that stay the same within a run again.

        Numbers become arrays without dimensions, with which NumPy computes the same results in half the time.
        """
        values = self._prepare()
        self.act.__defaults__ = tuple(np.asarray(v) if isinstance(v, np.generic) else v for v in values)


@lru_cache
def _imported(lines: str) -> dict[str, Any]:
    """Return the names that import statements set, with their objects."""
    found: dict[str, Any] = {}
    exec(lines, found)
    return {name: value for name, value in found.items() if name != "__builtins__"}


class _Steady(ast.NodeTransformer):
    """A transformer that moves expressions which do not change within a run out of lines.

    Attributes
    ----------
    lines : list of ast.stmt
        The lines that compute these expressions.
    known : dict of str to bool
        The names of these expressions, in the order of the lines, and whether each is a value; otherwise it is an array.
    """

    def __init__(self, namespace: dict[str, Any], constant: Collection[str], lines: list[ast.stmt]) -> None:
        self.namespace, self.constant = namespace, constant
        self.lines: list[ast.stmt] = []
        self.known: dict[str, bool] = {}
        self._named: dict[str, str] = {}
        self._set = set(_names(lines, ast.Store))
        self._only = _set_in_one_way(lines)

    def without(self, line: ast.stmt) -> ast.stmt | None:
        """Return what remains of a line; None if nothing does."""
        name = _target(line)
        if name is None or name not in self._only:
            return self.visit(line)
        assert isinstance(line, ast.Assign)
        if name in self.known:
            return None
        if self._is_array(line.value) or self._is_value(line.value):
            self.known[name] = self._is_value(line.value)
            self.lines.append(line)
            return None
        return self.visit(line)

    def visit(self, node: ast.AST) -> Any:
        """Replace the largest steady expressions in a line by names; this is called for each node of the line."""
        if not isinstance(node, ast.expr) or isinstance(node, ast.Name | ast.Constant):
            return super().visit(node) if not isinstance(node, ast.Lambda) else node
        if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
            return self.generic_visit(node)
        is_value = self._is_value(node)
        if not is_value and not self._is_array(node):
            return self.generic_visit(node)
        text = ast.unparse(node)
        if text not in self._named:
            name = self._named[text] = f"_steady_{len(self._named)}"
            self.known[name] = is_value
            self.lines.append(ast.Assign([ast.Name(name, ast.Store())], node))
        return ast.Name(self._named[text], ast.Load())

    def _is_array(self, node: ast.expr) -> bool:
        """Say whether this is an array that exists already, as it is or in another shape."""
        match node:
            case ast.Name(id=name):
                return self.known.get(name) is False or isinstance(self._outer(name), np.ndarray)
            case ast.Attribute(value=array, attr="T"):
                return self._is_array(array)
            case ast.Call(func=ast.Attribute(value=array, attr="reshape"), args=shape, keywords=[]):
                return self._is_array(array) and all(_is_number(n) for n in shape)
        return False

    def _is_value(self, node: ast.expr) -> bool:
        """Say whether this is a number, or computed from numbers, that stay the same."""
        match node:
            case ast.Constant(value=value):
                return isinstance(value, int | float)
            case ast.Name(id=name):
                return self.known.get(name) is True or isinstance(self._outer(name), int | float | np.number)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
                return self._is_value(operand)
            case ast.BinOp(left=left, right=right):
                return self._is_value(left) and self._is_value(right)
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=0)):
                return name in self.constant and isinstance(self._outer(name), np.ndarray)
            case ast.Subscript(value=ast.Name(id="_gemm"), slice=ast.Attribute(value=array, attr="itemsize")):
                return self._is_array(array)
        return False

    def _outer(self, name: str) -> Any:
        """Return the object that the namespace has for a name that no line sets."""
        return None if name in self._set else self.namespace.get(name)


def _set_in_one_way(lines: list[ast.stmt]) -> set[str]:
    """Return the names that are set by whole lines only, all of which are equal."""
    ways: dict[str, set[str]] = {}
    for line in lines:
        for name in _names([line], ast.Store):
            whole = name == _target(line)
            ways.setdefault(name, set()).add(ast.unparse(line) if whole else f"within: {ast.unparse(line)}")
    return {name for name, found in ways.items() if len(found) == 1 and not next(iter(found)).startswith("within")}


def _target(line: ast.stmt) -> str | None:
    """Return the name that a line sets, if it sets just one."""
    match line:
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name
    return None


def _names(lines: list[ast.stmt], context: type[ast.expr_context]) -> Iterator[str]:
    for line in lines:
        for node in ast.walk(line):
            if isinstance(node, ast.Name) and isinstance(node.ctx, context):
                yield node.id


def _is_number(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=int()) | ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int())):
            return True
    return False


def _function(name: str, parameters: list[str], body: list[ast.stmt]) -> ast.FunctionDef:
    none: list[ast.expr] = [ast.Constant(None) for _ in parameters]
    arguments = ast.arguments([], [ast.arg(p) for p in parameters], None, [], [], None, none)
    return ast.FunctionDef(name, arguments, body, [], type_params=[])

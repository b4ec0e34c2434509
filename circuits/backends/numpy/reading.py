"""The analysis of Brian2's code of equations into values and stores."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from brian2.codegen.runtime.numpy_rt.numpy_rt import LazyArange

from .codeobject import whole
from .flow import Flow, NotUnderstood
from .values import UNKNOWN, Value

__all__ = ["Reader", "read"]

#: For each operator its format, the NumPy function that does it, and the Python function that does it with single numbers.
_OPERATORS: dict[type, tuple[str, np.ufunc | None, Callable[..., Any]]] = {
    ast.Add: ("{} + {}", np.add, operator.add),
    ast.Sub: ("{} - {}", np.subtract, operator.sub),
    ast.Mult: ("{} * {}", np.multiply, operator.mul),
    ast.Div: ("{} / {}", np.true_divide, operator.truediv),
    ast.FloorDiv: ("{} // {}", np.floor_divide, operator.floordiv),
    ast.Mod: ("{} % {}", np.remainder, operator.mod),
    ast.Pow: ("{} ** {}", None, operator.pow),  # NumPy computes some exponents in a faster way
    ast.BitAnd: ("{} & {}", np.bitwise_and, operator.and_),
    ast.BitOr: ("{} | {}", np.bitwise_or, operator.or_),
    ast.Lt: ("{} < {}", np.less, operator.lt),
    ast.LtE: ("{} <= {}", np.less_equal, operator.le),
    ast.Gt: ("{} > {}", np.greater, operator.gt),
    ast.GtE: ("{} >= {}", np.greater_equal, operator.ge),
    ast.Eq: ("{} == {}", np.equal, operator.eq),
    ast.NotEq: ("{} != {}", np.not_equal, operator.ne),
    ast.USub: ("-{}", np.negative, operator.neg),
    ast.UAdd: ("+{}", np.positive, operator.pos),
    ast.Invert: ("~{}", np.invert, operator.invert),
}
_REALS = (np.dtype(np.float32), np.dtype(np.float64))
#: The function that np.clip calls.
_CLIP: np.ufunc | None = getattr(getattr(getattr(np, "_core", None), "umath", None), "clip", None)


def read(flow: Flow, lines: Iterable[ast.stmt], namespace: Mapping[str, Any]) -> None:
    """Add the instructions of some code to a flow.

    Parameters
    ----------
    lines : iterable of ast.stmt
        The lines of Python, as Brian2's numpy target writes them for equations.
    namespace : mapping of str
        The objects that names in the code stand for.

    Raises
    ------
    NotUnderstood
        If the code has something else in it. Some instructions may have been added by then.
    """
    reader = Reader(flow, namespace)
    with np.errstate(all="ignore"):
        for line in lines:
            reader.line(line)


class Reader:
    """A reader of the lines of one code.

    Attributes
    ----------
    names : dict of str to Value
        The values of names that lines have set.
    """

    def __init__(self, flow: Flow, namespace: Mapping[str, Any]) -> None:
        self.flow, self.namespace = flow, namespace
        self.names: dict[str, Value] = {}

    def line(self, line: ast.stmt) -> None:
        match line:
            case ast.Import() | ast.ImportFrom():
                pass
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self.names[name] = self.value(value)
            case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                self.names[name] = self._added(name, op, self.value(value))
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name), slice=place)], value=value):
                self._store(name, place, self.value(value))
            case ast.Assign(targets=[ast.Subscript(value=ast.Call()) as target], value=value):
                name, shaped, _ = self._shaped(target)
                self.flow.store(name, shaped, self.value(value))
            case _:
                raise NotUnderstood

    def averaged(self, line: ast.stmt, showing: int) -> None:
        """Read a line after the loop over elements, where the mean of a value is stored in a target or added to it."""
        if isinstance(line, ast.AugAssign):
            return
        match line:
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name))], value=value):
                array, each = self._array(name), self.names["_value"]
                shape = each.shape[1:] if each.shape is not None else ()
                if (
                    each.type != array.dtype
                    or len(shape) != 2
                    or each.shape != (showing, *shape)
                    or array.size in (1, 0)
                ):
                    raise NotUnderstood
                reduce = self.flow.object(np.add.reduce), each
                total = self.flow.expression("{}({}, 0, None, None, False, 0.0)", reduce, type=array.dtype, shape=shape)
                mean = self.flow.compute(np.true_divide, (total, self.flow.object(showing)))
                square = array.reshape(shape)
                target = f"{name}_{shape[0]}_{shape[1]}"
                if isinstance(value, ast.BinOp):
                    mean = self.flow.compute(np.add, (self.flow.load(target, square, name), mean))
                self.flow.store(target, square, mean)
            case _:
                raise NotUnderstood

    def value(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=int() | float() as number):
                return self.flow.object(number)
            case ast.Name(id=name):
                return self.names.get(name) or self._outer(name)
            case ast.BinOp(left=left, op=op, right=right) | ast.Compare(left=left, ops=[op], comparators=[right]):
                return self._operation(op, self.value(left), self.value(right))
            case ast.UnaryOp(op=op, operand=operand):
                return self._operation(op, self.value(operand))
            case ast.Subscript(value=ast.Name(id=name), slice=place):
                return self._element(name, self.value(place))
            case ast.Call(func=ast.Attribute(attr="reshape")) | ast.Subscript(value=ast.Call()):
                name, shaped, whole_name = self._shaped(node)
                return self.flow.load(name, shaped, whole_name)
            case ast.Call(func=ast.Attribute(value=array, attr="copy"), args=[], keywords=[]):
                return self.value(array)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name not in self.names:
                return self._called(name, tuple(self.value(a) for a in arguments))
        raise NotUnderstood

    def _outer(self, name: str) -> Value:
        found = self.namespace.get(name)
        if found is None:
            raise NotUnderstood
        return self.flow.load(name, found) if isinstance(found, np.ndarray) else self.flow.object(found)

    def _element(self, name: str, place: Value) -> Value:
        array = self._array(name)
        if place.is_array:
            return self.flow.expression(
                "{}[{}]", (self.flow.load(name, array), place), type=array.dtype, shape=place.shape
            )
        if place.how != 0:
            raise NotUnderstood
        return self.flow.expression("{}[0]", (self.flow.load(name, array),), array[0])

    def _shaped(self, node: ast.expr) -> tuple[str, np.ndarray, str]:
        """Return an array in another shape, whole or up to the last batch element shown: a name, the array, its old name."""
        match node:
            case ast.Subscript(
                value=inner, slice=ast.Slice(lower=ast.Name("_first"), upper=ast.Name("_last"), step=None)
            ):
                return self._shaped(inner)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="reshape"), args=arguments):
                shape = tuple(a.value for a in arguments if isinstance(a, ast.Constant) and isinstance(a.value, int))
                shaped = self._array(name).reshape(shape)
                return f"{name}_{'_'.join(map(str, shape))}", shaped, name
        raise NotUnderstood

    def _array(self, name: str) -> np.ndarray:
        array = self.namespace.get(name)
        if name in self.names or not isinstance(array, np.ndarray) or array.ndim != 1:
            raise NotUnderstood
        return array

    def _operation(self, op: ast.AST, *values: Value) -> Value:
        if type(op) not in _OPERATORS:
            raise NotUnderstood
        text, function, compute = _OPERATORS[type(op)]
        if any(v.is_array for v in values):
            return self._power(*values) if function is None else self.flow.compute(function, values)
        return self._number(f"({text})", values, lambda: compute(*(v.sample for v in values)))

    def _power(self, base: Value, exponent: Value) -> Value:
        """Return a power. NumPy computes it in a faster way if the exponent is a number in the code."""
        known = base.is_array and base.type in _REALS and exponent.type in (int, float)
        if known and exponent.how == 2:
            return self.flow.compute(np.square, (base,))
        text = "({} ** {})"
        if known:
            return self.flow.expression(text, (base, exponent), type=base.type, shape=base.shape)
        return self.flow.expression(text, (base, exponent), shape=UNKNOWN)

    def _number(self, text: str, values: tuple[Value, ...], sample: Callable[[], Any]) -> Value:
        if any(v.sample is None for v in values):
            raise NotUnderstood
        try:
            return self.flow.expression(text, values, sample())
        except ArithmeticError:
            raise NotUnderstood from None

    def _called(self, name: str, values: tuple[Value, ...]) -> Value:
        if name == LazyArange.__name__:
            return self.flow.object(LazyArange(*(v.how for v in values)))
        function = self.namespace.get(name)
        arrays = [v for v in values if v.is_array]
        if arrays and all(v.type is not None for v in values):
            if function is whole and arrays[0].type == np.dtype(bool):
                return self.flow.compute(np.dtype(np.int32), values)
            if (
                name == "clip"
                and _CLIP is not None
                and all(isinstance(v.type, np.dtype) and v.type.kind == "f" for v in arrays)
            ):
                return self.flow.compute(_CLIP, values)
            if isinstance(function, np.ufunc) and function.nout == 1 and function.nin == len(values):
                return self.flow.compute(function, values)
        if not callable(function):
            raise NotUnderstood
        holes = ", ".join("{}" for _ in values)
        pure = function is whole or isinstance(function, np.ufunc)
        text, called = f"{{}}({holes})", (self.flow.object(function), *values)
        if pure and not arrays:
            return self._number(text, called, lambda: function(*(v.sample for v in values)))
        if name in ("rand", "randn") and isinstance(values[0].how, LazyArange):
            return self.flow.expression(text, called, type=np.dtype(float), shape=(len(values[0].how),), draws=True)
        if pure:
            return self.flow.expression(text, called, shape=UNKNOWN)
        return self.flow.expression(f"{{}}({text})", (self.flow.object(own), *called), shape=UNKNOWN, draws=True)

    def _added(self, name: str, op: ast.operator, value: Value) -> Value:
        """Return the value of ``NAME += VALUE``, in which an array keeps its type."""
        old = self.names.get(name)
        if old is None or any(v is old for n, v in self.names.items() if n != name):
            raise NotUnderstood
        new = self._operation(op, old, value)
        if not old.is_array:
            return new
        if not isinstance(old.type, np.dtype) or new.type is None or new.shape != old.shape:
            raise NotUnderstood
        return self.flow.compute(old.type, (new,))

    def _store(self, name: str, place: ast.expr, value: Value) -> None:
        array = self._array(name)
        match place:
            case ast.Slice(lower=None, upper=None, step=None):
                self.flow.store(name, array, value)
            case ast.Constant(value=0) if not value.is_array:
                self.flow.line("{}[0] = {}", (value,), name, array)
            case ast.Name():
                index = self.value(place)
                self.flow.line("{}[{}] = {}", (index, value), name, array)
            case _:
                raise NotUnderstood


def own(value: Any) -> Any:
    """Return the result of a function, as an array that shares no memory with the arguments."""
    return value.copy() if isinstance(value, np.ndarray) else value

"""The text of a flow: a Python function with a line for each instruction, and one that prepares its constant values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from math import prod
from typing import Any

import numpy as np

from .flow import Call, Compute, Flow, Line, Loop, Store
from .storage import Place, Plan, Pool, needed
from .values import Kind, Value

__all__ = ["StraightLines"]

#: If a product has MANY numbers and a factor has FEWER times fewer, it is checked whether this factor is 1.
MANY, FEWER = 1 << 13, 16
_REALS = (np.dtype(np.float32), np.dtype(np.float64))


class StraightLines:
    """A function that does all operations of some steps, one after the other.

    Parameters
    ----------
    flow : Flow
        The instructions.
    functions : mapping of str
        The functions of calls, by name.
    pool : Pool
        The buffers for intermediate values.

    Attributes
    ----------
    source : str
        The text of the function, and of the one that computes values which stay the same within a run.
    """

    def __init__(self, flow: Flow, functions: Mapping[str, Callable[..., Any]], pool: Pool) -> None:
        self._names: dict[str, Any] = dict(functions)
        self._tables = flow.tables
        writer = _Writer(flow, self._names, pool)
        self.source = writer.text()
        exec(compile(self.source, "(presentation)", "exec"), self._names)

    def prepare(self) -> None:
        """Compute values that stay the same within a run again.

        Numbers become arrays without dimensions, with which NumPy computes the same results in half the time.

        Raises
        ------
        NotUniform
            If a table does not hold for all units of a population.
        """
        for number, table in enumerate(self._tables):
            table.prepare()
            self._names |= {f"take_{number}_{k}": v.take for k, v in enumerate(table.values)}
            self._names[f"find_{number}"] = table.thresholds.searchsorted
        values = self._names["prepare"]()
        self._names |= {k: np.asarray(v) if isinstance(v, np.generic) else v for k, v in values.items()}

    @property
    def run(self) -> Callable[[list[Any]], None]:
        """Return the function. Its argument is the list of a run's calls in their order; a loop's calls are one item."""
        return self._names["presentation"]

    def given(self, calls: list[Any]) -> Callable[[], None]:
        """Return the function with the calls of a run, in the order in which they occur; a loop's calls are one item."""
        run = self.run
        return lambda: run(calls)


class _Writer:
    """The writer of the lines of a flow."""

    def __init__(self, flow: Flow, names: dict[str, Any], pool: Pool) -> None:
        self.flow, self.names, self.pool = flow, names, pool
        self.plan = Plan(needed(flow.instructions))
        self.steady: list[str] = []
        self.lines: list[str] = []
        self._called: list[str] = []
        self._name_of: dict[int, str] = {}
        self._free: dict[tuple[np.dtype, tuple[int, ...]], list[int]] = {}
        self._used_buffers: dict[tuple[np.dtype, tuple[int, ...]], int] = {}
        self._buffers: dict[int, tuple[tuple[np.dtype, tuple[int, ...]], int]] = {}
        self._ending: dict[int, list[Value]] = {}
        self._array_names = {array: array.removeprefix("_array_") for array in flow.arrays}
        names |= {self._array_names[array]: values for array, values in flow.arrays.items()}
        # Names that the text itself uses are reserved here, so that no value gets one of them.
        names |= dict.fromkeys(("prepare", "presentation", "calls", "range"), range) | {
            "as_array": _as_array,
            "scale": _scale,
        }

    def text(self) -> str:
        """Return the text of the two functions."""
        for place in self.plan.places:
            self._write(place)
        self.names |= self.pool.names
        head = [f"    {', '.join(self._called)}, = calls"] if self._called else []
        kept = ", ".join(f"{line.split(' = ')[0]!r}: {line.split(' = ')[0]}" for line in self.steady)
        return "\n".join([
            "def prepare():", *(f"    {line}" for line in self.steady), f"    return {{{kept}}}", "",
            "def presentation(calls):", *head, *(self.lines or ["    pass"]), "",
        ])  # fmt: skip

    def _write(self, place: Place) -> None:
        indent = "    " if place.loop == -1 else "        "
        match place.instruction:
            case Compute(value=value):
                line = self._computed(value, place.number)
            case Store(array=array, value=value):
                line = self._stored(array, value)
            case Line(text=text, values=values, array=array):
                line = text.format(self._array_names[array], *map(self._text, values))
            case Call(function=function):
                line = f"{function or self._next_call(place)}()"
            case Loop() as loop:
                line = self._loop(loop)
            case None:
                line = "    pass" if self.lines[-1].endswith(":") else ""
        if line:
            self.lines.append(indent + line)
        self._release(place.number)

    def _computed(self, value: Value, number: int) -> str:
        """Return the line that computes a value."""
        if value.kind is Kind.ARRAY and id(value) not in self.plan.copied:
            return ""
        arguments = [self._text(a) for a in value.arguments]
        if value.kind is Kind.PLACE:
            name = self._name_of[id(value)] = f"place_{self.flow.tables.index(value.how)}"
            return f"{name} = find_{self.flow.tables.index(value.how)}({arguments[0]}, 'right')"
        if value.kind is Kind.EXPRESSION:
            name = self._name_of[id(value)] = f"value_{len(self._name_of)}"
            return f"{name} = {value.how.format(*arguments)}"
        self._release(number)
        out = self._output_name(value)
        match value.kind:
            case Kind.ARRAY:
                return f"{out}[:] = {self._array_names[value.how]}"
            case Kind.CONVERSION:
                return f"{out}[:] = {arguments[0]}"
            case Kind.LOOKUP:
                table, number = value.how
                return f"take_{self.flow.tables.index(table)}_{number}({arguments[0]}, 0, {out}, 'clip')"
        if (scaled := self._scaled(value)) is not None:
            factor, rest = map(self._text, scaled)
            return f"scale({factor}, {rest}, {out})"
        named = "out=" if value.how in (np.maximum, np.minimum) else ""  # NumPy requires it by keyword
        return f"{self._object(value.how)}({', '.join(arguments)}, {named}{out})"

    def _scaled(self, value: Value) -> tuple[Value, Value] | None:
        """Return a small factor and the large array that it multiplies, if the value is such a product; None if not."""
        if value.how is not np.multiply or value.shape is None or value.type not in _REALS:
            return None
        size = prod(value.shape)
        for factor, rest in (value.arguments, value.arguments[::-1]):
            few = factor.is_array and FEWER * prod(factor.shape or ()) <= size
            if few and size >= MANY and rest.shape == value.shape:
                return factor, rest
        return None

    def _output_name(self, value: Value) -> str:
        """Return the name of the array into which a value is computed."""
        if id(value) in self.plan.kept_in:
            name = self._array_names[self.plan.kept_in[id(value)]]
        else:
            assert isinstance(value.type, np.dtype) and value.shape is not None
            key = value.type, value.shape
            free = self._free.setdefault(key, [])
            if not free:
                free.append(self._used_buffers.get(key, 0))
                self._used_buffers[key] = free[0] + 1
            number = free.pop()
            self._buffers[id(value)] = key, number
            self._ending.setdefault(self.plan.last_use(value), []).append(value)
            name = self.pool.buffer(*key, number)
        self._name_of[id(value)] = name
        return name

    def _release(self, number: int) -> None:
        """Free the buffers whose values are not read after an instruction."""
        for value in self._ending.pop(number, []):
            key, buffer = self._buffers[id(value)]
            self._free[key].append(buffer)

    def _stored(self, array: str, value: Value) -> str:
        name = self._array_names[array]
        if self.plan.kept_in.get(id(value)) == array and value.kind is not Kind.ARRAY:
            return ""
        return f"{name}[:] = {self._text(value)}"

    def _next_call(self, place: Place) -> str:
        if place.loop != -1:
            return f"each_{self._in_loop.pop(0)}"
        self._called.append(f"call_{len(self._called)}")
        return self._called[-1]

    def _loop(self, loop: Loop) -> str:
        own = [i for i in loop.body if isinstance(i, Call) and not i.function]
        if not own:
            return f"for _ in range({loop.times}):"
        self._in_loop = list(range(len(own)))
        self._called.append(f"calls_{len(self._called)}")
        return f"for {', '.join(f'each_{k}' for k in self._in_loop)}, in {self._called[-1]}:"

    def _text(self, value: Value) -> str:
        """Return the text that stands for a value."""
        if id(value) in self._name_of:
            return self._name_of[id(value)]
        match value.kind:
            case Kind.OBJECT:
                return (
                    repr(value.how)
                    if type(value.how) in (int, float, bool) and np.isfinite(value.how)
                    else self._object(value.how)
                )
            case Kind.ARRAY:
                return self._array_names[value.how]
        assert value.steady
        return self._steady(value)

    def _steady(self, value: Value) -> str:
        """Return the name of a value that stays the same within a run; it is computed before the run."""
        arguments = [self._text(a) for a in value.arguments]
        match value.kind:
            case Kind.EXPRESSION:
                text = value.how.format(*arguments)
            case Kind.CONVERSION:
                text = f"as_array({arguments[0]}, {self._object(value.how)})"
            case _:
                text = f"{self._object(value.how)}({', '.join(arguments)})"
        name = self._name_of[id(value)] = f"steady_{len(self.steady)}"
        self.steady.append(f"{name} = {text}")
        return name

    def _object(self, what: Any) -> str:
        """Return the name of a function or another object."""
        name = getattr(what, "__name__", None) or getattr(what, "name", None) or type(what).__name__
        name = re.sub(r"\W", "_", str(name))
        while self.names.setdefault(name, what) is not what:
            name += "_"
        return name


def _as_array(value: Any, kind: np.dtype) -> np.ndarray:
    """Return a value in another type."""
    return np.asarray(value).astype(kind)


def _scale(factor: np.ndarray, values: np.ndarray, out: np.ndarray) -> None:
    """Multiply by a factor that is often 1 everywhere, and copy instead where it is; the bits are the same."""
    if factor.item(0) != 1 or not (factor == 1).all():
        np.multiply(factor, values, out)
    elif out is not values:
        out[:] = values

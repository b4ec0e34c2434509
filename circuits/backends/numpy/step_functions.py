"""Values that depend on one array by comparisons only. They change at a few thresholds, and are looked up in a table.

An output unit that switches is an example: a presentation of the hinge output circuit has four steps, in each of which o
and t are computed by twenty calls of NumPy. Every value that these steps compute from h + 2M s is a step function of it.
One search in its thresholds, and one look into a table for each array that is read later, give the same bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np

from .flow import Call, Compute, Flow, Instruction, Line, Loop, Store
from .step_tables import Node, StepTable, steady_value
from .storage import needed, operands
from .values import UNKNOWN, Kind, Value

__all__ = ["look_up"]

_COMPARISONS = (np.less, np.less_equal, np.greater, np.greater_equal)
#: For so many numbers, a search takes as long as one call of NumPy that it saves: it takes 13 ns for each number.
NUMBERS = 10


def look_up(flow: Flow) -> None:
    """Replace, in a flow, step functions of small arrays by tables, where that saves calls."""
    flow.instructions = needed(flow.instructions)
    finder = _Finder(flow.arrays)
    with np.errstate(all="ignore"):
        finder.walk(flow.instructions)
    for family in finder.families():
        family.close()
        wanted = [v for v in family.steps if id(v) in family.read_elsewhere]
        saved = len(family.steps) - len(wanted) - 1
        if wanted and NUMBERS * saved >= prod(family.root.shape or ()):
            _replace(flow, finder, family, wanted)
    flow.instructions = needed(flow.instructions)


@dataclass(eq=False)
class _Family:
    """The values that are computed from one array alone: those that rise or fall with it, and its step functions."""

    root: Value
    members: list[Value] = field(default_factory=list)
    steps: list[Value] = field(default_factory=list)
    read_elsewhere: set[int] = field(default_factory=set)

    def close(self) -> None:
        """Take note that values which are read elsewhere and are not step functions are still computed from their arguments."""
        for member in reversed(self.members):
            if member not in self.steps and id(member) in self.read_elsewhere:
                self.read_elsewhere |= {id(a) for a in member.arguments}


class _Finder:
    """A search for families with step functions, in the order of the instructions.

    Parameters
    ----------
    arrays : mapping of str to array
        The arrays of the flow, by their names.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self.arrays = arrays
        #: Values whose elements are all the same, with the number that has filled them, if one has.
        self.same: dict[int, Value | None] = {}
        self._filled: dict[str, Value] = {}  # arrays that a number has filled, up to here
        self._of: dict[int, _Family] = {}
        self._steps: set[int] = set()

    def families(self) -> list[_Family]:
        """Return the families that have step functions."""
        return list({id(f): f for f in self._of.values() if f.steps}.values())

    def walk(self, instructions: Sequence[Instruction], *, inside: bool = False) -> None:
        """Examine instructions; in a loop, only the arrays that they read and write."""
        for instruction in instructions:
            if isinstance(instruction, Loop):
                self.walk(instruction.body, inside=True)
            elif isinstance(instruction, Compute) and not inside:
                self._computed(instruction.value)
            else:
                self._read(operands(instruction))
                self._written(instruction, inside=inside)

    def _read(self, values: Iterable[Value]) -> None:
        for value in values:
            if id(value) in self._of:
                self._of[id(value)].read_elsewhere.add(id(value))

    def _written(self, instruction: Instruction, *, inside: bool) -> None:
        match instruction:
            case Store(array=array, value=value) if not (inside or value.is_array) and value.steady:
                self._filled[array] = value
            case Store(array=array) | Line(array=array):
                self._filled.pop(array, None)
            case Call(writes=writes):
                for array in list(self._filled) if writes is None else writes:
                    self._filled.pop(array, None)

    def _computed(self, value: Value) -> None:
        if value.kind is Kind.ARRAY and value.how in self._filled:
            self.same[id(value)] = self._filled[value.how]
        elif value.kind in (Kind.FUNCTION, Kind.CONVERSION) and value.is_array and value.shape != UNKNOWN:
            self._made(value)
        else:
            self._read(operands(Compute(value)))

    def _made(self, value: Value) -> None:
        changing = [a for a in value.arguments if not self._is_same(a)]
        if not changing:
            self.same[id(value)] = None
            return
        families = {id(f): f for f in map(self._family, changing)}
        (family, *others) = families.values()
        whole = all(a.shape in (None, value.shape) for a in value.arguments)
        moving = [a for a in changing if id(a) not in self._steps]
        if others or not whole or family.root.shape != value.shape or not _follows(value, moving):
            self._read(value.arguments)
            return
        self._of[id(value)] = family
        family.members.append(value)
        if not moving or value.how in _COMPARISONS:
            self._steps.add(id(value))
            family.steps.append(value)

    def _family(self, value: Value) -> _Family:
        if id(value) not in self._of:
            self._of[id(value)] = _Family(value)
        return self._of[id(value)]

    def _is_same(self, value: Value) -> bool:
        """Say whether all elements of a value are the same."""
        if id(value) not in self.same and value.steady and value.type is not None:
            found = np.asarray(steady_value(value, self.arrays))
            if found.size and (found.reshape(-1) == found.flat[0]).all():
                self.same[id(value)] = None
        return id(value) in self.same


def _follows(value: Value, moving: Sequence[Value]) -> bool:
    """Say whether a value is a step function of its family's root, or rises or falls with it between such steps.

    Parameters
    ----------
    moving : sequence of Value
        The arguments of the value that are not step functions.
    """
    if not moving:
        return True
    if len(moving) > 1 or not _is_real(moving[0]):
        return False
    if value.how in _COMPARISONS:
        return True
    return _is_real(value) and (value.kind is Kind.CONVERSION or value.how in (np.add, np.subtract))


def _is_real(value: Value) -> bool:
    """Say whether a value has floating-point numbers; thresholds are found among these only."""
    return isinstance(value.type, np.dtype) and value.type.kind == "f"


def _replace(flow: Flow, finder: _Finder, family: _Family, wanted: list[Value]) -> None:
    """Compute some values by a table."""
    nodes = _nodes(finder, family)
    table = StepTable(list(nodes.values()), [nodes[id(value)] for value in wanted], flow.arrays)
    place = Value(Kind.PLACE, table, (family.root,), type=np.dtype(np.intp), shape=family.root.shape)
    for number, value in enumerate(wanted):
        value.kind, value.how, value.arguments = Kind.LOOKUP, (table, number), (place,)
    first = next(k for k, i in enumerate(flow.instructions) if isinstance(i, Compute) and i.value in wanted)
    flow.instructions.insert(first, Compute(place))
    flow.tables.append(table)


def _nodes(finder: _Finder, family: _Family) -> dict[int, Node]:
    """Return all nodes that the table computes, in order, by the ids of the values that they replace."""
    found: dict[int, Node] = {id(family.root): Node(family.root, family.root.type)}

    def add(value: Value) -> Node:
        if id(value) not in found:
            fixed = value if value.steady else finder.same.get(id(value))
            if fixed is not None:
                found[id(value)] = Node(fixed, value.type)
            else:
                arguments = tuple(map(add, value.arguments))
                found[id(value)] = Node(value.how, value.type, arguments)
        return found[id(value)]

    for member in family.members:
        add(member)
    return found

"""The memory of each value of a flow: the array in which it is stored, or a buffer that other values use before and after."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from .flow import Call, Compute, Instruction, Line, Loop, Store
from .values import Kind, Value

__all__ = ["Place", "Plan", "Pool", "needed", "operands"]


class Pool:
    """The buffers that all functions of a program share.

    Attributes
    ----------
    names : dict of str to array
        Each buffer, by its name.
    """

    def __init__(self) -> None:
        self.names: dict[str, np.ndarray] = {}
        self._of: dict[tuple[np.dtype, tuple[int, ...]], list[str]] = {}

    def buffer(self, kind: np.dtype, shape: tuple[int, ...], number: int) -> str:
        """Return the name of the buffer of this number among those of a type and shape."""
        some = self._of.setdefault((kind, shape), [])
        while len(some) <= number:
            name = f"buffer_{len(self.names)}"
            some.append(name)
            self.names[name] = np.empty(shape, kind)
        return some[number]


def needed(instructions: Sequence[Instruction]) -> list[Instruction]:
    """Return the instructions whose results are read, without the others."""
    wanted: set[int] = set()

    def want(value: Value) -> None:
        if id(value) not in wanted:
            wanted.add(id(value))
            for argument in value.arguments:
                want(argument)

    def look(some: Sequence[Instruction]) -> None:
        for instruction in some:
            for value in _roots(instruction):
                want(value)
            if isinstance(instruction, Loop):
                look(instruction.body)

    def kept(some: Sequence[Instruction]) -> list[Instruction]:
        return [
            Loop(i.times, kept(i.body)) if isinstance(i, Loop) else i
            for i in some
            if not isinstance(i, Compute) or id(i.value) in wanted
        ]

    look(instructions)
    return kept(instructions)


def _roots(instruction: Instruction) -> tuple[Value, ...]:
    match instruction:
        case Compute(value=value) if value.draws:
            return (value,)
        case Store(value=value):
            return (value,)
        case Line(values=values):
            return values
    return ()


@dataclass(eq=False)
class Place:
    """An instruction, or the end of a loop (None), with its number and that of the loop around it (-1 for none)."""

    instruction: Instruction | None
    number: int
    loop: int


@dataclass(eq=False)
class Plan:
    """The plan of memory for the instructions of a flow: where each value is kept.

    Parameters
    ----------
    instructions : sequence of Instruction
        The instructions that are needed.

    Attributes
    ----------
    places : list of Place
        The instructions in the order of the text.
    kept_in : dict of int to str
        The array that holds a value, by the value's id.
    copied : set of int
        The ids of values that are copies of an array which is overwritten before they are read for the last time.
    """

    instructions: Sequence[Instruction]
    kept_in: dict[int, str] = field(default_factory=dict)
    copied: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.places: list[Place] = []
        self._ends: dict[int, int] = {}
        self._walk(self.instructions, -1)
        self._made = {id(p.instruction.value): p for p in self.places if isinstance(p.instruction, Compute)}
        self._used: dict[int, list[int]] = {}
        for place in self.places:
            for value in operands(place.instruction):
                self._used.setdefault(id(value), []).append(self._seen_until(value, place))
        self._find_copies()
        self._find_arrays()

    def last_use(self, value: Value) -> int:
        """Return the number of the last instruction that reads a value."""
        return max(self._used.get(id(value), [-1]))

    def _walk(self, instructions: Sequence[Instruction], loop: int) -> None:
        for instruction in instructions:
            self.places.append(Place(instruction, len(self.places), loop))
            if isinstance(instruction, Loop):
                number = len(self.places) - 1
                self._walk(instruction.body, number)
                self.places.append(Place(None, len(self.places), loop))
                self._ends[number] = len(self.places) - 1

    def _seen_until(self, value: Value, place: Place) -> int:
        """Return up to which number a reader needs a value: in a loop, the loop's end if the value is from before it."""
        made = self._made.get(id(value))
        outside = place.loop != -1 and (made is None or made.loop != place.loop)
        return self._ends[place.loop] if outside else place.number

    def _find_copies(self) -> None:
        writes = self._writes()
        for place in self.places:
            match place.instruction:
                case Compute(value=Value(kind=Kind.ARRAY) as value):
                    until = self.last_use(value)
                    if any(place.number < w < until for w in writes(value.how)):
                        self.copied.add(id(value))
                    else:
                        self.kept_in[id(value)] = value.how
                case _:
                    pass

    def _writes(self) -> Callable[[str], list[int]]:
        """Return a function that says at which numbers an array is written."""
        anywhere: list[int] = []
        found: dict[str, list[int]] = {}
        for place in self.places:
            match place.instruction:
                case Store(array=array) | Line(array=array):
                    found.setdefault(array, []).append(place.number)
                case Call(writes=None):
                    anywhere.append(place.number)
                case Call(writes=writes):
                    for array in writes or ():
                        found.setdefault(array, []).append(place.number)
                case _:
                    pass
        return lambda array: [*found.get(array, []), *anywhere]

    def _find_arrays(self) -> None:
        """Find the values that are computed directly into the array in which they are stored."""
        writes = self._writes()
        for place in self.places:
            if not isinstance(place.instruction, Store):
                continue
            value, array = place.instruction.value, place.instruction.array
            made = self._made.get(id(value))
            if made is None or made.loop != place.loop or id(value) in self.kept_in or not _can_be_put(value):
                continue
            later = [w for w in writes(array) if w > place.number]
            if min(later, default=self.last_use(value)) < self.last_use(value):
                continue
            if not any(self._touches(p, array) for p in self.places[made.number + 1 : place.number]):
                self.kept_in[id(value)] = array

    def _touches(self, place: Place, array: str) -> bool:
        """Say whether an instruction reads or writes an array."""
        instruction = place.instruction
        if isinstance(instruction, Compute) and instruction.value.kind is Kind.ARRAY:
            return instruction.value.how == array and id(instruction.value) in self.copied
        if isinstance(instruction, Store | Line) and instruction.array == array:
            return True
        if isinstance(instruction, Call) and instruction.touches(array):
            return True
        return any(self.kept_in.get(id(v)) == array for v in operands(instruction))


def _can_be_put(value: Value) -> bool:
    return value.is_array and value.kind in (Kind.FUNCTION, Kind.CONVERSION, Kind.LOOKUP)


def operands(instruction: Instruction | None) -> Iterator[Value]:
    """Yield the values that an instruction reads itself."""
    match instruction:
        case Compute(value=value):
            yield from value.arguments
        case Store(value=value):
            yield value
        case Line(values=values):
            yield from values
        case _:
            pass

"""Functions that do the rows of a timetable, in straight lines; rows with the same operations share one function."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import batched, groupby
from typing import Any

import numpy as np

from ...lowering.lowered import Lowered
from ..rows import Action, Row, Task
from .codeobject import DenseNumpyCodeObject
from .flow import Flow
from .operation_code import OperationCode as _Code
from .overwritten import without_overwritten
from .steady import Prepared
from .step_functions import look_up
from .storage import Pool
from .tabled import Tabled
from .writing import StraightLines

__all__ = ["Presentations"]

#: The most steps of a loop that are written out step by step, so that tables can hold the results of all of them.
UNROLLED = 8
#: The most blocks of equal rows in one function.
BLOCKS = 32


@dataclass(frozen=True)
class _Given:
    """A call that each run gives in place of an operation, with the names of the arrays that it reads and writes."""

    reads: frozenset[str]
    writes: frozenset[str]


_Pattern = tuple[str | _Given, ...]


@dataclass(frozen=True)
class _Block:
    """Rows of the same operations, one after the other."""

    pattern: _Pattern
    times: int


class Presentations:
    """The functions that do the rows of timetables.

    Parameters
    ----------
    lowered : Lowered
        The circuit.
    codes : mapping of str to DenseNumpyCodeObject
        The generated code of each operation.
    constant : collection of str
        The names, in generated code, of arrays whose values nothing changes within a run.
    names : mapping of str to str
        For each variable, its name in generated code.
    tick : function
        Moves the clock on by a number of steps.
    """

    def __init__(
        self,
        lowered: Lowered,
        codes: Mapping[str, DenseNumpyCodeObject],
        constant: Collection[str],
        names: Mapping[str, str],
        tick: Callable[[int], None],
    ) -> None:
        self.lowered, self.constant, self.tick = lowered, constant, tick
        self.operations = {
            o.name: _Code(o, codes[o.name], names, lowered, constant)
            for o in lowered.all_operations()
            if o.name in codes
        }
        self._names = names
        self._clock = frozenset(names[key] for key in ("clock.t", "clock.timestep"))
        self._called: dict[str, Prepared | _Traced] = {}
        self._made: dict[tuple[_Block, ...], Tabled] = {}
        self._stale: list[Tabled | Prepared | _Traced] = []
        self._pool, self._pool_of_traces = Pool(), Pool()  # a function that sets traces has values of its own

    def changed(self) -> None:
        """Take note that a value which stays the same within a run has been set."""
        self._stale = [*self._made.values(), *self._called.values()]

    def prepare(self) -> None:
        """Compute values that stay the same within a run again, if they have changed."""
        for one in self._stale:
            one.prepare()
        self._stale = []

    def actions(self, rows: Sequence[Row]) -> list[Action]:
        """Return functions that do rows one after the other."""
        blocks = [_block(pattern, list(some)) for pattern, some in groupby(rows, self._pattern)]
        found = []
        for some in batched(blocks, BLOCKS):
            function = self._function(tuple(block for block, _ in some))
            found.append(function.given([call for _, calls in some for call in calls]))
        return found

    def _pattern(self, row: Row) -> _Pattern:
        """Return the pattern of a row. The same lines of code do all rows of a pattern."""
        return tuple(
            d.operation.name if d.operation and d.operation.name in self.operations else self._given(d)
            for d in row.tasks
        )

    def _given(self, task: Task) -> _Given:
        if task.operation is None:
            return _Given(frozenset({self._names[task.reads]}), frozenset())
        return _Given(frozenset(), frozenset(self._names[key] for key in task.operation.writes))

    def _function(self, blocks: tuple[_Block, ...]) -> Tabled:
        """Return the function that does some blocks."""
        if blocks not in self._made:
            self._made[blocks] = function = Tabled(lambda look: self._straight(blocks, look))
            self._stale.append(function)
        return self._made[blocks]

    def _straight(self, blocks: tuple[_Block, ...], look: bool) -> StraightLines:
        flow, ticks = Flow(self.constant), _Ticks(self.tick, self._clock)
        for block in blocks:
            self._add(flow, block, ticks)
        ticks.flush(flow)
        flow.instructions = without_overwritten(flow.instructions, flow.arrays)
        if look:
            look_up(flow)
        functions: dict[str, Any] = {name: called.act for name, called in self._called.items()}
        return StraightLines(flow, functions | ticks.functions, self._pool)

    def _add(self, flow: Flow, block: _Block, ticks: _Ticks) -> None:
        touched = set().union(*(self._touched(item) for item in block.pattern))
        timed = bool(touched & self._clock)

        def once() -> None:
            for item in block.pattern:
                if isinstance(item, _Given):
                    flow.call("", item.reads, item.writes)
                else:
                    self._operation(flow, self.operations[item])

        def timed_once() -> None:
            once()
            ticks.now(flow)

        if timed:
            ticks.flush(flow)
        given = any(isinstance(item, _Given) for item in block.pattern)
        if block.times == 1 or (block.times <= UNROLLED and not (given or timed)):
            for _ in range(block.times):
                once()
            ticks.pending += block.times
            return
        ticks.flush(flow)
        writes = set().union(*(self._written(item) for item in block.pattern))
        if timed:
            flow.loop(block.times, writes | self._clock, timed_once)
        else:
            flow.loop(block.times, writes, once)
            ticks.pending += block.times

    def _touched(self, item: str | _Given) -> frozenset[str]:
        return item.reads | item.writes if isinstance(item, _Given) else self.operations[item].touched

    def _written(self, item: str | _Given) -> frozenset[str]:
        return item.writes if isinstance(item, _Given) else self.operations[item].written

    def _callable(self, code: _Code) -> Prepared | _Traced:
        prepared = Prepared(code.text, code.namespace, self.constant)
        if code.traced is None:
            return prepared
        active = code.namespace[self._names["presentation.active"]]
        return _Traced(
            StraightLines(code.traced, {}, self._pool_of_traces), prepared, active, self.lowered.network.batch_size
        )

    def _operation(self, flow: Flow, code: _Code) -> None:
        if code.understood:
            code.add(flow)
            return
        if code.name not in self._called:
            self._called[code.name] = called = self._callable(code)
            self._stale.append(called)
        flow.call(code.name, code.touched, code.written)


class _Traced:
    """The update of traces: in straight lines if all batch elements show something, otherwise by the generated code."""

    def __init__(self, whole: StraightLines, some: Prepared, active: np.ndarray, batch_size: int) -> None:
        self.whole, self.some = whole, some
        straight = whole.given([])

        def act() -> None:
            if active.item() == batch_size:
                straight()
            else:
                some.act()

        self.act = act

    def prepare(self) -> None:
        """Compute values that stay the same within a run again."""
        self.whole.prepare()
        self.some.prepare()


class _Ticks:
    """The movement of the clock: when its time may be read, it is moved on by all steps since the last time."""

    def __init__(self, tick: Callable[[int], None], clock: frozenset[str]) -> None:
        self.tick, self.clock = tick, clock
        self.pending = 0
        self.functions: dict[str, Callable[[], None]] = {}

    def flush(self, flow: Flow) -> None:
        """Move the clock on by the steps that have been done."""
        if self.pending:
            self._add(flow, self.pending)
            self.pending = 0

    def now(self, flow: Flow) -> None:
        """Move the clock on by one step."""
        self._add(flow, 1)

    def _add(self, flow: Flow, steps: int) -> None:
        self.functions[f"tick_{steps}"] = partial(self.tick, steps)
        flow.call(f"tick_{steps}", frozenset(), self.clock)


def _block(pattern: _Pattern, rows: list[Row]) -> tuple[_Block, list[Any]]:
    """Return the rows of a pattern as a block, with the calls that the block is given."""
    times = sum(row.times for row in rows)
    calls = [
        tuple(d.act for d, item in zip(row.tasks, pattern, strict=True) if isinstance(item, _Given)) for row in rows
    ]
    if not calls[0]:
        return _Block(pattern, times), []
    if times == 1:
        return _Block(pattern, 1), list(calls[0])
    return _Block(pattern, times), [_InTurn(list(zip(rows, calls, strict=True)))]


class _InTurn:
    """The calls of each step of a loop."""

    def __init__(self, rows: list[tuple[Row, tuple[Action, ...]]]) -> None:
        self.rows = rows

    def __iter__(self) -> Iterator[tuple[Action, ...]]:
        for row, calls in self.rows:
            for _ in row.each():
                yield calls

"""The common part of backends that run in this process: the loop over a timetable, and the values that a run keeps."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from typing import Any

import numpy as np

from ...errors import RecircuitError
from ..lowering.kernels import Clamp
from ..lowering.lowered import Lowered
from ..lowering.operations import Operation
from ..lowering.timetable import Timetable
from .finite import first_not_finite
from .in_process_session import InProcessSession
from .interrupted_wait import LOST, InterruptedWait
from .interrupts import interruptible
from .live import LiveStimulus, Session
from .noise import NoiseState, mersenne_state, set_mersenne
from .program import Program, Progress, RunResult
from .rows import Action, Row, Task
from .run_checks import check_scale, check_seed
from .series import Series, count_of

#: So many rows of an order are counted at a time.
PIECE = 4096


class InProcessProgram(Program):
    """A program that is a list of Python functions for each step.

    Attributes
    ----------
    data
        For each stimulus its rows, and the scale and offset that turn them into rates.
    series
        For each stimulus whose samples are series, how its rows form samples.
    row
        The row of the data that each batch element presents in the presentation under way; -1 for none.
    random
        The generator of all random numbers.
    repeated
        How often a step that stands for many steps has been done in this presentation, or in this run if there are no phases.
    """

    def __init__(self, lowered: Lowered) -> None:
        self.lowered = lowered
        self.data: dict[str, tuple[np.ndarray, float, float]] = {}
        self.series: dict[str, Series] = {}
        self.repeated = 0
        self.row = np.zeros(lowered.network.batch_size, dtype=np.int32)
        self.random = np.random.RandomState(0)
        self._given_up = False

    @property
    def alive(self) -> bool:
        return not self._given_up

    @abstractmethod
    def action(self, operation: Operation) -> Action:
        """Return a function that does an operation."""

    @abstractmethod
    def shown(self, clamp: Clamp, series: Series) -> Callable[[int], None]:
        """Return a function that presents the row of a series that it is called with."""

    def running(self) -> AbstractContextManager[Any]:
        """Return a context in which NumPy does not warn: a check after each presentation finds what is not finite."""
        self.check_alive()
        return np.errstate(all="ignore")

    def get(self, key: str) -> np.ndarray:
        self.check_alive()
        return super().get(key)

    def set(self, key: str, value: Any) -> None:
        self.check_alive()
        super().set(key, value)

    def check_alive(self) -> None:
        if self._given_up:
            raise RecircuitError(f"{self.backend}: the circuit was ended by Ctrl-C within a presentation. {LOST}")

    def give_up(self) -> None:
        """End a presentation in the middle, after which the state is lost."""
        self._given_up = True
        raise KeyboardInterrupt

    def close(self) -> None:
        self.data.clear()
        self.series.clear()

    def seed(self, seed: int) -> None:
        self.random.seed(check_seed(seed))

    def noise(self) -> NoiseState:
        return mersenne_state(self.random)

    def set_noise(self, state: NoiseState) -> None:
        set_mersenne(self.random, state)

    def write(self, key: str, values: np.ndarray) -> None:
        self.read(key)[:] = values

    def load(
        self, stimulus: str, data: np.ndarray, scale: float, offset: float, series: Series | None = None
    ) -> None:  # fmt: skip
        check_scale(stimulus, scale, offset, self.lowered.network.dtype)
        self.data[stimulus] = (data, float(scale), float(offset))
        self.series.pop(stimulus, None)
        if series is not None:
            self.series[stimulus] = series

    def sample_counts(self) -> dict[str, int]:
        return {name: count_of(values[0], self.series.get(name)) for name, values in self.data.items()}

    def walk(
        self,
        table: Timetable,
        order: np.ndarray,
        *,
        collect: Mapping[str, int],
        trace: Sequence[str],
        elements: int,
        progress: Progress | None,
    ) -> RunResult:
        collected: dict[str, list[np.ndarray]] = {key: [] for key in collect}
        traces: dict[str, list[np.ndarray]] = {key: [] for key in trace}
        rows = self._rows(table)
        for key, step in collect.items():
            rows[table.steps.index(step)].tasks.append(self._keep(key, collected[key], slice(None)))
        kept = [self._keep(key, traces[key], slice(0, elements)) for key in trace]
        for row in rows:
            row.tasks.extend(kept)
        result = self._walk(self.actions(rows), order, progress, stream=table.stream)
        result.collected = {k: np.array(v) for k, v in collected.items()}
        result.traces = {k: np.array(v).reshape(len(v), -1 if v else 0) for k, v in traces.items()}
        return result

    def actions(self, rows: Sequence[Row]) -> list[Action]:
        """Return functions that do the rows, one after the other, and move the clock on after each step."""
        return [self._repeating(row) for row in rows]

    def _rows(self, table: Timetable) -> list[Row]:
        """Return what is done in each row of a timetable."""
        return [self._row(table, place) for place in range(len(table.entries))]

    def _row(self, table: Timetable, place: int) -> Row:
        times = table.repeats.get(place, 1)
        running = [e.operation for e in table.entries[place] if not e.skipped]
        tasks = [Task(self._action(operation, table, place), operation) for operation in running]
        return Row(tasks, times, self._each(times))

    def _each(self, times: int) -> Callable[[], Iterable[int]]:
        """Return a function whose iterator counts the steps that a row stands for, while they are done."""
        if times == 1:
            return lambda: (0,)

        def counted() -> Iterator[int]:
            for self.repeated in range(times):
                yield self.repeated
            self.repeated = 0

        return counted

    def _action(self, operation: Operation, table: Timetable, place: int) -> Action:
        kernel = operation.kernel
        if not isinstance(kernel, Clamp) or not kernel.every:
            return self.action(operation)
        if kernel.population not in self.series:
            return lambda: None
        show, every = self.shown(kernel, self.series[kernel.population]), kernel.every
        before = table.shown[kernel.population][place]

        def act() -> None:
            row, within = divmod(before + self.repeated, every)
            if not (within and self.repeated):
                show(row)

        return act

    def _repeating(self, row: Row) -> Action:
        """Return one action that does all steps that a row stands for."""
        acts, each, tick = [task.act for task in row.tasks], row.each, self.tick

        def repeat() -> None:
            for _ in each():
                for act in acts:
                    act()
                tick(1)

        return repeat

    def session(self, table: Timetable, stimuli: Mapping[str, LiveStimulus], reads: Sequence[str]) -> Session:
        return InProcessSession(self, table, stimuli, self.actions(self._rows(table)), reads)

    def _walk(
        self, actions: Sequence[Action], order: np.ndarray, progress: Progress | None, *, stream: bool = False
    ) -> RunResult:
        """Do every presentation, until one diverges or Ctrl-C has been pressed."""
        counted = "presentation.active" in self.variables
        active = self.read("presentation.active") if counted else np.zeros(1, dtype=np.int32)
        everything = {key: self.read(key) for key in self.variables if np.issubdtype(self.dtype(key), np.floating)}
        rates = self.rates()
        result, waiting = RunResult(0), InterruptedWait(self.backend, self.give_up)
        with self.running(), interruptible(waiting.interrupt) as interrupted:
            for self.row, showing in _with_counts(order):
                self.repeated = result.presentations if stream else 0
                active[0] = showing
                for action in actions:
                    action()
                result.presentations += 1
                thorough = result.presentations % 100 == 0
                if thorough or not stream:
                    result.diverged = first_not_finite(everything if thorough else rates)
                if progress is not None:
                    progress(result.presentations)
                if result.diverged or interrupted.is_set():
                    break
            result.diverged = result.diverged or first_not_finite(everything)
        result.interrupted = interrupted.is_set()
        return result

    def rates(self) -> dict[str, np.ndarray]:
        """Return the arrays of all rates. A circuit that diverges shows it there, so that they are looked at often."""
        return {key: self.read(key) for key, variable in self.variables.items() if variable.name == "rate"}

    @cached_property
    def tick(self) -> Callable[[int], None]:
        """Return a function that moves the clock on by a number of steps."""
        step, t, dt = self.read("clock.timestep"), self.read("clock.t"), float(self.lowered.network.dt)

        def tick(steps: int) -> None:
            step[0] = now = step.item() + steps
            t[0] = now * dt

        return tick

    def _keep(self, key: str, into: list[np.ndarray], elements: slice) -> Task:
        variable, values = self.variables[key], self.read(key)
        if variable.places is not None:
            return Task(lambda: into.append(self.get(key).reshape(1, -1)), reads=key)
        shown = values.reshape(variable.shape)[elements] if variable.by_element else values
        return Task(lambda: into.append(shown.copy()), reads=key)


def _with_counts(order: np.ndarray) -> Iterator[tuple[np.ndarray, int]]:
    """Yield each row of an order, and how many batch elements show something in it."""
    for begin in range(0, len(order), PIECE):
        rows = order[begin : begin + PIECE]
        yield from zip(rows, np.count_nonzero(rows >= 0, axis=1).tolist(), strict=True)

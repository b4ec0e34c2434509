"""What backends have in common that run in this process: the walk along a timetable, and what is kept of it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from ..lowering.lowered import Lowered
from ..lowering.operations import Operation
from ..lowering.timetable import Timetable
from .interrupts import interruptible
from .noise import NoiseState, mersenne_state, set_mersenne
from .program import Program, Progress, RunResult, check_order, check_scale, check_seed

Action = Callable[[], Any]


class InProcessProgram(Program):
    """A program that is a list of Python functions for each step.

    Attributes
    ----------
    data : stimulus -> its rows, and the scale and offset that make rates of them
    row : the row of the data that each batch element shows in the presentation under way; -1 for none
    random : what all random numbers are drawn from
    """

    def __init__(self, lowered: Lowered) -> None:
        self.lowered = lowered
        self.data: dict[str, tuple[np.ndarray, float, float]] = {}
        self.row = np.zeros(lowered.network.batch_size, dtype=np.int32)
        self.random = np.random.RandomState(0)

    @abstractmethod
    def action(self, operation: Operation) -> Action:
        """Return what does an operation, each time that it is called."""

    def running(self) -> AbstractContextManager[Any]:
        """Return what is around a run."""
        return nullcontext()

    def close(self) -> None:
        self.data.clear()

    def seed(self, seed: int) -> None:
        self.random.seed(check_seed(seed))

    def noise(self) -> NoiseState:
        return mersenne_state(self.random)

    def set_noise(self, state: NoiseState) -> None:
        set_mersenne(self.random, state)

    def write(self, key: str, values: np.ndarray) -> None:
        self.read(key)[:] = values

    def load(self, stimulus: str, data: np.ndarray, scale: float, offset: float) -> None:
        check_scale(stimulus, scale, offset, self.lowered.network.dtype)
        self.data[stimulus] = (data, float(scale), float(offset))

    def run(
        self,
        table: Timetable,
        order: np.ndarray,
        *,
        collect: Mapping[str, int] | None = None,
        trace: Sequence[str] = (),
        columns: int = 1,
        progress: Progress | None = None,
    ) -> RunResult:
        order = check_order(order, len(self.row), {k: len(v[0]) for k, v in self.data.items()})
        collected: dict[str, list[np.ndarray]] = {key: [] for key in collect or {}}
        traces: dict[str, list[np.ndarray]] = {key: [] for key in trace}
        rows = [[self.action(e.operation) for e in row if not e.skipped] for row in table.entries]
        for key, step in (collect or {}).items():
            rows[table.steps.index(step)].append(self._keep(key, collected[key], slice(None)))
        tick = self._clockwork()
        for row in rows:
            row.extend(self._keep(key, traces[key], slice(0, columns)) for key in trace)
            row.append(tick)
        result = self._walk(rows, order, progress)
        result.collected = {k: np.array(v) for k, v in collected.items()}
        result.traces = {k: np.array(v).reshape(len(v), -1) for k, v in traces.items()}
        result.raise_if_interrupted()
        return result

    def _walk(self, rows: list[list[Action]], order: np.ndarray, progress: Progress | None) -> RunResult:
        """Return every presentation, until one diverges or Ctrl-C has been pressed."""
        counted = "presentation.active" in self.variables
        active = self.read("presentation.active") if counted else np.zeros(1, dtype=np.int32)
        everything = {key: self.read(key) for key in self.variables if np.issubdtype(self.dtype(key), np.floating)}
        rates = {key: values for key, values in everything.items() if key.endswith(".rate")}
        result = RunResult(0)
        with self.running(), interruptible() as interrupted:
            for self.row in order:
                active[0] = np.count_nonzero(self.row >= 0)
                for row in rows:
                    for action in row:
                        action()
                result.presentations += 1
                result.diverged = _first_not_finite(everything if result.presentations % 100 == 0 else rates)
                if progress is not None:
                    progress(result.presentations)
                if result.diverged or interrupted.is_set():
                    break
        result.diverged = result.diverged or _first_not_finite(everything)
        result.interrupted = interrupted.is_set()
        return result

    def _clockwork(self) -> Action:
        """Return what moves the clock on by a step."""
        step, t, dt = self.read("clock.timestep"), self.read("clock.t"), float(self.lowered.network.dt)

        def tick() -> None:
            np.add(step, 1, out=step)
            np.multiply(step, dt, out=t)

        return tick

    def _keep(self, key: str, into: list[np.ndarray], batch_size: slice) -> Action:
        variable, values = self.variables[key], self.read(key)
        if variable.places is not None:
            return lambda: into.append(self.get(key).reshape(1, -1))
        shown = values.reshape(variable.shape)[batch_size] if variable.by_element else values
        return lambda: into.append(shown.copy())


def _first_not_finite(arrays: dict[str, np.ndarray]) -> str:
    """Return the first variable with a NaN or infinity."""
    for key, values in arrays.items():
        if not np.isfinite(values).all():
            return key
    return ""

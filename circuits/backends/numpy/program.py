"""A circuit run in process by Brian2's numpy runtime, step by step along its timetable."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from brian2.devices.device import reset_device, set_device

from ...lowering.brian.emit import emit
from ...lowering.kernels import Clamp
from ...lowering.lowered import Lowered
from ...lowering.operations import Operation
from ...lowering.timetable import Timetable
from ..interrupts import interruptible
from ..program import Program, Progress, RunResult, check_order, check_scale, check_seed
from .codeobject import DenseNumpyCodeObject, draw_from


class NumpyProgram(Program):
    """Runs in this process."""

    backend = "numpy"

    def __init__(self, lowered: Lowered) -> None:
        self.lowered = lowered
        with _runtime_device():
            self._assembly = emit(lowered, DenseNumpyCodeObject)
        self._random = np.random.RandomState(0)
        for runner in self._assembly.runners.values():
            draw_from(self._random, runner.codeobj)
        self._data: dict[str, tuple[np.ndarray, float, float]] = {}
        self._row = np.zeros(lowered.network.columns, dtype=np.int32)

    def close(self) -> None:
        self._data.clear()

    def read(self, key: str) -> np.ndarray:
        return np.asarray(self._assembly.arrays[key].get_value())

    def write(self, key: str, values: np.ndarray) -> None:
        self.read(key)[:] = values

    def dtype(self, key: str) -> np.dtype:
        return self._assembly.arrays[key].dtype

    def seed(self, seed: int) -> None:
        self._random.seed(check_seed(seed))

    def load(self, stimulus: str, data: np.ndarray, scale: float, offset: float) -> None:
        check_scale(stimulus, scale, offset, self.lowered.network.dtype)
        self._data[stimulus] = (data, float(scale), float(offset))

    def run(
        self,
        table: Timetable,
        order: np.ndarray,
        *,
        collect: Mapping[str, int] | None = None,
        trace: Sequence[str] = (),
        progress: Progress | None = None,
    ) -> RunResult:
        order = check_order(order, len(self._row), {k: len(v[0]) for k, v in self._data.items()})
        rows = [[self._action(e.operation) for e in row if not e.skipped] for row in table.entries]
        collected: dict[str, list[np.ndarray]] = {key: [] for key in collect or {}}
        traces: dict[str, list[np.ndarray]] = {key: [] for key in trace}
        for key, step in (collect or {}).items():
            rows[table.steps.index(step)].append(self._keep(key, collected[key], slice(None)))
        for row in rows:
            row.extend(self._keep(key, traces[key], slice(0, 1)) for key in trace)
        counted = "presentation.active" in self.variables
        active = self.read("presentation.active") if counted else np.zeros(1, dtype=np.int32)
        everything = self._watched()
        rates = {key: values for key, values in everything.items() if key.endswith(".rate")}
        tick = self._clockwork()
        result = RunResult(0)
        with interruptible() as interrupted:
            for self._row in order:
                active[0] = np.count_nonzero(self._row >= 0)
                for row in rows:
                    for action in row:
                        action()
                    tick()
                result.presentations += 1
                result.diverged = _first_not_finite(everything if result.presentations % 100 == 0 else rates)
                if progress is not None:
                    progress(result.presentations)
                if result.diverged or interrupted.is_set():
                    break
        result.diverged = result.diverged or _first_not_finite(everything)
        result.interrupted = interrupted.is_set()
        result.collected = {k: np.array(v) for k, v in collected.items()}
        result.traces = {k: np.array(v).reshape(len(v), -1) for k, v in traces.items()}
        result.raise_if_interrupted()
        return result

    def _action(self, operation: Operation) -> Callable[[], Any]:
        if isinstance(operation.kernel, Clamp):
            return self._clamp(operation.kernel)
        return self._assembly.runners[operation.name].codeobj

    def _clamp(self, clamp: Clamp) -> Callable[[], None]:
        rates = self.read(f"{clamp.population}.{clamp.variable}").reshape(len(self._row), -1)
        if clamp.population not in self._data:
            return lambda: None
        data, scale, offset = self._data[clamp.population]

        def show_values() -> None:
            filled = self._row >= 0
            rates[:] = data[self._row]
            if (scale, offset) != (1.0, 0.0):
                np.multiply(rates, scale, out=rates)
                np.add(rates, offset, out=rates)
            if not filled.all():
                rates[~filled] = 0

        def show_labels() -> None:
            filled = self._row >= 0
            rates[:] = clamp.off
            rates[np.arange(len(rates))[filled], data[self._row[filled], 0].astype(int)] = clamp.on
            rates[~filled] = 0

        return show_labels if clamp.labels else show_values

    def _keep(self, key: str, into: list[np.ndarray], columns: slice) -> Callable[[], None]:
        variable, values = self.variables[key], self.read(key)
        if variable.places is not None:
            return lambda: into.append(self.get(key).reshape(1, -1))
        shown = values.reshape(variable.shape)[columns] if variable.by_element else values
        return lambda: into.append(shown.copy())

    def _clockwork(self) -> Callable[[], None]:
        """What goes on by a step."""
        clock = self._assembly.clock.variables
        step, dt, t = (np.asarray(clock[name].get_value()) for name in ("timestep", "dt", "t"))

        def tick() -> None:
            np.add(step, 1, out=step)
            np.multiply(step, dt, out=t)

        return tick

    def _watched(self) -> dict[str, np.ndarray]:
        return {key: self.read(key) for key in self.variables if np.issubdtype(self.dtype(key), np.floating)}


def _first_not_finite(arrays: dict[str, np.ndarray]) -> str:
    """The first variable with a NaN or infinity."""
    for key, values in arrays.items():
        if not np.isfinite(values).all():
            return key
    return ""


@contextmanager
def _runtime_device() -> Iterator[None]:
    set_device("runtime")
    try:
        yield
    finally:
        reset_device()

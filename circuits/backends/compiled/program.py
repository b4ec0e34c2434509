"""A circuit as a compiled program, in a worker of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import numpy as np

from ....errors import RecircuitError
from ...lowering.brian.assembly import Assembly
from ...lowering.brian.emit import brian_preferences, emit
from ...lowering.kernels import Clamp
from ...lowering.lowered import Lowered
from ...lowering.operations import Operation
from ...lowering.timetable import Timetable
from ..program import Program, Progress, RunResult, check_order
from .build import Recipe
from .cache import built
from .worker import Worker


class WritesSources(Protocol):
    """A Brian2 device that writes a project, and says how the worker is compiled from it."""

    def in_use(self) -> AbstractContextManager[None]:
        """Make this Brian2's device for a while."""
        ...

    def write_sources(self, assembly: Assembly, folder: Path) -> Recipe:
        """Write the project; return how it is compiled."""
        ...


class CompiledProgram(Program):
    """Runs in a worker of its own."""

    def __init__(self, lowered: Lowered, device: WritesSources, toolchain: str) -> None:
        self.lowered = lowered
        network = lowered.network
        with device.in_use(), brian_preferences(network.dtype):
            self.assembly = emit(lowered, None)
            self.check()
            self._folder = built(self.backend, lambda folder: device.write_sources(self.assembly, folder), toolchain)
        self._clamps = {o.owner: o.kernel for o in lowered.operations if isinstance(o.kernel, Clamp)}
        self._rows: dict[str, int] = {}
        self._worker = Worker(self._folder, self.backend, RECIRCUIT_MATMUL=network.matmul)

    def check(self) -> None:
        """Refuse, before anything is built, what this backend cannot run."""

    def close(self) -> None:
        self._worker.close()

    def dtype(self, key: str) -> np.dtype:
        return self.assembly.arrays[key].dtype

    def read(self, key: str) -> np.ndarray:
        path = self._worker.exchange / "array"
        self._worker.tell(f"get {key} {path}")
        return np.fromfile(path, dtype=self.dtype(key))

    def write(self, key: str, values: np.ndarray) -> None:
        path = self._worker.put("array", values)
        self._worker.tell(f"set {key} {path}")

    def seed(self, seed: int) -> None:
        self._worker.tell(f"seed {seed}")

    def memory(self) -> int:
        """Bytes that the worker holds for the circuit; on a GPU with its data, and what cuBLAS works in."""
        return int(self._worker.tell("memory"))

    def load(self, stimulus: str, data: np.ndarray, scale: float, offset: float) -> None:
        clamp = self._clamps[stimulus]
        path = self._worker.put(f"data_{stimulus}_{len(list(self._worker.exchange.iterdir()))}", data)
        if clamp.labels:
            width = self.variables[f"{stimulus}.{clamp.variable}"].shape[1]
            self._worker.tell(f"label {stimulus} {path} {width} {clamp.on!r} {clamp.off!r}")
        else:
            self._worker.tell(f"load {stimulus} {path} {data.dtype} {data.shape[1]} {scale!r} {offset!r}")
        path.unlink()  # the worker has it mapped
        self._rows[stimulus] = len(data)

    def run(
        self,
        table: Timetable,
        order: np.ndarray,
        *,
        collect: Mapping[str, int] | None = None,
        trace: Sequence[str] = (),
        progress: Progress | None = None,
    ) -> RunResult:
        order = check_order(order, self.assembly.columns, self._rows)
        path, kept = self._write_table(table, collect or {}, trace)
        self._worker.tell(f"table {path}")
        path = self._worker.put("order", order)
        answer = self._worker.tell(f"run {path} {len(order)} {self._worker.exchange}", progress)
        done, interrupted, diverged = (answer.split(" ") + [""])[:3]
        result = RunResult(int(done), interrupted=interrupted == "1", diverged=diverged)
        for key, (file, is_trace) in kept.items():
            values = np.fromfile(self._worker.exchange / file, dtype=self.dtype(key[0]))
            where = result.traces if is_trace else result.collected
            shape = self.variables[key[0]].shape
            lines = len(order[: result.presentations]) * (len(table.steps) if is_trace else 1)
            where[key[0]] = values.reshape(lines, -1) if is_trace else values.reshape(lines, *shape)
        return result

    def profile(self, table: Timetable, order: np.ndarray) -> list[tuple[str, float]]:
        """Run, and tell how many seconds each line of the table took, over all presentations.

        Returns ``("run OPERATION", seconds)``, ``("clamp ...", seconds)`` and ``("tick", seconds)`` in the order of a
        presentation. A line is timed from outside: it includes waiting for the other threads.
        """
        path = self._worker.exchange / "profile"
        self._worker.tell(f"profile {path}")
        try:
            self.run(table, order).raise_if_diverged()
        finally:
            self._worker.tell("profile")
        told = [line.partition(" ") for line in path.read_text().splitlines()]
        return [(what, int(nanoseconds) * 1e-9) for nanoseconds, _, what in told]

    def _write_table(
        self, table: Timetable, collect: Mapping[str, int], trace: Sequence[str]
    ) -> tuple[Path, dict[tuple[str, bool], tuple[str, bool]]]:
        kept: dict[tuple[str, bool], tuple[str, bool]] = {}
        counts: dict[tuple[str, int], str] = {}
        lines: list[str] = []

        def keep(key: str, is_trace: bool) -> None:
            variable = self.variables[key]
            if variable.places is not None:
                raise RecircuitError(f"record: {key} is sparse in the plain form; record it with backend='numpy'.")
            count = variable.size
            if is_trace and variable.by_element:
                count //= self.assembly.columns
            lines.append(f"keep {key} {count}")
            file = counts.setdefault((key, count), f"kept_{len(counts)}")
            kept[key, is_trace] = (file, is_trace)

        for step, row in zip(table.steps, table.entries, strict=True):
            for entry in row:
                if entry.skipped:
                    continue
                lines.append(_line(entry.operation))
            for key in (k for k, s in collect.items() if s == step):
                keep(key, False)
            for key in trace:
                keep(key, True)
            lines.append("tick")
        path = self._worker.exchange / "table"
        path.write_text("\n".join(lines) + "\n")
        return path, kept


def _line(operation: Operation) -> str:
    """The line of the table by which the worker runs an operation."""
    kernel = operation.kernel
    if isinstance(kernel, Clamp):
        return f"clamp {kernel.population} {kernel.population}.{kernel.variable}"
    return f"run {operation.name}"

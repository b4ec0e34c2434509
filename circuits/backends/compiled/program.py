"""A circuit as a compiled program, in a worker of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from ....errors import RecircuitError
from ...lowering.brian.assembly import Assembly
from ...lowering.brian.emit import brian_preferences, emit
from ...lowering.kernels import Clamp
from ...lowering.lowered import Lowered
from ...lowering.timetable import Timetable
from ..live import LiveStimulus, Session
from ..noise import MERSENNE, NoiseState
from ..program import Program, Progress, RunResult
from ..run_checks import check_scale, check_seed
from ..series import Series, count_of
from . import forks, known
from .build import Recipe
from .cache import built
from .depends import depends_on
from .kept_rows import KeptRows
from .live import CompiledSession
from .messages import Field, Kind
from .recordings import lines_of, recorded
from .worker import Worker


class WritesSources(Protocol):
    """A Brian2 device that writes a project, and says how the worker is compiled from it."""

    def in_use(self) -> AbstractContextManager[None]:
        """Make this Brian2's device for a while."""
        ...

    def write_sources(self, assembly: Assembly, folder: Path) -> Recipe:
        """Write the project; return how it is compiled."""
        ...


@dataclass(frozen=True)
class _Data:
    """Rows of a stimulus, as they were given."""

    values: np.ndarray
    scale: float
    offset: float
    series: Series | None = None


@dataclass(frozen=True)
class _Snapshot:
    """Everything that a worker holds besides its data."""

    values: dict[str, np.ndarray]
    noise: np.ndarray


class CompiledProgram(Program):
    """A program that runs in a worker process of its own.

    Parameters
    ----------
    lowered : Lowered
        The circuit.
    ready : Callable[[], tuple[WritesSources, str]]
        Returns the device that writes the code, and everything else that the program depends on; it is called if the cache
        is not known to hold the program.
    tools : Sequence[str]
        The compiler, its options and the libraries that it links, if these and the circuit identify the program; empty
        if they do not.

    Attributes
    ----------
    generator : str
        The kind of its random number generator.
    """

    generator = MERSENNE

    def __init__(
        self, lowered: Lowered, ready: Callable[[], tuple[WritesSources, str]], tools: Sequence[str] = ()
    ) -> None:  # fmt: skip
        self.lowered = lowered
        with brian_preferences(lowered.network.dtype):
            depends = depends_on(lowered, tools) if tools else ""
            found = known.find(depends)
            if found is None:
                found = self._compiled(*ready())
                known.remember(depends, found)
        self._folder, self._types = found.folder, found.types
        self._clamps = {o.owner: o.kernel for o in lowered.operations if isinstance(o.kernel, Clamp)}
        self._data: dict[str, _Data] = {}
        self._kept = KeptRows()
        self._snapshot: _Snapshot | None = None
        self._worker = self._started()
        forks.watch(self)

    def _compiled(self, device: WritesSources, toolchain: str) -> known.Known:
        """Generate the code, and find its program in the cache by it, or compile it."""
        with device.in_use():
            assembly = emit(self.lowered, None)
            self.check(assembly)
            folder = built(self.backend, lambda folder: device.write_sources(assembly, folder), toolchain)
        return known.Known(folder, {key: np.dtype(v.dtype) for key, v in assembly.arrays.items()})

    def check(self, assembly: Assembly) -> None:
        """Refuse, before anything is built, what this backend cannot run."""

    def close(self) -> None:
        self._worker.close()
        self._kept.clear()

    @property
    def alive(self) -> bool:
        return self._worker.owner != os.getpid() or self._worker.alive

    def check_alive(self) -> None:
        if not self.alive:
            self._worker.died()

    def dtype(self, key: str) -> np.dtype:
        return self._types[key]

    def read(self, key: str) -> np.ndarray:
        return self._checked(key, self._own_worker().ask(Kind.GET, key))

    def write(self, key: str, values: np.ndarray) -> None:
        self._own_worker().ask(Kind.SET, key, values)

    def seed(self, seed: int) -> None:
        self._own_worker().ask(Kind.SEED, check_seed(seed))

    def noise(self) -> NoiseState:
        (_, content) = self._own_worker().ask(Kind.NOISE)
        assert isinstance(content, np.ndarray)
        return NoiseState(self.generator, content.copy())

    def set_noise(self, state: NoiseState) -> None:
        if state.kind != self.generator:
            self.seed(state.seed())
        else:
            self._own_worker().ask(Kind.RESTORE, len(state.content), state.content)

    def memory(self) -> int:
        """Return the bytes that the worker holds for the circuit; on a GPU, also those of its data and of cuBLAS."""
        (held,) = self._own_worker().ask(Kind.MEMORY)
        assert isinstance(held, int)
        return held

    def load(
        self, stimulus: str, data: np.ndarray, scale: float, offset: float, series: Series | None = None
    ) -> None:  # fmt: skip
        check_scale(stimulus, scale, offset, self.lowered.network.dtype)
        given = _Data(data, float(scale), float(offset), series)
        self._load(self._own_worker(), stimulus, given)
        self._data[stimulus] = given

    def sample_counts(self) -> dict[str, int]:
        return {name: count_of(given.values, given.series) for name, given in self._data.items()}

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
        worker = self._own_worker()
        worker.ask(Kind.TABLE, *lines_of(table, self.lowered, collect, trace, elements))
        answer, interrupted = worker.run(len(order), order, progress=progress)
        result = recorded(answer, table, self.lowered, collect, trace)
        result.interrupted |= interrupted
        return result

    def session(self, table: Timetable, stimuli: Mapping[str, LiveStimulus], reads: Sequence[str]) -> Session:
        self._own_worker().ask(Kind.TABLE, *lines_of(table, self.lowered, {}, ()))
        return CompiledSession(self, table, stimuli, reads)

    def worker(self) -> Worker:
        """Return the worker of this process."""
        return self._own_worker()

    def forget(self, stimuli: Sequence[str]) -> None:
        """Take note that the worker has no data for these stimuli any more."""
        for name in stimuli:
            self._data.pop(name, None)

    def profile(self, table: Timetable, order: np.ndarray) -> list[tuple[str, float]]:
        """Run, and return how many seconds each line of the table took, over all presentations.

        The result holds ``("run OPERATION", seconds)``, ``("clamp ...", seconds)`` and ``("tick", seconds)`` in the order of a
        presentation. A line is timed from outside: it includes waiting for the other threads.
        """
        worker = self._own_worker()
        worker.ask(Kind.PROFILE, 1)
        try:
            self.run(table, order).raise_if_diverged()
        finally:
            worker.ask(Kind.PROFILE, 0)
        answer = worker.ask(Kind.TIMES)
        return [(str(what), int(ns) * 1e-9) for what, ns in zip(answer[::2], answer[1::2], strict=True)]  # type: ignore[arg-type]

    # ---- the worker --------------------------------------------------------------------------------------------------

    def before_fork(self) -> None:
        """Take note of the worker's state for the child, unless another thread is using it."""
        if self._worker.owner != os.getpid() or not self._worker.alive:
            return
        self._snapshot = None
        with self._worker.free() as free:
            if free:
                values = {k: self._checked(k, self._worker.ask_alone(Kind.GET, k)) for k in self.variables}
                (_, noise) = self._worker.ask_alone(Kind.NOISE)
                assert isinstance(noise, np.ndarray)
                self._snapshot = _Snapshot(values, noise)

    def after_fork(self, *, child: bool) -> None:
        """Leave the worker to the process that started it."""
        if child:
            self._worker.let_go()
            self._kept.clear()  # the parent's worker may write into these files
        elif self._worker.owner == os.getpid():
            self._snapshot = None

    def _own_worker(self) -> Worker:
        """Return the worker of this process."""
        if self._worker.owner != os.getpid():
            self._worker = self._copied_worker()
        return self._worker

    def _copied_worker(self) -> Worker:
        """Return a worker for this process, which continues from the state of the parent's worker at the fork."""
        if (known := self._snapshot) is None:
            raise RecircuitError(
                f"{self.backend}: this process was forked while another thread used the circuit, or after its program had "
                "ended, so that its state is not known here. Build the circuit in this process."
            )
        worker = self._started()
        for key, values in known.values.items():
            worker.ask(Kind.SET, key, values)
        worker.ask(Kind.RESTORE, len(known.noise), known.noise)
        for stimulus, given in self._data.items():
            self._load(worker, stimulus, given)
        self._snapshot = None
        return worker

    def _started(self) -> Worker:
        return Worker(self._folder, self.backend, RECIRCUIT_MATMUL=self.lowered.network.matmul)

    def _load(self, worker: Worker, stimulus: str, given: _Data) -> None:
        clamp, rows = self._clamps[stimulus], given.values
        width = self.variables[f"{stimulus}.{clamp.variable}"].shape[1]
        with self._kept.file(stimulus, rows) as (number, file):
            if clamp.labels:
                scales = (float(clamp.on), float(clamp.off))
                worker.ask(Kind.LABEL, stimulus, number, len(rows), width, *scales, file=file)
            else:
                about = (rows.dtype.name, len(rows), width, given.scale, given.offset, *_series_fields(given.series))
                worker.ask(Kind.LOAD, stimulus, number, *about, file=file)

    def _checked(self, key: str, answer: list[Field]) -> np.ndarray:
        name, values = answer
        if name != key or not isinstance(values, np.ndarray) or values.dtype != self.dtype(key):
            raise RecircuitError(
                f"{self.backend}: the compiled circuit was asked for {key!r} and answered with {name!r}, so that "
                "its answer is not used. This is a fault of recircuit."
            )
        return values


def _series_fields(series: Series | None) -> tuple[Field, ...]:
    """Return which rows make a sample: how many samples there are, where they begin, and how long they are."""
    if series is None:
        return 1, 1, 0, np.zeros(0, np.int32)
    return series.rows, series.stride, len(series.lengths), series.lengths

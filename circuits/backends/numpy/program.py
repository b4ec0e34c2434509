"""A circuit that runs in this process by Brian2's numpy runtime."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
from brian2.devices.device import reset_device, set_device

from ....errors import RecircuitError
from ...lowering.brian.emit import emit
from ...lowering.kernels import Clamp
from ...lowering.lowered import Lowered
from ...lowering.operations import Operation
from ...lowering.variables import split_key
from ..in_process import InProcessProgram
from ..rows import Action, Row
from ..series import Series
from .codeobject import DenseNumpyCodeObject, draw_from
from .presentations import Presentations


class NumpyProgram(InProcessProgram):
    """The program of the numpy backend, which runs in this process."""

    backend = "numpy"

    def __init__(self, lowered: Lowered) -> None:
        super().__init__(lowered)
        with _runtime_device():
            self._assembly = emit(lowered, DenseNumpyCodeObject)
            name = DenseNumpyCodeObject.generator_class.get_array_name
            names = {key: name(variable) for key, variable in self._assembly.arrays.items()}
            constants = self._constants(names)
        for runner in self._assembly.runners.values():
            draw_from(self.random, runner.codeobj)
        codes = {name: runner.codeobj for name, runner in self._assembly.runners.items()}
        self._presentations = Presentations(lowered, codes, constants, names, self.tick)

    def read(self, key: str) -> np.ndarray:
        return np.asarray(self._assembly.arrays[key].get_value())

    def dtype(self, key: str) -> np.dtype:
        return self._assembly.arrays[key].dtype

    def action(self, operation: Operation) -> Action:
        return self._clamp(operation.kernel) if isinstance(operation.kernel, Clamp) else _nothing

    def actions(self, rows: Sequence[Row]) -> list[Action]:
        return self._presentations.actions(rows)

    def write(self, key: str, values: np.ndarray) -> None:
        super().write(key, values)
        self._presentations.changed()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Surround a run, or a call of a closed loop, and name the cause of a division by zero."""
        try:
            with super().running():
                self._presentations.prepare()
                yield
        except ZeroDivisionError as problem:
            raise RecircuitError(f"An equation or a rule divides by a number that is 0 ({problem}).") from problem

    def _constants(self, names: Mapping[str, str]) -> set[str]:
        """Return the names, in generated code, of the time step and of the variables that no operation writes."""
        written = {key for operation in self.lowered.all_operations() for key in operation.writes}
        moving = {key for key in names if key in written or split_key(key)[0] in ("clock", "presentation")}
        fixed = {names[key] for key in names if key not in moving} - {names[key] for key in moving}
        return fixed | {DenseNumpyCodeObject.generator_class.get_array_name(self._assembly.clock.variables["dt"])}

    def _clamp(self, clamp: Clamp) -> Action:
        if clamp.population not in self.data:
            return _nothing
        return self._labels_shown(clamp) if clamp.labels else self._values_shown(clamp)

    def _rates(self, clamp: Clamp) -> np.ndarray:
        """Return the rates that a clamp sets, of shape (batch, units)."""
        return self.read(f"{clamp.population}.{clamp.variable}").reshape(len(self.row), -1)

    def _values_shown(self, clamp: Clamp) -> Action:
        rates, put = self._rates(clamp), self._put(clamp)

        def show() -> None:
            put(self.row)
            if self.row.item(-1) < 0:  # batch elements that show nothing come last
                rates[self.row < 0] = 0

        return show

    def _labels_shown(self, clamp: Clamp) -> Action:
        rates, on, off = self._rates(clamp), clamp.on, clamp.off
        data, every = self.data[clamp.population][0], np.arange(len(rates))
        labels = data[:, 0] if data.dtype.kind in "iu" else data[:, 0].astype(int)

        def show() -> None:
            rates.fill(off)
            if self.row.item(-1) >= 0:
                rates[every, labels[self.row]] = on
                return
            filled = self.row >= 0
            rates[every[filled], labels[self.row[filled]]] = on
            rates[~filled] = 0

        return show

    def shown(self, clamp: Clamp, series: Series) -> Callable[[int], None]:
        rates, put = self._rates(clamp), self._put(clamp)

        def show(row: int) -> None:
            places, there = series.places(self.row, row)
            put(places)
            if not there.all():
                rates[~there] = 0

        return show

    def _put(self, clamp: Clamp) -> Callable[[np.ndarray], None]:
        """Return a function that turns some rows of the data into rates; -1 stands for any row."""
        rates, (data, scale, offset) = self._rates(clamp), self.data[clamp.population]
        direct = data.dtype == rates.dtype and data.flags.c_contiguous and data.ndim == 2

        def put(rows: np.ndarray) -> None:
            if direct:
                data.take(rows, 0, rates, "clip")
            else:
                rates[:] = data[rows]
            if (scale, offset) != (1.0, 0.0):
                np.multiply(rates, scale, out=rates)
                np.add(rates, offset, out=rates)

        return put


def _nothing() -> None:
    """Do nothing, in place of an operation that is done by the function of its row."""


@contextmanager
def _runtime_device() -> Iterator[None]:
    set_device("runtime")
    try:
        yield
    finally:
        reset_device()

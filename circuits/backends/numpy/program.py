"""A circuit run in process by Brian2's numpy runtime."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from brian2.devices.device import reset_device, set_device

from ...lowering.brian.emit import emit
from ...lowering.kernels import Clamp
from ...lowering.lowered import Lowered
from ...lowering.operations import Operation
from ..in_process import Action, InProcessProgram
from ..series import Series
from .codeobject import DenseNumpyCodeObject, draw_from


class NumpyProgram(InProcessProgram):
    """Runs in this process."""

    backend = "numpy"

    def __init__(self, lowered: Lowered) -> None:
        super().__init__(lowered)
        with _runtime_device():
            self._assembly = emit(lowered, DenseNumpyCodeObject)
        for runner in self._assembly.runners.values():
            draw_from(self.random, runner.codeobj)

    def read(self, key: str) -> np.ndarray:
        return np.asarray(self._assembly.arrays[key].get_value())

    def dtype(self, key: str) -> np.dtype:
        return self._assembly.arrays[key].dtype

    def action(self, operation: Operation) -> Action:
        if isinstance(operation.kernel, Clamp):
            return self._clamp(operation.kernel)
        return self._assembly.runners[operation.name].codeobj

    def _clamp(self, clamp: Clamp) -> Callable[[], None]:
        rates = self.read(f"{clamp.population}.{clamp.variable}").reshape(len(self.row), -1)
        if clamp.population not in self.data:
            return lambda: None
        data, scale, offset = self.data[clamp.population]

        def show_values() -> None:
            filled = self.row >= 0
            rates[:] = data[self.row]
            if (scale, offset) != (1.0, 0.0):
                np.multiply(rates, scale, out=rates)
                np.add(rates, offset, out=rates)
            if not filled.all():
                rates[~filled] = 0

        def show_labels() -> None:
            filled = self.row >= 0
            rates[:] = clamp.off
            rates[np.arange(len(rates))[filled], data[self.row[filled], 0].astype(int)] = clamp.on
            rates[~filled] = 0

        return show_labels if clamp.labels else show_values

    def shown(self, clamp: Clamp, series: Series) -> Callable[[int], None]:
        rates = self.read(f"{clamp.population}.{clamp.variable}").reshape(len(self.row), -1)
        data, scale, offset = self.data[clamp.population]

        def show(row: int) -> None:
            places, there = series.places(self.row, row)
            rates[:] = data[places]
            if (scale, offset) != (1.0, 0.0):
                np.multiply(rates, scale, out=rates)
                np.add(rates, offset, out=rates)
            if not there.all():
                rates[~there] = 0

        return show


@contextmanager
def _runtime_device() -> Iterator[None]:
    set_device("runtime")
    try:
        yield
    finally:
        reset_device()

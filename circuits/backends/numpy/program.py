"""A circuit run in process by Brian2's numpy runtime."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from brian2.devices.device import reset_device, set_device

from ....errors import RecircuitError
from ...lowering.brian.emit import emit
from ...lowering.kernels import Clamp
from ...lowering.lowered import Lowered
from ...lowering.operations import Operation
from ..in_process import Action, InProcessProgram
from ..series import Series
from .codeobject import DenseNumpyCodeObject, draw_from
from .steady import Prepared


class NumpyProgram(InProcessProgram):
    """Runs in this process."""

    backend = "numpy"

    def __init__(self, lowered: Lowered) -> None:
        super().__init__(lowered)
        with _runtime_device():
            self._assembly = emit(lowered, DenseNumpyCodeObject)
        for runner in self._assembly.runners.values():
            draw_from(self.random, runner.codeobj)
        constant = self._constants()
        codes = {name: runner.codeobj for name, runner in self._assembly.runners.items()}
        self._prepared = {name: Prepared(c.code.run, c.namespace, constant) for name, c in codes.items()}
        self._stale = True

    def read(self, key: str) -> np.ndarray:
        return np.asarray(self._assembly.arrays[key].get_value())

    def dtype(self, key: str) -> np.dtype:
        return self._assembly.arrays[key].dtype

    def action(self, operation: Operation) -> Action:
        if isinstance(operation.kernel, Clamp):
            return self._clamp(operation.kernel)
        return self._prepared[operation.name].act

    def write(self, key: str, values: np.ndarray) -> None:
        super().write(key, values)
        self._stale = True

    @contextmanager
    def running(self) -> Iterator[None]:
        """Around a run, or a call of a closed loop."""
        try:
            with super().running():
                if self._stale:
                    for prepared in self._prepared.values():
                        prepared.prepare()
                    self._stale = False
                yield
        except ZeroDivisionError as problem:
            raise RecircuitError(f"An equation or a rule divides by a number that is 0 ({problem}).") from problem

    def _constants(self) -> set[str]:
        """The names, in codes, of those variables that no operation writes, and that of the time step."""
        written = {key for operation in self.lowered.all_operations() for key in operation.writes}
        moving = {key for key in self._assembly.arrays if key in written or key.startswith(("clock.", "presentation."))}
        name = DenseNumpyCodeObject.generator_class.get_array_name
        names = {key: name(variable) for key, variable in self._assembly.arrays.items()}
        fixed = {names[key] for key in names if key not in moving} - {names[key] for key in moving}
        return fixed | {name(self._assembly.clock.variables["dt"])}

    def _clamp(self, clamp: Clamp) -> Callable[[], None]:
        rates = self.read(f"{clamp.population}.{clamp.variable}").reshape(len(self.row), -1)
        if clamp.population not in self.data:
            return lambda: None
        data, scale, offset = self.data[clamp.population]

        every = np.arange(len(rates))

        def show_values() -> None:
            rates[:] = data[self.row]
            if (scale, offset) != (1.0, 0.0):
                np.multiply(rates, scale, out=rates)
                np.add(rates, offset, out=rates)
            if self.row[-1] < 0:  # elements that show nothing are the last
                rates[self.row < 0] = 0

        def show_labels() -> None:
            rates.fill(clamp.off)
            if self.row[-1] >= 0:
                rates[every, data[self.row, 0].astype(int)] = clamp.on
                return
            filled = self.row >= 0
            rates[every[filled], data[self.row[filled], 0].astype(int)] = clamp.on
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

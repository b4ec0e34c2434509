"""A circuit that is interpreted."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from ...lowering.kernels import Clamp
from ...lowering.lowered import Lowered
from ...lowering.operations import Operation
from ..in_process import InProcessProgram
from ..rows import Action
from ..series import Series
from .kernels import perform
from .memory import Memory


class InterpreterProgram(InProcessProgram):
    """The program of the interpreter, which runs slowly in this process."""

    backend = "interpreter"

    def __init__(self, lowered: Lowered) -> None:
        super().__init__(lowered)
        self.memory = Memory(lowered, self.random)

    def read(self, key: str) -> np.ndarray:
        return self.memory.arrays[key].reshape(-1)

    def dtype(self, key: str) -> np.dtype:
        return self.memory.arrays[key].dtype

    def action(self, operation: Operation) -> Action:
        if isinstance(operation.kernel, Clamp):
            return partial(self._clamp, operation.kernel)
        return partial(perform, operation.kernel, self.memory)

    def shown(self, clamp: Clamp, series: Series) -> Callable[[int], None]:
        data, scale, offset = self.data[clamp.population]
        rates = self.memory.arrays[f"{clamp.population}.{clamp.variable}"]

        def show(row: int) -> None:
            for b, sample in enumerate(self.row):
                lengths = series.lengths[0 if series.shared else sample :]
                if sample < 0 or row >= (lengths[0] if len(lengths) else series.rows):
                    rates[b] = 0
                else:
                    rates[b] = scale * data[sample * series.stride + row].astype(rates.dtype) + offset

        return show

    def _clamp(self, clamp: Clamp) -> None:
        if clamp.population not in self.data:
            return
        data, scale, offset = self.data[clamp.population]
        rates = self.memory.arrays[f"{clamp.population}.{clamp.variable}"]
        for b, row in enumerate(self.row):
            if row < 0:
                rates[b] = 0
            elif clamp.labels:
                rates[b] = clamp.off
                rates[b, int(data[row, 0])] = clamp.on
            else:
                rates[b] = scale * data[row].astype(rates.dtype) + offset

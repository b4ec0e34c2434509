"""A closed loop of a program that runs in this process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np

from ..lowering.lowered import Lowered
from ..lowering.timetable import Timetable
from ..lowering.variables import Variable
from .divergence import cause, diverged
from .finite import first_not_finite
from .interrupted_wait import InterruptedWait
from .interrupts import postponed
from .live import LiveStimulus, Session
from .rows import Action
from .series import Series

__all__ = ["InProcessSession"]


class Hosts(Protocol):
    """What a closed loop uses of a program."""

    backend: str
    lowered: Lowered
    loaded: int
    data: dict[str, tuple[np.ndarray, float, float]]
    series: dict[str, Series]
    row: np.ndarray
    repeated: int

    @property
    def variables(self) -> Mapping[str, Variable]:
        """The variables of the circuit."""
        ...

    def read(self, key: str) -> np.ndarray:
        """Return the values of a variable."""
        ...

    def rates(self) -> dict[str, np.ndarray]:
        """Return the arrays of all rates."""
        ...

    def running(self) -> AbstractContextManager[Any]:
        """Return a context for a run."""
        ...

    def give_up(self) -> None:
        """End a presentation in the middle."""
        ...


class InProcessSession(Session):
    """A closed loop as a list of functions."""

    def __init__(
        self,
        program: Hosts,
        table: Timetable,
        stimuli: Mapping[str, LiveStimulus],
        actions: Sequence[Action],
        reads: Sequence[str],
    ) -> None:
        super().__init__(stimuli)
        self.table = table
        self.program, self.actions, self.number = program, actions, program.loaded
        self.order = np.arange(len(program.row), dtype=np.int32)
        self.reads = [program.read(key).reshape(program.variables[key].shape) for key in reads]
        self.rates = program.rates()
        self.active = program.read("presentation.active") if "presentation.active" in program.variables else None

    def current(self) -> bool:
        return self.program.loaded == self.number

    def present(self, inputs: Mapping[str, Any]) -> list[np.ndarray]:
        self.show(inputs)
        program = self.program
        program.row, program.repeated = self.order, 0
        if self.active is not None:
            self.active[0] = len(self.order)
        waiting = InterruptedWait(program.backend, program.give_up)
        with postponed(waiting.interrupt), program.running():
            for action in self.actions:
                action()
            wrong = first_not_finite(self.rates)
        if wrong:
            raise diverged(wrong, "in a closed loop", cause(program.lowered, self.table))
        return [values.copy() for values in self.reads]

    def close(self) -> None:
        for name, stimulus in self.stimuli.items():
            known = self.program.data.get(name)
            if known is not None and known[0].base is stimulus.rows:
                del self.program.data[name]
                self.program.series.pop(name, None)

"""A closed loop of a worker: each call is one packet to it, and one back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from ...lowering.lowered import Lowered
from ...lowering.timetable import Timetable
from ...lowering.variables import Variable
from ..divergence import cause, diverged
from ..live import LiveStimulus, Session
from .messages import Field, Kind, pack
from .worker import Worker

#: The number of bytes before those of an array in a message: its type and length.
HEAD = 16


class Hosts(Protocol):
    """The methods of a program that a closed loop uses."""

    loaded: int
    lowered: Lowered

    @property
    def variables(self) -> Mapping[str, Variable]:
        """The variables of the circuit."""
        ...

    def dtype(self, key: str) -> np.dtype:
        """Return the type in which the values of a variable are stored."""
        ...

    def worker(self) -> Worker:
        """Return the worker of this process."""
        ...

    def forget(self, stimuli: Sequence[str]) -> None:
        """Take note that the worker has no data for these stimuli any more."""
        ...


class CompiledSession(Session):
    """A closed loop of a worker. The rows of its stimuli lie in the message that is sent."""

    def __init__(
        self, program: Hosts, table: Timetable, stimuli: Mapping[str, LiveStimulus], reads: Sequence[str]
    ) -> None:
        self.program, self.table = program, table
        self.loaded, self.worker = program.loaded, program.worker()
        self.message = bytearray(pack([s.rows for s in stimuli.values()]))
        placed, at = {}, 0
        for name, stimulus in stimuli.items():
            rows = np.frombuffer(self.message, stimulus.rows.dtype, stimulus.rows.size, at + HEAD)
            placed[name] = replace(stimulus, rows=rows.reshape(stimulus.rows.shape))
            at += HEAD + stimulus.rows.nbytes + -stimulus.rows.nbytes % 8
        super().__init__(placed)
        self.shapes = [program.variables[key].shape for key in reads]
        none = [np.zeros(program.variables[key].size, program.dtype(key)) for key in reads]
        self.expected = len(pack(["", *none]))
        self.worker.ask(Kind.LIVE, len(stimuli), *stimuli, *reads)

    def current(self) -> bool:
        return self.program.loaded == self.loaded and self.program.worker() is self.worker

    def present(self, inputs: Mapping[str, Any]) -> list[np.ndarray]:
        self.show(inputs)
        wrong, *found = self.worker.present(self.message, self.expected)
        if wrong:
            raise diverged(str(wrong), "in a closed loop", cause(self.program.lowered, self.table))
        return [_shaped(values, shape) for values, shape in zip(found, self.shapes, strict=True)]

    def close(self) -> None:
        if self.current():
            self.worker.ask(Kind.LIVE, 0)
            self.program.forget(list(self.stimuli))


def _shaped(values: Field, shape: tuple[int, ...]) -> np.ndarray:
    assert isinstance(values, np.ndarray)
    return values.reshape(shape)

"""The base class of programs: a built circuit whose variables are read and set, and whose presentations are run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...errors import Interruption, RecircuitError
from ..lowering.lowered import Lowered
from ..lowering.memory import check_free
from ..lowering.timetable import Timetable
from ..lowering.variables import Variable
from .divergence import cause, diverged
from .live import LiveStimulus, Session
from .noise import NoiseState
from .run_checks import check_order
from .series import Series

Progress = Callable[[int], None]


class Interrupted(Interruption):
    """Ctrl-C during a run. The presentation under way was finished, and the circuit can be used.

    Parameters
    ----------
    result : RunResult
        The result of the run until then.
    trace : Trace, optional
        What was recorded until then, if it was a run that records.
    """

    def __init__(self, result: RunResult, trace: Any = None) -> None:
        recorded = "" if trace is None else " The attribute `trace` of this exception holds what was recorded."
        super().__init__(f"The run was stopped after {result.last}. The circuit can be used as before.{recorded}")
        self.result, self.trace = result, trace

    def __reduce__(self) -> tuple[Any, ...]:
        return Interrupted, (self.result, self.trace)


@dataclass
class RunResult:
    """The result of a run.

    Parameters
    ----------
    presentations : int
        The number of presentations that were completed.
    collected : mapping of str to array
        For each variable, its values at the end of its step, of shape (presentations, batch, size).
    traces : mapping of str to array
        For each variable, its values in the first batch elements, of shape (steps, values).
    diverged : str
        The variable that became NaN or infinite; empty if none did.
    interrupted : bool
        Whether Ctrl-C stopped it, after the presentation under way.
    why : str
        The possible reason why it diverged, as a sentence.
    stream : bool
        Whether the circuit has no phases, so that each presentation is a step.
    """

    presentations: int
    collected: dict[str, np.ndarray] = field(default_factory=dict)
    traces: dict[str, np.ndarray] = field(default_factory=dict)
    diverged: str = ""
    interrupted: bool = False
    why: str = ""
    stream: bool = False

    @property
    def last(self) -> str:
        """The last presentation or step, as in ``"presentation 3"``."""
        return f"{'step' if self.stream else 'presentation'} {self.presentations}"

    def look_for_cause(self, lowered: Lowered, table: Timetable) -> None:
        """Find the possible reason why the run diverged."""
        if self.diverged:
            self.why = cause(lowered, table)

    def raise_if_interrupted(self) -> None:
        """Raise `Interrupted` with this result after Ctrl-C, unless something diverged, which the caller reports."""
        if self.interrupted and not self.diverged:
            raise Interrupted(self)

    def raise_if_diverged(self) -> None:
        """Raise `Diverged` with the name of the variable, if one diverged."""
        if self.diverged:
            raise diverged(self.diverged, f"in {self.last}", self.why)


class Program(ABC):
    """A circuit built for one backend.

    Parameters
    ----------
    backend : str
        The name of the backend.
    lowered : Lowered
        The operations and variables of the circuit.
    loaded : int
        The number of runs and closed loops so far, by which a closed loop finds out that it is no longer the last.
    """

    backend: str
    lowered: Lowered
    loaded: int = 0

    @property
    def variables(self) -> Mapping[str, Variable]:
        """The variables of the circuit, by name."""
        return self.lowered.variables

    @property
    def alive(self) -> bool:
        """Whether the program can still be used; a worker may have ended by itself."""
        return True

    def check_alive(self) -> None:  # noqa: B027 - most programs cannot end by themselves
        """Refuse to go on with a program that has ended by itself.

        Raises
        ------
        RecircuitError
            If it has ended, so that its state is lost.
        """

    @abstractmethod
    def read(self, key: str) -> np.ndarray:
        """Return the values of a variable as a flat array."""

    @abstractmethod
    def write(self, key: str, values: np.ndarray) -> None:
        """Set the flat values of a variable; they have its type."""

    @abstractmethod
    def dtype(self, key: str) -> np.dtype:
        """Return the type in which the values of a variable are stored."""

    @abstractmethod
    def seed(self, seed: int) -> None:
        """Restart the random numbers."""

    @abstractmethod
    def noise(self) -> NoiseState:
        """Return the state of the random numbers."""

    @abstractmethod
    def set_noise(self, state: NoiseState) -> None:
        """Continue the random numbers of another program; if its generator is of another kind, start new ones."""

    @abstractmethod
    def load(
        self, stimulus: str, data: np.ndarray, scale: float, offset: float, series: Series | None = None
    ) -> None:  # fmt: skip
        """Give a clamped population its rows, as uint8 or float; rates are scale*data + offset.

        With ``series``, several rows form a sample.
        """

    @abstractmethod
    def sample_counts(self) -> dict[str, int]:
        """Return how many samples each stimulus has been given."""

    @abstractmethod
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
        """Do what `run` does, with an order that fits the data; the result says whether Ctrl-C was pressed."""

    @abstractmethod
    def session(self, table: Timetable, stimuli: Mapping[str, LiveStimulus], reads: Sequence[str]) -> Session:
        """Do what `live` does, with stimuli that have been given their rows."""

    def run(
        self,
        table: Timetable,
        order: np.ndarray,
        *,
        collect: Mapping[str, int] | None = None,
        trace: Sequence[str] = (),
        elements: int = 1,
        progress: Progress | None = None,
    ) -> RunResult:
        """Run the steps of the table once for every row of ``order``.

        Parameters
        ----------
        order : array
            The rows of the data, of shape (presentations, batch); -1 for a batch element that presents nothing (only at
            the end).
        collect : mapping of str to int, optional
            For each variable the step at whose end the values of all batch elements are kept.
        trace : sequence of str
            Variables whose values in the first batch elements are kept after every step.
        elements : int
            The number of batch elements that are kept.
        progress : Progress, optional
            A function that is called from time to time with the number of presentations done.

        Raises
        ------
        Interrupted
            After Ctrl-C, at the end of the presentation under way.
        """
        counts = {name: count for name, count in self.sample_counts().items() if name in table.presented}
        order = check_order(order, self.lowered.network.batch_size, counts)
        kept = sum(self.variables[key].size for key in collect or {})
        check_free(8 * kept * len(order), f"run: the answers of {len(order):,} presentations", "Run fewer at a time.")
        self.loaded += 1
        result = self.walk(table, order, collect=collect or {}, trace=trace, elements=elements, progress=progress)
        result.stream = table.stream
        result.look_for_cause(self.lowered, table)
        result.raise_if_interrupted()
        return result

    def live(self, table: Timetable, stimuli: Mapping[str, LiveStimulus], reads: Sequence[str]) -> Session:
        """Begin a closed loop, in which each call runs the steps of the table once.

        Parameters
        ----------
        stimuli : mapping of str to LiveStimulus
            The stimuli by name, each with the rows that calls write into.
        reads : sequence of str
            Variables that are read at the end of each presentation.
        """
        for stimulus in stimuli.values():
            self.load(stimulus.name, stimulus.flat, 1.0, 0.0, stimulus.series)
        self.loaded += 1
        return self.session(table, stimuli, reads)

    @abstractmethod
    def close(self) -> None:
        """Release what the program holds, such as its worker."""

    def get(self, key: str) -> np.ndarray:
        """Return a copy of a variable, in the shape that the user sees."""
        variable = self.variables[key]
        flat = self.read(key)
        if variable.places is not None:
            whole = np.zeros(variable.size, dtype=flat.dtype)
            whole[variable.places] = flat
            flat = whole
        return flat.reshape(variable.shape).copy()

    def set(self, key: str, value: Any) -> None:
        """Set a variable; the value must have its shape, or one that can be broadcast to it."""
        variable = self.variables[key]
        given = np.asarray(value)
        try:
            with np.errstate(over="ignore"):
                values = np.broadcast_to(given, variable.shape).astype(self.dtype(key)).reshape(-1)
        except (ValueError, TypeError):
            raise RecircuitError(f"{key} has the shape {variable.shape}; got {given.shape} of {given.dtype}.") from None
        if np.isinf(values).any() and np.isfinite(given).all():
            raise RecircuitError(
                f"{key} is stored as {values.dtype}, which cannot hold numbers as large as those that were given. "
                "Give smaller numbers."
            )
        self.write(key, values if variable.places is None else values[variable.places])

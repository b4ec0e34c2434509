"""Closed loops: code outside of the circuit decides after each presentation what is presented next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np

from ...arguments import all_of
from ...errors import RecircuitError
from ..backends.divergence import Diverged, diverged
from ..backends.live import LiveStimulus, Session
from ..backends.program import Program, RunResult
from ..description.network import Network
from ..description.populations.population import Population
from ..description.schedules.modes import shown_for
from ..inspection.expressions import keys_of, value_of
from ..lowering.timetable import Timetable
from ..lowering.variables import split_key


class Loops(Protocol):
    """The methods of a circuit that a closed loop uses."""

    def program(self, backend: str | None = None) -> Program:
        """Return the circuit's program."""
        ...

    def timetable(self, purpose: str = "train", keep: Iterable[str] = (), *, mode: str | None = None) -> Timetable:
        """Return the operations that run in each step of a presentation."""
        ...


class Live:
    """A circuit in a closed loop, made by ``circuit.live()`` and used in a ``with`` block.

    Nothing is built, looked up or written to disk between two calls of `present`. The clock, the state and the weights
    continue from one call to the next, and the circuit has them when the block ends.

    Parameters
    ----------
    circuit : Network
        The description of the circuit.
    runs : Loops
        The circuit, which has the program.
    learn : bool, default True
        False runs the evaluation phases only, without plasticity.
    backend : str, optional
        The backend, as in `Circuit.run`.
    mode : str, optional
        The schedule that the circuit goes through, as in `Circuit.run`.
    """

    def __init__(
        self, circuit: Network, runs: Loops, *, learn: bool = True, backend: str | None = None, mode: str | None = None
    ) -> None:
        self.circuit, self.runs, self.learn, self.mode = circuit, runs, learn, mode
        circuit.phased().part(mode)  # refuses a mode that does not exist, before anything is shown
        self._backend = backend
        self._session: Session | None = None
        self._open = False
        self._reads: tuple[str, ...] = ()
        self._keys: list[str] = []
        self._plain = True

    def __enter__(self) -> Self:
        self._open = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, at: TracebackType | None
    ) -> None:
        session, self._session, self._open = self._session, None, False
        if session is not None:
            session.close()

    def present(self, inputs: Mapping[str, Any] | None = None, read: Iterable[str] = ()) -> dict[str, np.ndarray]:
        """Run one presentation with one sample per batch element, and return the variables that were asked for.

        In a circuit without phases it runs one step.

        Parameters
        ----------
        inputs : mapping of str to array, optional
            The row of each stimulus, of shape (units,) for all batch elements or (batch, units); for a supervisor, one
            label, or one for each batch element; for series, an array (rows, units) or (batch, rows, units). A stimulus
            that is not named presents the row of the last call, and zeros before the first.
        read : iterable of str
            Variables such as ``"o.rate"``, whose values at the end of the presentation are returned.

        Returns
        -------
        dict of str to array
            The values by name; values of units have the shape (batch, units).

        Raises
        ------
        RecircuitError
            If a name or a shape does not fit, if a rate became NaN or infinite, or outside of the ``with`` block.
        """
        if not self._open:
            raise RecircuitError(
                "live: a closed loop presents only inside its with block; the circuit has all values when the block ends. "
                "Write `with circuit.live() as loop:`, and call loop.present(...) in the block."
            )
        if inputs is not None and not isinstance(inputs, Mapping):
            names = [p.name for p in self.circuit.populations.values() if p.clamp is not None]
            raise RecircuitError(
                "live: present takes a mapping from the names of stimuli to their rows, as in present({'x': row}); got a "
                f"{type(inputs).__name__}. The stimuli are {names}."
            )
        reads = read if type(read) is tuple else _names(read)
        session = self._session
        try:
            same = reads == self._reads
        except ValueError:  # an array in the place of a name, which `_begin` refuses
            same = False
        if session is None or not same or not session.current():
            session = self._begin(reads)
        try:
            found = session.present(inputs or {})
        except Diverged as problem:
            raise self._explained(problem, session) from None
        if self._plain:
            return dict(zip(self._reads, found, strict=True))
        return self._computed(found)

    def _explained(self, problem: Diverged, session: Session) -> Diverged:
        """Return the error that names the variable that became NaN or infinite, and the possible cause."""
        for name, stimulus in session.stimuli.items():
            if not np.isfinite(stimulus.rows).all():
                return Diverged(f"live: the data that {name!r} presents hold NaN or infinity.", f"{name}.rate")
        result = RunResult(0, diverged=problem.variable)
        result.look_for_cause(self.runs.program().lowered, self._table)
        return diverged(problem.variable, "in a closed loop", result.why)

    def _begin(self, reads: tuple[str, ...]) -> Session:
        circuit = self.circuit
        if wrong := [name for name in reads if not isinstance(name, str)]:
            raise RecircuitError(
                f"live: read is a list of names such as ['o.rate']; one of them is a {type(wrong[0]).__name__}."
            )
        before = self._session
        program = self.runs.program(self._backend)
        self._keys = list(dict.fromkeys(k for name in reads for k in keys_of(circuit, program.variables, name)))
        self._plain, self._reads = self._keys == list(reads), reads
        clamped = [p for p in circuit.populations.values() if p.clamp is not None]
        stimuli = {p.name: _stimulus(circuit, p, self.mode) for p in clamped}
        if before is not None:
            before.close()
            for name, held in before.stimuli.items():
                stimuli[name].rows[:] = held.rows
        self._table = self.runs.timetable("train" if self.learn else "evaluate", self._keys, mode=self.mode)
        self._session = program.live(self._table, stimuli, self._keys)
        return self._session

    def _computed(self, found: list[np.ndarray]) -> dict[str, np.ndarray]:
        """Compute compartments and expressions from the stored variables."""
        stored = dict(zip(self._keys, found, strict=True))
        return {name: value_of(self.circuit, name, stored, self._shape(name)) for name in self._reads}

    def _shape(self, name: str) -> tuple[int, ...]:
        owner = self.circuit.populations.get(split_key(name)[0])
        return (self.circuit.batch_size, owner.size) if owner is not None else ()


def _names(read: Iterable[str]) -> tuple[str, ...]:
    """Return the names that a call asks for."""
    if isinstance(read, str):
        return (read,)
    if (
        not isinstance(read, Iterable)
        or isinstance(read, bytes | Mapping)
        or (isinstance(read, np.ndarray) and read.ndim != 1)
    ):
        raise RecircuitError(f"live: read is a list of names such as ['o.rate']; got a {type(read).__name__}.")
    return tuple(all_of(read, "live: read"))


def _stimulus(circuit: Network, population: Population, mode: str | None) -> LiveStimulus:
    """Return the rows of a stimulus, which are zero at first."""
    clamp = population.clamp
    assert clamp is not None
    if clamp.kind == "labels":
        rows = np.zeros((circuit.batch_size, 1), np.int32)
        return LiveStimulus(population.name, rows, classes=population.size)
    if not clamp.every:
        return LiveStimulus(population.name, np.zeros((circuit.batch_size, population.size), circuit.dtype))
    if circuit.phased().stream:
        raise RecircuitError(
            f"live: in a circuit without phases a call is one step, so that {population.name!r} shows one row, not a series. "
            "Declare it without every=."
        )
    count = max(-(-shown_for(circuit.phased(), population, mode) // clamp.every), 1)
    shape = (circuit.batch_size, count, population.size)
    return LiveStimulus(population.name, np.zeros(shape, circuit.dtype), each=count)

"""A circuit: a description, the program that a backend makes from it, its state, and its runs."""

from __future__ import annotations

from collections.abc import Iterable
from inspect import signature
from typing import Any

import numpy as np
from brian2.units import Quantity

from ..arguments import checked_arguments
from ..errors import RecircuitError
from ..other_libraries import NamesFromElsewhere
from .backends import Program, choose_backend, open_program
from .backends.interrupts import building, postponed
from .description.fingerprint import fingerprint
from .description.first_values import first_values
from .description.network import Network
from .inspection.recording import Recording
from .inspection.trace import Trace, recorded
from .methods.widget import WidgetMethod
from .running.live import Live
from .running.run_inputs import Remembered, in_rows


class Circuit(WidgetMethod, NamesFromElsewhere):
    """A circuit that can be run: populations and projections with a clock, in batch elements that share the synapses.

    `population`, `stimulus`, `connect` and `phases` declare what the circuit consists of. A program is built when it is
    first needed, and built again when the description has changed; the values of all variables are kept, and the random
    numbers go on. Only `reset` restarts them.

    Parameters
    ----------
    batch_size : int, default 1
        The number of stimuli that are presented at the same time, each in a batch element. The update of a weight is
        averaged over the batch elements.
    dt : Quantity, default 1 ms
        The time step.
    precision : {"float64", "float32"}
        The type of all numbers.
    lowering : {"dense", "reference"}
        ``"dense"`` computes matrix products over all batch elements. ``"reference"`` uses Brian2's ``Synapses``, for
        one batch element; it is slow, and serves as a check of the results.
    seed : int, default 0
        The seed of the initial weights, the masks and the noise.
    optimise : bool, default True
        Whether to leave out operations whose result is not read or cannot have changed. The results are the same bits.
    matmul : {"full", "tf32"}
        The precision of matrix products. ``"tf32"`` is for float32 on a GPU (backend cuda): it keeps 11 bits of each
        factor and is faster.

    Attributes
    ----------
    epoch : int
        The number of epochs of training that the circuit has had; `recircuit.train` continues with the next one.
    classes : tuple of str, optional
        The names of the classes, in the order of the output units, if the circuit was trained with names.

    Raises
    ------
    RecircuitError
        If an argument is not one of these values.

    Examples
    --------
    >>> import numpy as np
    >>> import recircuit as rc
    >>> from brian2 import ms
    >>> net = rc.Circuit(batch_size=2)
    >>> x = net.stimulus("x", 3)
    >>> h = net.population("h", 2, rc.pyramidal(transfer="linear"))
    >>> w = net.connect(x, h, weights=0.5)
    >>> schedule = net.phases("feedforward", 1*ms)
    >>> trace = net.run(np.ones((2, 3)))
    >>> net["h.rate"]
    array([[1.5, 1.5],
           [1.5, 1.5]])
    """

    __signature__ = signature(Network)

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._inputs = Remembered()

    @checked_arguments
    def run(
        self,
        inputs: Any = None,
        presentations: Any = None,
        *,
        record: Iterable[str] = (),
        elements: int | Iterable[int] | str = 0,
        every: Quantity | None = None,
        learn: bool = True,
        backend: str | None = None,
        order: Any = None,
        mode: str | None = None,
    ) -> Trace:
        """Present stimuli, one sample of the data per batch element and presentation, and return what was recorded.

        A circuit without phases runs for a time: ``run(10*second)``, ``run(data, 10*second)``, or for as long as its
        series last. A stimulus that is given no data presents the data of an earlier run again, from the first sample
        on; ``trace.shown`` says for which stimuli this was so.

        Parameters
        ----------
        inputs : array, mapping or Dataset, optional
            The data: an array for a circuit with one stimulus, a mapping from the name of a stimulus to its array, or a
            data set. The shape is (samples, units); for series it is (samples, rows, units), or (rows, units) for all
            batch elements. The default is the data of the run before.
        presentations : int or Quantity, optional
            The number of presentations; the default is once through the data. For a circuit without phases it is the
            time.
        record : iterable of str
            Variables such as ``"h.rate"``, whose values are kept at every step. ``"h.rate[3]"`` or ``"h.rate[:10]"``
            keep some of the units, ``"x_to_h.w"`` keeps weights.
        elements : int, iterable of int, or "all"
            The batch elements whose values are kept.
        every : Quantity, optional
            The time between two values that are kept, a whole number of steps; the default is one step.
        learn : bool, default True
            False runs the evaluation phases only, without supervisors and without plasticity.
        backend : {"numpy", "cpp", "cuda", "interpreter", "auto"}, optional
            The backend; the default is the one in use, or numpy.
        order : array of int, optional
            The row of the data that each batch element presents, of shape (presentations, batch); -1 presents nothing.
        mode : str, optional
            The schedule that the circuit goes through; the default is the schedule that was declared first.

        Returns
        -------
        Trace
            The recorded values.

        Raises
        ------
        KeyboardInterrupt
            After Ctrl-C, when the presentation under way has ended. Its attribute ``trace`` is what was recorded until
            then, and the circuit can be used as before.
        RecircuitError
            If the data do not fit the stimuli, a name cannot be recorded, or a variable became NaN or infinite.
        """
        program = self.program(backend)
        begin = int(program.get("clock.timestep")) * float(self.dt)
        given = self._inputs.next_run(self, inputs, presentations, begin, order, mode)
        rows = given.order if order is None else in_rows(order, self.batch_size)
        recording = Recording.of(self, program.variables, record, elements, every)
        recording.schedule = self.schedule if mode is None else self.modes.get(mode)
        table = self.timetable("train" if learn else "evaluate", recording.keys, mode=mode)
        recording.shown = given.shown_of(table.presented)
        recording.labels = given.labels(self, table.presented)
        recording.check_memory(len(rows) * table.length)
        given.data.load(program)
        return recorded(program, table, rows, recording)

    @checked_arguments
    def live(self, *, learn: bool = True, backend: str | None = None, mode: str | None = None) -> Live:
        """Open a closed loop, in which each presentation may depend on the one before.

        Parameters
        ----------
        learn : bool, default True
            False runs the evaluation phases only, without plasticity.
        backend : str, optional
            The backend, as in `run`.
        mode : str, optional
            The schedule that the circuit goes through, as in `run`.

        Returns
        -------
        Live
            A context manager: ``with net.live() as live: out = live.present({"x": observation}, read=["o.rate"])``.
        """
        return Live(self, self, learn=learn, backend=backend, mode=mode)

    @checked_arguments
    def program(self, backend: str | None = None) -> Program:
        """Return the program of the circuit, built for a backend. When the backend changes, the state moves along.

        Parameters
        ----------
        backend : str, optional
            The backend, as in `run`.

        Raises
        ------
        KeyboardInterrupt
            After Ctrl-C. The circuit is as before then.
        """
        with building():
            lowered = self.lowered()
            current = self._program if self._built == self.revision else None
            if current is not None and (backend is None or choose_backend(backend)[0] == current.backend):
                return current
            if self._program is not None:
                self._program.check_alive()
            name = backend or (self._program.backend if self._program is not None else "numpy")
            program = open_program(lowered, name)
        self._fill(program)
        self.close()
        for key, value in self._values.items():
            if key in program.variables:
                program.set(key, value)
        if self._noise is not None:
            program.set_noise(self._noise)
        self._values, self._noise = {}, None
        self._program, self._built = program, self.revision
        return program

    @checked_arguments
    def close(self) -> None:
        """Close the program, and keep the state of the circuit unless the program has died."""
        if self._program is not None:
            with postponed():
                if self._program.alive:
                    self._values = {k: self._program.get(k) for k in self._program.variables}
                    self._noise = self._program.noise()
                self._program.close()
                self._program = None

    @checked_arguments
    def take_over(self, other: Circuit) -> None:
        """Use the program of another circuit instead of building one. The other circuit has no program afterwards.

        The two circuits may differ in values that are in memory and not in the code: plain parameters, weights, states,
        and the seed.

        Parameters
        ----------
        other : Circuit
            A circuit that has been built.

        Raises
        ------
        RecircuitError
            If the circuits differ in more than that, or if the other circuit has not been built since it was last changed.
        """
        mine, others = fingerprint(self), fingerprint(other)
        if mine != others:
            different = next(k for k in dict.fromkeys([*mine, *others]) if mine.get(k) != others.get(k))
            raise RecircuitError(
                "take_over: the circuits differ in more than numbers, so that they cannot share a program: "
                f"{different} is {mine.get(different, 'absent')!r} here, and {others.get(different, 'absent')!r} "
                "there."
            )
        if other._program is None or other._built != other.revision:
            raise RecircuitError(
                "take_over: the other circuit has not been built since it was last changed; call its program(backend) first."
            )
        if self._program is not other._program:
            self.close()
        other._program, self._program = None, other._program
        self._values, self._noise = {}, None
        self._built = self.revision
        self.reset()

    @checked_arguments
    def reset(self) -> None:
        """Set all variables, the random numbers and the count of epochs to their initial values. Nothing is built again.

        Parameters of neurons, units and rules keep the values that were declared, or that have been set since, as in
        ``circuit["h.tau"] = 5*ms``.
        """
        program = self.program()
        with postponed():
            self.epoch, self.classes = 0, None
            for key, variable in program.variables.items():
                program.set(key, np.zeros(variable.shape))
            self._fill(program)

    def _fill(self, program: Program) -> None:
        """Set all variables of a program to their initial values."""
        for key, value in {**program.lowered.constants, **first_values(self), **self._by_hand}.items():
            if key in program.variables:
                program.set(key, value)
        program.seed(self.seed)

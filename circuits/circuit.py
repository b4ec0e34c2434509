"""A circuit: a description, its program, its state, and its runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from brian2.units import Quantity
from brian2.units.fundamentalunits import DIMENSIONLESS, get_dimensions

from ..door import door
from ..errors import RecircuitError
from .answers import Answering
from .backends import Program, choose_backend, open_program
from .description.fingerprint import fingerprint
from .description.first_values import first_values
from .description.parameters import change_parameter
from .description.population import Population
from .description.projection import Transposed
from .description.stability import warn_of_instability
from .inspection.expressions import keys_of, known, value_of
from .inspection.recording import Recording
from .inspection.trace import Trace, recorded
from .live import Live
from .run_inputs import Remembered
from .setting import check_settable, check_value, checked_state
from .views import View

if TYPE_CHECKING:
    pass


class Circuit(Answering):
    """A description that runs: populations and projections with a clock, in B batch elements that share their synapses.

    All that is said when it is made, and how populations, projections and phases are declared, is in `Network`. A program
    is built when it is first needed, and again when the description has changed; the values of variables are kept, and the
    random numbers go on. Only `reset` restarts them.

    Attributes
    ----------
    epoch : how many epochs of training lie behind it: `recircuit.train` goes on with the next one
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._inputs = Remembered()

    @door
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
        """Show stimuli, one sample of the data per batch element and presentation, and return what was recorded.

        A circuit without phases runs for a time: ``run(10*second)``, ``run(data, 10*second)``, or as long as its series last.
        Stimuli that are given no data go on with those that they had, from the first on; ``trace.shown`` says which do.

        Parameters
        ----------
        inputs : an array for a circuit with one stimulus; a mapping from stimulus to array; or a data set
            (default: those of the run before); of series (samples, rows, units), or (rows, units) for all batch elements
        presentations : how many presentations (default: once through the data); without phases the time
        record : variables as ``"h.rate"``, kept at every step; some units as ``"h.rate[3]"``, ``"h.rate[:10]"``; weights
        elements : of which batch elements they are: a number, several, or ``"all"``
        every : how often they are kept: a time of whole steps
        learn : False runs the evaluation phases only, without plasticity
        backend : ``"numpy"``, ``"cpp"``, ``"cuda"``, ``"interpreter"``, ``"auto"``; default: that in use, else numpy
        order : the row of the data that each presentation shows in each batch element, shape (presentations, batch)
        mode : which of its schedules the circuit goes through (default: that declared first)

        Raises
        ------
        KeyboardInterrupt : after Ctrl-C and the end of the presentation under way; its attribute ``trace`` is what was
            recorded until then, and the circuit can be used as before
        """
        program = self.program(backend)
        begin = int(program.get("clock.timestep")) * float(self.dt)
        given = self._inputs.next_run(self, inputs, presentations, begin, order)
        rows = given.order if order is None else np.asarray(order)
        recording = Recording.of(self, program.variables, record, elements, every)
        recording.shown = given.shown
        table = self.timetable("train" if learn else "evaluate", recording.keys, schedule=mode)
        recording.check_memory(len(rows) * table.length)
        given.data.load(program)
        return recorded(program, table, rows, recording)

    def live(self, *, learn: bool = True, backend: str | None = None) -> Live:
        """A closed loop: ``with net.live() as live: out = live.present({"x": observation}, read=["o.rate"])``.

        Parameters
        ----------
        learn : False runs the evaluation phases only, without plasticity
        backend : as in `run`
        """
        return Live(self, self, learn=learn, backend=backend)

    @door
    def program(self, backend: str | None = None) -> Program:
        """The circuit, built for a backend; its state moves along when the backend changes."""
        lowered = self.lowered()
        current = self._program if self._built == self.revision else None
        if current is not None and (backend is None or choose_backend(backend)[0] == current.backend):
            return current
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

    def close(self) -> None:
        """Keep the state, where the program has not died with it, and let go of the program."""
        if self._program is not None:
            if self._program.alive:
                self._values = {k: self._program.get(k) for k in self._program.variables}
                self._noise = self._program.noise()
            self._program.close()
            self._program = None

    def take_over(self, other: Circuit) -> None:
        """Begin in the program of another circuit, which then has none, instead of building one.

        The two may differ in what is in memory and not in the code: plain parameters, weights, states, the seed.

        Raises RecircuitError: they differ in more, or the other has not been built.
        """
        mine, others = fingerprint(self), fingerprint(other)
        if mine != others:
            different = next(k for k in dict.fromkeys([*mine, *others]) if mine.get(k) != others.get(k))
            raise RecircuitError(
                f"take_over: the circuits differ in more than numbers: {different} here is {mine.get(different, 'absent')!r}, "
                f"there {others.get(different, 'absent')!r}."
            )
        if other._program is None:
            raise RecircuitError("take_over: the other circuit has not been built; call its program(backend) first.")
        other._program, self._program = None, other._program
        self._built = self.revision
        self.reset()

    def reset(self) -> None:
        """Begin again: all variables as they first were, the random numbers, and the count of epochs. Nothing is built anew.

        Parameters of neurons, units and rules are as they were declared, or as you have set them since, as in
        ``circuit["h.tau"] = 5*ms``.
        """
        program = self.program()
        self.epoch = 0
        for key, variable in program.variables.items():
            program.set(key, np.zeros(variable.shape))
        self._fill(program)

    def __getitem__(self, key: str) -> Any:
        """``circuit["h"]`` is a population or projection; ``circuit["h.rate"]`` a copy of a variable's values.

        Single elements can be set: ``circuit["h.rate"][0, 3] = 1``. Compartments and expressions of a population are
        computed from what is stored.
        """
        if not isinstance(key, str) or "." not in key:
            return super().__getitem__(key)
        owner, _, variable = key.partition(".")
        weights = self.projections[owner].weights if owner in self.projections else None
        if isinstance(weights, Transposed) and variable == "w":
            return weights.matrix()
        neuron = self.populations[owner].neuron if owner in self.populations else None
        dimension = DIMENSIONLESS if neuron is None else neuron.dimension(variable)
        return View(self._values_of(key), self, key, dimension)

    def _values_of(self, key: str) -> np.ndarray:
        stored = {k: self.program().get(k) for k in keys_of(self, self.lowered().variables, key)}
        owner = self.populations.get(key.partition(".")[0])
        return value_of(self, key, stored, (self.batch_size, owner.size) if owner is not None else ())

    def __setitem__(self, key: str, value: Any) -> None:
        owner, _, variable = check_settable(self, key).partition(".")
        key = known(self, self.lowered().variables, key)
        check_value(self, self.lowered().variables[key], value)
        self._set(key, value)
        if owner in self.populations and variable in self.populations[owner].neuron.parameters:
            warn_of_instability(self.populations[owner], self.dt, stacklevel=3)
        if self._has_parameter(owner, variable):
            self._by_hand[key] = self.program().get(key)

    def _set(self, key: str, value: Any) -> None:
        owner, _, variable = key.partition(".")
        program = self.program()
        if owner in self.populations and variable in self.populations[owner].neuron.parameters:
            return self._set_parameter(self.populations[owner], variable, value)
        program.set(key, value)
        if f"{owner}.mask" in program.variables and (now := program.get(key)).shape == self.projections[owner].shape:
            program.set(key, now * program.get(f"{owner}.mask"))

    def state(self, *, weights_only: bool = False) -> dict[str, np.ndarray]:
        """A copy of all variables (of the synapses only, if asked) by name."""
        program = self.program()
        owners = self.projections if weights_only else None
        return {k: program.get(k) for k in program.variables if owners is None or k.split(".")[0] in owners}

    @door
    def set_state(self, values: Mapping[str, np.ndarray]) -> None:
        """Set variables by name, all or none of them; each must exist, be finite, and have its shape.

        Raises RecircuitError: one of them does not fit, and nothing was set.
        """
        program = self.program()
        found = checked_state(self, program.variables, values)
        for key, value in found.items():
            population, variable = self.populations.get(key.partition(".")[0]), key.partition(".")[2]
            parameters = population.neuron.parameters if population is not None else {}
            if population is not None and variable in parameters:
                spread = np.ndim(value) > 0 or variable in population.spread
                if spread or float(value) != float(parameters[variable]):
                    self._set_parameter(population, variable, Quantity(value, dim=get_dimensions(parameters[variable])))
            else:
                self.program().set(key, value)
                if (
                    population is not None
                    and variable in population.neuron.unit_parameters
                    and not population.shows(variable)
                ):
                    self._by_hand[key] = self.program().get(key)

    def _has_parameter(self, owner: str, variable: str) -> bool:
        """Whether a variable is a parameter of units or of a rule; those of neurons are a part of the description."""
        if owner in self.populations:
            return variable in self.populations[owner].neuron.unit_parameters
        equation = self.projections[owner].equation if owner in self.projections else None
        return equation is not None and variable in equation.parameters

    def _set_parameter(self, population: Population, name: str, value: Any) -> None:
        """Change a parameter; one that the code depends on has the circuit built anew."""
        value = Quantity(np.asarray(value, dtype=float), dim=get_dimensions(value))
        if change_parameter(self, population, name, value):
            self.revision += 1
            self.close()
            self._values[f"{population.name}.{name}"] = np.asarray(value, dtype=float)
        else:
            self.program().set(f"{population.name}.{name}", value)

    def _fill(self, program: Program) -> None:
        """Set all that a circuit begins with."""
        for key, value in {**program.lowered.constants, **first_values(self), **self._by_hand}.items():
            if key in program.variables:
                program.set(key, value)
        program.seed(self.seed)

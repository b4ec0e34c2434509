"""A circuit: what is declared, its program, its state, and its runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from brian2.units import Quantity, ms
from brian2.units.fundamentalunits import get_dimensions

from ..errors import RecircuitError
from .backends import Program, choose_backend, open_program
from .description.checks import check_phases, check_value, warn_of_rules_always_open
from .description.network import Declaration
from .description.population import Population
from .description.schedule import Schedule
from .inputs import Inputs, as_inputs
from .inspection.expressions import keys_of, value_of
from .inspection.text import circuit_html, circuit_text
from .inspection.trace import Trace, record_keys
from .lowering.timetable import Timetable, explain
from .reuse import first_values

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Circuit(Declaration):
    """Populations and projections with a clock, in B columns that share their synapses.

    Parameters
    ----------
    columns : how many stimuli are shown at a time; a rule's update is averaged over them
    dt : the time step
    precision : ``"float32"`` or ``"float64"``
    lowering : ``"dense"`` (matrix products over columns) or ``"plain"`` (Brian2 ``Synapses``, one column: slow,
        obviously right)
    seed : of the initial weights, masks and noise
    optimise : leave out what nobody reads and what cannot have changed; results are the same bits
    matmul : ``"full"`` precision of matrix products, or ``"tf32"``: of single-precision ones on a GPU (backend cuda),
        which keeps 11 bits of each factor, and is faster
    """

    def __init__(
        self,
        columns: int = 1,
        dt: Quantity = 1 * ms,
        *,
        precision: str = "float64",
        lowering: str = "dense",
        seed: int = 0,
        optimise: bool = True,
        matmul: str = "full",
    ) -> None:
        if not isinstance(columns, int | np.integer) or isinstance(columns, bool) or columns < 1:
            raise RecircuitError(f"Circuit: columns is a whole number, at least 1; got {columns!r}.")
        if not isinstance(dt, Quantity) or dt.dim is not ms.dim or not dt > 0 * ms:
            raise RecircuitError(f"Circuit: dt is a time above 0, such as 1*ms; got {dt!r}.")
        if not isinstance(seed, int | np.integer) or seed < 0:
            raise RecircuitError(f"Circuit: the seed is a whole number, at least 0; got {seed!r}.")
        if precision not in ("float32", "float64"):
            raise RecircuitError(f"Circuit: precision is 'float32' or 'float64'; got {precision!r}.")
        if lowering not in ("dense", "plain"):
            raise RecircuitError(f"Circuit: lowering is 'dense' or 'plain'; got {lowering!r}.")
        if matmul not in ("full", "tf32"):
            raise RecircuitError(f"Circuit: matmul is 'full' or 'tf32'; got {matmul!r}.")
        if matmul == "tf32" and precision != "float32":
            raise RecircuitError("Circuit: matmul='tf32' is for precision='float32'; there is no such thing in double.")
        if lowering == "plain" and columns != 1:
            raise RecircuitError(
                f"Circuit: the plain Brian2 form has one column, got columns={columns}. "
                "Use columns=1, or lowering='dense'."
            )
        super().__init__(dt)
        self.columns = int(columns)
        self.dtype = np.dtype(precision)
        self.lowering = lowering
        self.seed = seed
        self.optimise = optimise
        self.matmul = matmul
        self._program: Program | None = None
        self._values: dict[str, np.ndarray] = {}
        self._inputs: Inputs | None = None

    # ---- running -----------------------------------------------------------------------------------------------

    def run(
        self,
        inputs: Any = None,
        presentations: int | None = None,
        *,
        record: Iterable[str] = (),
        learn: bool = True,
        backend: str | None = None,
        order: Any = None,
    ) -> Trace:
        """Show stimuli, one row of the data per column and presentation, and return what was recorded.

        Parameters
        ----------
        inputs : an array for a circuit with one stimulus; a mapping from stimulus to array; or a data set
            (default: those of the run before)
        presentations : how many presentations (default: once through the data)
        record : variables as ``"h.rate"``, kept at every step, of column 0
        learn : False runs the evaluation phases only, without plasticity
        backend : ``"numpy"``, ``"cpp"``, ``"cuda"``, ``"auto"``; default: the one in use, else numpy
        order : the row of the data that each presentation shows in each column, shape (presentations, columns)
        """
        program = self.program(backend)
        data = as_inputs(self, inputs) if inputs is not None or self._inputs is None else self._inputs
        self._inputs = data
        rows = data.order(presentations, self.columns) if order is None else np.asarray(order)
        keys = record_keys(self, record)
        data.load(program)
        result = program.run(self.timetable("train" if learn else "evaluate", keys), rows, trace=keys)
        result.raise_if_diverged()
        return Trace(self, record, result.traces, rows[: result.presentations])

    def timetable(self, mode: str = "train", keep: Iterable[str] = ()) -> Timetable:
        """Step by step, what runs in a presentation (``"train"``) or in an evaluation (``"evaluate"``)."""
        program = self.program(None)
        return Timetable.of(program.assembly, self._schedule(), mode, optimise=self.optimise, keep=tuple(keep))

    def explain(self, mode: str = "train") -> str:
        """The table of a presentation: step by step, what runs, what is left out and why, operations counted."""
        return explain(self.timetable(mode), self._schedule())

    def program(self, backend: str | None = None) -> Program:
        """The circuit, built for a backend; its state moves along when the backend changes."""
        self._schedule()
        current = self._program
        if current is not None and (backend is None or choose_backend(backend)[0] == current.backend):
            return current
        check_phases(self.populations, self.projections, self.broadcasts, self._schedule())
        warn_of_rules_always_open(self.projections, self._schedule())
        program = open_program(self, backend or "numpy")
        self._fill(program)
        if current is not None:
            self._values = {k: current.get(k) for k in current.assembly.arrays}
            current.close()
        for key, value in self._values.items():
            if key in program.assembly.arrays:
                program.set(key, value)
        self._values = {}
        self._program = program
        return program

    def close(self) -> None:
        """Keep the state and let go of the program."""
        self._forget()

    # ---- state -------------------------------------------------------------------------------------------------

    def reset(self) -> None:
        """Begin again: all variables as they first were, and the random numbers too. Nothing is built anew."""
        program = self.program()
        for key, array in program.assembly.arrays.items():
            program.set(key, np.zeros(array.shape))
        self._fill(program)

    def __getitem__(self, key: str) -> Any:
        """``circuit["h"]`` is a population or projection; ``circuit["h.rate"]`` a copy of a variable's values.

        Compartments and expressions of a population are computed from what is stored.
        """
        if "." not in key:
            found = self.populations.get(key) or self.projections.get(key)
            if found is None:
                names = [*self.populations, *self.projections]
                raise RecircuitError(f"circuit: there is no {key!r}; there are {names}.")
            return found
        stored = {k: self.program().get(k) for k in keys_of(self, key)}
        owner = self.populations.get(key.partition(".")[0])
        return value_of(self, key, stored, (self.columns, owner.size) if owner is not None else ())

    def __setitem__(self, key: str, value: Any) -> None:
        owner, _, variable = key.partition(".")
        program, key = self.program(), self._known(key)
        check_value(self.populations, key, value)
        if owner in self.populations and variable in self.populations[owner].neuron.parameters:
            return self._set_parameter(self.populations[owner], variable, value)
        program.set(key, value)
        if (
            f"{owner}.mask" in program.assembly.arrays
            and (now := program.get(key)).shape == self.projections[owner].shape
        ):
            program.set(key, now * program.get(f"{owner}.mask"))

    def state(self, *, weights_only: bool = False) -> dict[str, np.ndarray]:
        """A copy of all variables (of the synapses only, if asked) by name."""
        program = self.program()
        owners = self.projections if weights_only else None
        return {k: program.get(k) for k in program.assembly.arrays if owners is None or k.split(".")[0] in owners}

    def set_state(self, values: Mapping[str, np.ndarray]) -> None:
        """Set variables by name; each must exist and have its shape."""
        for key, value in values.items():
            owner, _, variable = key.partition(".")
            parameters = self.populations[owner].neuron.parameters if owner in self.populations else {}
            if variable in parameters and float(value) != float(parameters[variable]):
                self[key] = Quantity(value, dim=get_dimensions(parameters[variable]))
            else:
                self.program().set(self._known(key), value)

    # ---- looking -----------------------------------------------------------------------------------------------

    def diagram(self, **options: Any) -> Figure:
        """Draw the circuit: populations with their compartments, projections by kind, plastic ones marked."""
        from .inspection.diagram import draw_circuit

        return draw_circuit(self, **options)

    def __str__(self) -> str:
        return circuit_text(self)

    def _repr_html_(self) -> str:
        return circuit_html(self)

    # ---- inside ------------------------------------------------------------------------------------------------

    def _schedule(self) -> Schedule:
        if self.schedule is None:
            raise RecircuitError(
                "circuit: it has no phases yet. Say what a presentation is, for example "
                'circuit.phases("feedforward", 2*ms, "plasticity", 1*ms).'
            )
        return self.schedule

    def _set_parameter(self, population: Population, name: str, value: Any) -> None:
        """Change a parameter; one that turns lock step on or off is in the code, and has the circuit built anew."""
        before, after = population.neuron, population.neuron.with_parameters(**{name: value})
        population.neuron = after
        key = f"{population.name}.{name}"
        if before.assigned(self.dt) != after.assigned(self.dt):
            self._forget()
            self._values[key] = np.asarray(float(value))
        else:
            self.program().set(key, value)

    def _known(self, key: str) -> str:
        arrays = self.program().assembly.arrays
        owner, _, variable = key.partition(".")
        if key not in arrays and owner in self.populations:
            key = f"{owner}.{self.populations[owner].stored_name(variable)}"
        if key not in arrays:
            mine = sorted(k for k in arrays if k.startswith(owner + ".")) or sorted({k.split(".")[0] for k in arrays})
            raise RecircuitError(f"circuit: {key!r} is not stored; there are {mine}.")
        return key

    def _fill(self, program: Program) -> None:
        """Set all that a circuit begins with."""
        for key, value in (program.assembly.constants | first_values(self)).items():
            if key in program.assembly.arrays:
                program.set(key, value)
        program.seed(self.seed)

    def _forget(self) -> None:
        if self._program is not None:
            self._values = {k: self._program.get(k) for k in self._program.assembly.arrays}
            self._program.close()
            self._program = None

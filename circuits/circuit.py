"""A circuit: what is declared, before anything is built."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

import numpy as np
from brian2.units import Quantity, ms
from brian2.units.fundamentalunits import get_dimensions

from ..errors import RecircuitError
from ..plasticity import Rule, SynapticEquation
from ..plasticity.names import split_side
from .backends import Program, choose_backend, open_program
from .checks import check_rule, check_transpose, check_value, checked_structure, equation_of
from .describe import circuit_html, circuit_text
from .initial import glorot
from .inputs import Inputs, as_inputs
from .neuron import Neuron
from .population import CLAMPED, Clamp, Population
from .projection import Projection, Transposed
from .reuse import first_values
from .schedule import During, Schedule
from .structures import Dense
from .timetable import Timetable, explain
from .trace import Trace, record_keys

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: The phase in which a compartment's projections are open, where the circuit has such a phase.
USUAL_PHASE = {"basal": "feedforward", "apical": "feedback"}


class Circuit:
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
        self.columns = int(columns)
        self.dt = dt
        self.dtype = np.dtype(precision)
        self.lowering = lowering
        self.seed = seed
        self.optimise = optimise
        self.matmul = matmul
        self.populations: dict[str, Population] = {}
        self.projections: dict[str, Projection] = {}
        self.broadcasts: dict[str, tuple[Population, During]] = {}
        self.schedule: Schedule | None = None
        self._program: Program | None = None
        self._values: dict[str, np.ndarray] = {}
        self._inputs: Inputs | None = None
        self.constants: dict[str, float] = {}

    # ---- declaring ---------------------------------------------------------------------------------------------

    def population(self, name: str, size: int, model: Any, **options: Any) -> Population:
        """Add ``size`` units; ``model`` is a Neuron, or an output circuit, which adds its companions too."""
        if not isinstance(model, Neuron):
            if not hasattr(model, "build") or isinstance(model, type):
                raise RecircuitError(f"population {name!r}: expected a Neuron or an output circuit; got {model!r}.")
            before = dict(self.populations), dict(self.projections)
            try:
                return model.build(self, name, size, **options)
            except RecircuitError:  # all of it or nothing
                self.populations, self.projections = before
                raise
        return self._add(Population(self, name, self._size(name, size), model))

    def stimulus(
        self,
        name: str,
        size: int,
        model: Neuron | None = None,
        *,
        clamps: str = "rate",
        during: str | Sequence[str] | None = None,
    ) -> Population:
        """A population that is clamped to a row of the data at the first step of ``during`` (default: of all).

        With a ``model``, ``clamps`` names the parameter of each unit that is set (as in
        ``Neuron("input : 1; rate = input + noise ...")``), and the rest of the equations go on as they do elsewhere.
        """
        return self._clamped(name, size, model, Clamp("values", During.of(during), clamps))

    def supervisor(
        self,
        name: str,
        size: int,
        model: Neuron | None = None,
        *,
        on: float = 1.0,
        off: float = 0.0,
        clamps: str = "rate",
        during: str | Sequence[str] | None = None,
    ) -> Population:
        """A population clamped to the label: its unit at ``on``, the others at ``off``. Not shown in evaluation."""
        return self._clamped(name, size, model, Clamp("labels", During.of(during), clamps, float(on), float(off)))

    def constant(self, name: str, size: int = 1, value: float = 1.0) -> Population:
        """Units that always fire at ``value``; a projection from one of them is a bias."""
        population = self._add(Population(self, name, self._size(name, size), CLAMPED))
        self.constants[f"{name}.rate"] = value
        return population

    def connect(
        self,
        pre: Population,
        post: Population,
        *,
        into: str = "basal",
        rule: Rule | SynapticEquation | None = None,
        weights: Any = None,
        structure: Dense | None = None,
        sends: str | None = None,
        during: str | Sequence[str] | None = None,
        learns: str | Sequence[str] | None = None,
        name: str | None = None,
        states: Mapping[str, Any] | None = None,
    ) -> Projection:
        """Add the synapses from ``pre`` to ``post``.

        Parameters
        ----------
        into : the post compartment
        rule : how the weights change (a Rule stands for its forward equation, or, into ``apical``, its feedback
            equation); None: they do not
        weights : a number, an array (n_post, n_pre), a function of (generator, shape), or ``other.T``
        structure : ``Dense()``, ``Masked(p)``, ``Blocks(number)``, ``OneToOne()``, or of images ``Local(...)``,
            ``Convolution(...)`` or ``MaxPool(...)``
        sends : the pre variable that travels: ``rate``, or into ``apical`` the ``error`` where there is one
        during, learns : the phases in which it propagates and in which its weights change
        states : what states of the rule begin with, where it is not one number for all: given as weights are
        """
        for side, population in (("pre", pre), ("post", post)):
            if not isinstance(population, Population) or population.circuit is not self:
                raise RecircuitError(f"connect: {side} is a population of this circuit; got {population!r}.")
        name = name or f"{pre.name}_to_{post.name}"
        self._check_name(name)
        if into not in post.neuron.compartments:
            raise RecircuitError(
                f"connect {name}: {post.name!r} has no compartment {into!r}; it has {post.neuron.compartments}. "
                f"Declare one in its equations as '{into} : 1 (compartment)'."
            )
        if sends is None:
            sends = "error" if into == "apical" and "error" in pre.variables() else "rate"
        if sends not in pre.variables():
            raise RecircuitError(f"connect {name}: {pre.name!r} has no {sends!r} to send; it has {pre.variables()}.")
        equation = rule if isinstance(rule, SynapticEquation | None) else equation_of(rule, into, name)
        if any(p.post is post and p.pre is pre and p.into == into for p in self.projections.values()):
            raise RecircuitError(f"connect {name}: {pre.name!r} already projects into {into!r} of {post.name!r}.")
        if weights is None:
            weights = glorot() if structure is None or structure.initial is None else structure.initial
            if equation is not None and equation.read_back:
                weights = self._partner(pre, post, name).transposed(equation.read_back)
        if isinstance(weights, Transposed):
            check_transpose(weights, pre, post, equation, structure, name)
            structure = weights.of.structure
        else:
            structure = checked_structure(structure, pre, post, name)
        projection = Projection(
            circuit=self, name=name, pre=pre, post=post, into=into, sends=sends, structure=structure,
            equation=equation, weights=weights, during=During.of(during, USUAL_PHASE.get(into, "")),
            learns=During.of(learns, "plasticity"), states=dict(states or {}),
        )  # fmt: skip
        check_rule(projection, set(self.broadcasts))
        self.projections[name] = projection
        self._forget()
        return projection

    def broadcast(self, source: Population, name: str, *, during: str | Sequence[str] | None = None) -> None:
        """Let every unit and synapse that names ``name`` read the rate of a population of one unit."""
        if not isinstance(source, Population) or source.circuit is not self:
            raise RecircuitError(f"broadcast {name!r}: the source is a population of this circuit; got {source!r}.")
        if source.size != 1:
            raise RecircuitError(
                f"broadcast {name!r}: {source.name!r} has {source.size} units; a broadcast comes of 1."
            )
        self._check_name(name)
        self.broadcasts[name] = (source, During.of(during))
        self._forget()

    def phases(self, *pairs: Any, evaluation: Sequence[str] | None = None, **windows: Any) -> Schedule:
        """Say what a presentation is: ``phases("feedforward", 2*ms, "error", 4*ms)``, or windows that may overlap."""
        if pairs and windows:
            raise RecircuitError("phases: give pairs of name and duration, or windows by keyword, not both.")
        if windows:
            self.schedule = Schedule.overlapping(windows, self.dt, evaluation)
        else:
            self.schedule = Schedule.sequence(pairs, self.dt, evaluation)
        self._forget()
        return self.schedule

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
        """``circuit["h"]`` is a population or projection; ``circuit["h.rate"]`` a copy of a variable's values."""
        if "." not in key:
            found = self.populations.get(key) or self.projections.get(key)
            if found is None:
                names = [*self.populations, *self.projections]
                raise RecircuitError(f"circuit: there is no {key!r}; there are {names}.")
            return found
        return self.program().get(self._known(key))

    def __setitem__(self, key: str, value: Any) -> None:
        owner, _, variable = key.partition(".")
        program, key = self.program(), self._known(key)
        check_value(self.populations, key, value)
        if owner in self.populations and variable in self.populations[owner].neuron.parameters:
            return self._set_parameter(self.populations[owner], variable, value)
        program.set(key, value)
        if variable == "w" and f"{owner}.mask" in program.assembly.arrays:
            program.set(key, program.get(key) * program.get(f"{owner}.mask"))

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
        from .diagram import draw_circuit

        return draw_circuit(self, **options)

    def __str__(self) -> str:
        return circuit_text(self)

    def _repr_html_(self) -> str:
        return circuit_html(self)

    # ---- inside ------------------------------------------------------------------------------------------------

    def _clamped(self, name: str, size: int, model: Neuron | None, clamp: Clamp) -> Population:
        model = model or CLAMPED
        if clamp.variable not in model.unit_parameters:
            raise RecircuitError(
                f"stimulus {name!r}: {clamp.variable!r} is not a parameter of each unit in its equations "
                f"(those are {model.unit_parameters}); declare it as '{clamp.variable} : 1'."
            )
        return self._add(Population(self, name, self._size(name, size), model, clamp))

    def _add(self, population: Population) -> Population:
        self._check_name(population.name)
        self.populations[population.name] = population
        self._forget()
        return population

    def _check_name(self, name: str) -> None:
        used = {*self.populations, *self.projections, *self.broadcasts, "presentation"}
        if not isinstance(name, str) or not name.isidentifier() or iskeyword(name) or name.startswith("_"):
            raise RecircuitError(f"circuit: a name is a word such as 'hidden'; got {name!r}.")
        if split_side(f"x_{name}"):
            raise RecircuitError(
                f"circuit: {name!r} cannot be a name, since rules read NAME_pre and NAME_post; choose another."
            )
        if name in used:
            raise RecircuitError(f"circuit: the name {name!r} is used already; there are {sorted(used)}.")

    @staticmethod
    def _size(name: str, size: Any) -> int:
        if not isinstance(size, int | np.integer) or isinstance(size, bool) or size < 1:
            raise RecircuitError(f"population {name!r}: the size is a whole number, at least 1; got {size!r}.")
        return int(size)

    def _schedule(self) -> Schedule:
        if self.schedule is None:
            raise RecircuitError(
                "circuit: it has no phases yet. Say what a presentation is, for example "
                'circuit.phases("feedforward", 2*ms, "plasticity", 1*ms).'
            )
        return self.schedule

    def _partner(self, pre: Population, post: Population, name: str) -> Projection:
        for projection in self.projections.values():
            if projection.pre is post and projection.post is pre:
                return projection
        raise RecircuitError(
            f"connect {name}: its rule reads the transpose of the weights from {post.name!r} to {pre.name!r}, "
            "and there is no such projection yet. Connect it first."
        )

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

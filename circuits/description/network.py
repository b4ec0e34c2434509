"""The description of a circuit as data: populations, projections, broadcasts and phases. Nothing is built here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Unpack

import numpy as np
from brian2.units import Quantity, ms

from ...arguments import checked_arguments
from ...errors import RecircuitError
from ...plasticity import Rule, SynapticEquation
from .fixed import declare
from .naming import check_broadcast, check_member, check_name, checked_size, no_model, partner_of
from .neurons.neuron import Neuron
from .neurons.stability import warn_of_instability
from .populations.population import Population
from .populations.starting import declared
from .populations.stimuli import Stimuli
from .projections import connecting
from .projections.projection import Projection
from .schedules.during import During
from .schedules.open_phases import check_phases, warn_of_rules_always_open
from .schedules.presentations import DECLARING, Presentations
from .schedules.schedule import Schedule
from .schedules.timing import Closed, Sent, Timing, checked_closed, pathway_timing
from .settings import check_settings
from .size import check_size

#: The attributes with everything that a part can add to a circuit.
PARTS = ("populations", "projections", "broadcasts", "constants", "outputs_of")
#: The phase in which the projections into a compartment are open, if the circuit has such a phase.
USUAL_PHASE = {"basal": "feedforward", "apical": "feedback"}


class Network(Stimuli, Presentations):
    """The description of a circuit: its populations and projections, its clock, and the settings of its computation.

    A description is only data. Everything that inspects, checks or counts a circuit, or makes a program from it, reads a
    description. ``revision`` grows with every change after which an earlier program is out of date. The parameters are
    those of `Circuit`.
    """

    fixed: ClassVar[dict[str, str]] = {
        name: f"It is set when a circuit is made, as in Circuit({name}=...)."
        for name in ("batch_size", "dt", "precision", "dtype", "lowering", "seed", "optimise", "matmul")
    } | DECLARING

    @checked_arguments
    def __init__(
        self,
        batch_size: int = 1,
        dt: Quantity = 1 * ms,
        *,
        precision: str = "float64",
        lowering: str = "dense",
        seed: int = 0,
        optimise: bool = True,
        matmul: str = "full",
    ) -> None:
        check_settings(batch_size, dt, precision, lowering, seed, matmul)
        self.batch_size = int(batch_size)
        self.dt = dt
        self.dtype = np.dtype(precision)
        self.lowering = lowering
        self.seed = seed
        self.optimise = optimise
        self.matmul = matmul
        self.populations: dict[str, Population] = {}
        self.projections: dict[str, Projection] = {}
        self.broadcasts: dict[str, Sent] = {}
        self.schedule: Schedule | None = None
        self.modes: dict[str, Schedule] = {}
        self.constants: dict[str, float] = {}
        #: The output circuit that made a population, by the name of the population that answers.
        self.outputs_of: dict[str, Any] = {}
        self.revision = 0
        self.made()

    @checked_arguments
    def population(
        self, name: str, size: int, model: Any, *, initial: Mapping[str, Any] | None = None, **parameters: Any
    ) -> Population:
        """Add ``size`` units with the same equations, in every batch element.

        Parameters
        ----------
        name : str
            The name of the population.
        size : int
            The number of units.
        model : Neuron, OutputCircuit or another part
            The equations of the units. An output circuit or a part, such as `ErrorUnits`, adds its other populations too.
        initial : mapping of str to array, optional
            Initial values by the name of the variable: a number or quantity, an array (size,) or (batch, size), or a
            function of (generator, shape) such as ``lognormal(10*ms)``, which draws one value for each unit.
        parameters : Quantity or number
            Parameters of the Neuron that get another value here (``tau=50*ms``), or initial values as in ``initial``.
            An array (size,) or a function gives each unit its own value of a parameter, and an array (batch, 1) gives
            each batch element its own value.

        Returns
        -------
        Population
            The population; for an output circuit the one that answers, for another part the one that has the name.

        Raises
        ------
        RecircuitError
            If the name is taken or the size, the model or a value does not fit. Nothing is added then.
        """
        if not isinstance(model, Neuron):
            return self._add_part(name, size, model, initial, parameters)
        population = Population(self, name, checked_size(name, size), model)
        declared(population, initial, parameters, self.batch_size, self.seed)
        return self._add(population)

    @checked_arguments
    def connect(
        self,
        pre: Population,
        post: Population,
        *,
        into: str = "basal",
        rule: Rule | SynapticEquation | str | None = None,
        weights: Any = None,
        connectivity: Any = None,
        autapses: bool | None = None,
        sends: str | None = None,
        name: str | None = None,
        states: Mapping[str, Any] | None = None,
        **timing: Unpack[Timing],
    ) -> Projection:
        """Add the synapses from ``pre`` to ``post``.

        Parameters
        ----------
        pre, post : Population
            The population that sends and the population that receives; they may be the same.
        into : str, default "basal"
            The compartment of the post units.
        rule : Rule, SynapticEquation or str, optional
            The rule by which the weights change. A Rule, or its name, stands for its forward equation, or, into
            ``"apical"``, for its feedback equation. None leaves the weights as they are.
        weights : number, array, sparse matrix, function or transpose, optional
            The initial weights: a number, an array (n_post, n_pre), a SciPy sparse matrix, a function of (generator,
            shape) such as ``glorot()``, or ``other.T`` or ``other.again()``, which may be multiplied by a number.
        connectivity : Connectivity, array, sparse matrix or pair of arrays, optional
            The synapses that exist: ``Dense()`` (the default), ``Masked(p)``, ``Blocks(number)``, ``OneToOne()``, for
            images ``Local(...)``, ``Convolution(...)`` or ``MaxPool(...)``, or a list of all synapses as for `Given`.
        autapses : bool, optional
            False leaves out the synapses from a unit to itself.
        sends : str, optional
            The variable of the pre units that the projection transmits: ``"rate"``, or into ``"apical"`` the
            ``"error"`` if there is one.
        name : str, optional
            The name of the projection; the default is ``"PRE_to_POST"``.
        states : mapping of str to array, optional
            Initial values of the rule's states, in one of the forms of ``weights``, or an array (n_pre,).
        timing : str or Quantity
            ``during`` and ``learns`` are the phases in which the projection transmits and learns. ``closed`` is what
            the post units receive otherwise: ``"hold"``, the last value, or ``"zero"``. ``delay`` is a time, or an
            array of times.

        Returns
        -------
        Projection
            The projection.

        Raises
        ------
        RecircuitError
            If a name, size, rule or option does not fit.

        Notes
        -----
        In a step in which the projection is open, it takes the state of the pre units from before the step (for a
        stimulus, the row that is presented now), and the compartment is complete before the states of the post units
        change. The rule reads both units after the step, and changes the weights last.
        """
        connecting.check_ends(self, pre, post)
        name = connecting.unused_name(name, pre.name, post.name, self.projections)
        self._check_name(name)
        sends = connecting.what_is_sent(sends, into, pre, post, name)
        equation = connecting.equation_of(rule, into, name, pre, post, float(self.dt))
        arrives = connecting.arrives_as(pre, post, into, name, self.projections.values())
        weights, connectivity = connecting.listed_synapses(weights, connectivity, autapses, name)
        weights = connecting.first_weights(
            weights, connectivity, equation, lambda: partner_of(self.projections.values(), pre, post, name)
        )
        connectivity = connecting.which_synapses(weights, connectivity, autapses, (pre, post), equation, name)
        timed = pathway_timing(timing, f"connect {name}", USUAL_PHASE.get(into, ""), self.dt)
        equation, late = connecting.with_delays_of_synapses(equation, timed["delay"], name)
        projection = Projection(
            network=self, name=name, pre=pre, post=post, into=into, sends=sends, connectivity=connectivity,
            equation=equation, weights=weights, states=connecting.all_states(states, late, name), arrives=arrives, **timed,
        )  # fmt: skip
        connecting.read_constant(equation, pre, self.constants)
        connecting.check_projection(projection, set(self.broadcasts), self.batch_size)
        connecting.warn_of_autapses(projection, autapses)
        connecting.warn_of_signs(projection)
        self.projections[name] = projection
        self.changed()
        return projection

    @checked_arguments
    def broadcast(
        self, source: Population, name: str, *, during: str | Sequence[str] | None = None, closed: Closed = "hold"
    ) -> None:
        """Let every unit and synapse that names the broadcast read the rate of a population of one unit.

        Parameters
        ----------
        source : Population
            A population of one unit.
        name : str
            The name of the broadcast, by which equations read it.
        during : str or sequence of str, optional
            The phases in which it is sent; the default is always.
        closed : {"hold", "zero"}
            What its readers see otherwise: its last value, or zero.

        Notes
        -----
        In a step in which the broadcast is open, it takes the rate of its source from before the step, and arrives
        before the states of units change.
        """
        check_member(source, self, f"broadcast {name!r}: the source")
        check_broadcast(source, name, {n: sent.source.name for n, sent in self.broadcasts.items()})
        self._check_name(name)
        self.broadcasts[name] = Sent(source, During.of(during), checked_closed(closed, f"broadcast {name!r}"))
        self.changed()

    def _add_part(self, name: str, size: int, part: Any, initial: Any, parameters: Mapping[str, Any]) -> Population:
        """Add the populations of an output circuit or of another part; nothing is added if it fails."""
        if not hasattr(part, "build") or isinstance(part, type):
            raise no_model(name, part)
        before = {kind: dict(getattr(self, kind)) for kind in PARTS}
        try:
            made = part.build(self, name, size)
            declared(made, initial, parameters, self.batch_size, self.seed)
        except BaseException:
            declare(self, **before)
            self.changed()
            raise
        if hasattr(part, "losses"):  # an output circuit; other parts, such as error units, compute no loss
            self.outputs_of[made.name] = part
        return made

    def _add(self, population: Population) -> Population:
        self._check_name(population.name)
        warn_of_instability(population, self.dt)
        self.populations[population.name] = population
        self.changed()
        return population

    def _check_name(self, name: str) -> None:
        check_size(1 + len(self.populations) + len(self.projections))
        check_name(name, {*self.populations, *self.projections, *self.broadcasts, "presentation", "clock"})

    def __getitem__(self, key: str) -> Any:
        """Return a population or projection by its name."""
        found = (self.populations.get(key) or self.projections.get(key)) if isinstance(key, str) else None
        if found is None:
            raise RecircuitError(f"circuit: there is no {key!r}; there are {[*self.populations, *self.projections]}.")
        return found

    def __setitem__(self, key: str, value: Any) -> None:
        raise RecircuitError(f"circuit: {key!r} cannot be set, since a description has no values. Set it in a Circuit.")

    def given(self) -> set[str]:
        """Return the variables that have been set elsewhere than in the declaration of their population."""
        return set(self.constants)

    def check(self) -> None:
        """Refuse phases that do not exist, and warn of rules that are always open: no single declaration shows these faults."""
        schedule = self.phased()
        check_phases(self.populations, self.projections, self.broadcasts, schedule)
        warn_of_rules_always_open(self.projections, schedule)

"""The description of a circuit: populations, projections, broadcasts and phases, as data. Nothing is built here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Unpack

import numpy as np
from brian2.units import Quantity, ms

from ...door import door
from ...errors import RecircuitError
from ...plasticity import Rule, SynapticEquation
from . import connecting
from .checks import (
    check_delay_shape,
    check_phases,
    check_rule,
    check_settings,
    check_transpose,
    checked_connectivity,
    warn_of_rules_always_open,
)
from .fixed import Fixed
from .meaning import check_meaning
from .modes import together
from .naming import check_broadcast, check_name, checked_mode, checked_size, partner_of
from .neuron import Neuron
from .population import Population
from .projection import Projection, Transposed
from .schedule import STREAM, During, Schedule
from .stability import warn_of_instability
from .starting import declared
from .stimuli import Stimuli
from .timing import Timing, pathway_timing

#: So many equal steps in a row are told one by one, and four more for each part of a circuit; what is longer is condensed.
LONG = 1000
#: The phase in which a compartment's projections are open, where the circuit has such a phase.
USUAL_PHASE = {"basal": "feedforward", "apical": "feedback"}


class Network(Fixed, Stimuli):
    """What a circuit is: its populations and projections, its clock, and what it is to be computed with.

    A description is only data. Whatever looks at a circuit, checks it, counts it, or makes a program of it reads a
    description. ``revision`` grows with every change that a program built before does not know of.

    Parameters
    ----------
    batch_size : how many stimuli are shown at a time; a rule's update is averaged over them
    dt : the time step
    precision : ``"float32"`` or ``"float64"``
    lowering : ``"dense"`` (matrix products over batch elements) or ``"reference"`` (Brian2 ``Synapses``, one batch
        element: slow, obviously right)
    seed : of the initial weights, masks and noise
    optimise : leave out what nobody reads and what cannot have changed; results are the same bits
    matmul : ``"full"`` precision of matrix products, or ``"tf32"``: of single-precision ones on a GPU (backend cuda),
        which keeps 11 bits of each factor, and is faster
    """

    fixed: ClassVar[dict[str, str]] = {
        name: f"It is said when a circuit is made, as in Circuit({name}=...)."
        for name in ("batch_size", "dt", "precision", "dtype", "lowering", "seed", "optimise", "matmul")
    }

    @door
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
        self.broadcasts: dict[str, tuple[Population, During]] = {}
        self.schedule: Schedule | None = None
        self.modes: dict[str, Schedule] = {}
        self.constants: dict[str, float] = {}
        self.outputs_of: dict[
            str, Any
        ] = {}  # by the name of the population that answers, the output circuit that made it
        self.revision = 0
        self.made()

    @door
    def population(
        self, name: str, size: int, model: Any, *, initial: Mapping[str, Any] | None = None, **parameters: Any
    ) -> Population:
        """Add ``size`` units.

        Parameters
        ----------
        model : a Neuron, or an output circuit, which adds its companions too
        initial : what variables begin with, by name: a number or quantity, an array (size,) or (batch, size), or a
            function of (generator, shape) such as ``lognormal(10*ms)``, which draws one value for each unit
        parameters : of the Neuron, other than it was made with (``tau=50*ms``), or first values as in ``initial``
        """
        if not isinstance(model, Neuron):
            if not hasattr(model, "build") or isinstance(model, type):
                raise RecircuitError(f"population {name!r}: expected a Neuron or an output circuit; got {model!r}.")
            before = dict(self.populations), dict(self.projections)
            try:
                made = model.build(self, name, size)
                declared(made, initial, parameters)
            except RecircuitError:  # all of it or nothing
                self.populations, self.projections = before
                raise
            self.outputs_of[made.name] = model
            return made
        population = Population(self, name, checked_size(name, size), model)
        declared(population, initial, parameters)
        return self._add(population)

    @door
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
        into : the post compartment
        rule : how the weights change (a Rule, or its name, stands for its forward equation, or, into ``apical``, its
            feedback equation); None: they do not
        weights : a number, an array (n_post, n_pre), a SciPy sparse matrix, a function of (generator, shape), or
            ``other.T``, which may be multiplied by a number
        connectivity : ``Dense()``, ``Masked(p)``, ``Blocks(number)``, ``OneToOne()``, or of images ``Local(...)``,
            ``Convolution(...)`` or ``MaxPool(...)``; or all synapses there are: see `Given`
        autapses : False: no unit projects to itself
        sends : the pre variable that travels: ``rate``, or into ``apical`` the ``error`` where there is one
        states : what states of the rule begin with, where it is not one number for all: given as weights are
        timing : ``during``, ``learns`` (the phases in which it propagates, and learns), ``closed="hold"`` (what the post
            units see of it otherwise is its last value) or ``"zero"``, and ``delay``, a time or an array: see `Timing`
        """
        for side, population in (("pre", pre), ("post", post)):
            if not isinstance(population, Population) or population.network is not self:
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
        equation = connecting.equation_of(rule, into, name)
        equation = equation and equation.with_step(float(self.dt))
        arrives = connecting.arrives_as(pre, post, into, name, self.projections.values())
        weights, connectivity = connecting.listed_synapses(weights, connectivity, autapses, name)
        weights = connecting.first_weights(
            weights, connectivity, equation, lambda: partner_of(self.projections.values(), pre, post, name)
        )
        if isinstance(weights, Transposed):
            check_transpose(weights, pre, post, equation, connectivity, name)
            connectivity = weights.of.connectivity
        else:
            connectivity = checked_connectivity(connectivity, pre, post, name)
            connectivity = connecting.without_autapses(connectivity, autapses, (pre, post), name)
        projection = Projection(
            network=self, name=name, pre=pre, post=post, into=into, sends=sends, connectivity=connectivity,
            equation=equation, weights=weights, states=dict(states or {}), arrives=arrives,
            **pathway_timing(timing, f"connect {name}", USUAL_PHASE.get(into, ""), self.dt),
        )  # fmt: skip
        connecting.read_constant(equation, pre, self.constants)
        check_rule(projection, set(self.broadcasts))
        check_meaning(projection, self.batch_size)
        check_delay_shape(projection)
        connecting.check_arrays(projection)
        connecting.warn_of_autapses(projection, autapses)
        self.projections[name] = projection
        self.revision += 1
        return projection

    @door
    def broadcast(self, source: Population, name: str, *, during: str | Sequence[str] | None = None) -> None:
        """Let every unit and synapse that names ``name`` read the rate of a population of one unit."""
        if not isinstance(source, Population) or source.network is not self:
            raise RecircuitError(f"broadcast {name!r}: the source is a population of this circuit; got {source!r}.")
        self._check_name(name)
        check_broadcast(source, name)
        self.broadcasts[name] = (source, During.of(during))
        self.revision += 1

    @door
    def phases(self, *pairs: Any, evaluation: Sequence[str] | None = None, mode: str = "", **windows: Any) -> Schedule:
        """Say what a presentation is: ``phases("feedforward", 2*ms, "error", 4*ms)``, or windows that may overlap.

        A circuit may have several schedules, each with a ``mode`` of its own: ``run(mode="sleep")``.
        """
        schedule = Schedule.of(pairs, windows, self.dt, evaluation)
        self.modes[checked_mode(mode)] = schedule
        self.schedule = next(iter(self.modes.values()))
        self.revision += 1
        return schedule

    def _add(self, population: Population) -> Population:
        self._check_name(population.name)
        warn_of_instability(population, self.dt)
        self.populations[population.name] = population
        self.revision += 1
        return population

    def _check_name(self, name: str) -> None:
        check_name(name, {*self.populations, *self.projections, *self.broadcasts, "presentation", "clock"})

    def __getitem__(self, key: str) -> Any:
        """``network["h"]`` is a population or projection."""
        found = (self.populations.get(key) or self.projections.get(key)) if isinstance(key, str) else None
        if found is None:
            names = [*self.populations, *self.projections]
            raise RecircuitError(f"circuit: there is no {key!r}; there are {names}.")
        return found

    def __setitem__(self, key: str, value: Any) -> None:
        raise RecircuitError(f"circuit: {key!r} cannot be set in a description; values are those of a Circuit.")

    def phased(self) -> Schedule:
        """The steps of a presentation, those that are repeated told once; without phases the one step of a stream."""
        most = LONG + 4 * (len(self.populations) + len(self.projections) + len(self.broadcasts))
        modes = {name: schedule.condensed(most) for name, schedule in self.modes.items()}
        return together(modes) if modes else STREAM

    def given(self) -> set[str]:
        """The variables that have been set otherwise than in the declaration of their population."""
        return set(self.constants)

    def check(self) -> None:
        """Refuse, or warn of, what no single declaration shows: phases that there are not, rules that are always open."""
        schedule = self.phased()
        check_phases(self.populations, self.projections, self.broadcasts, schedule)
        warn_of_rules_always_open(self.projections, schedule)

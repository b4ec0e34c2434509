"""Projections: all synapses from one population to another."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from ....errors import RecircuitError
from ....other_libraries import NamesFromElsewhere
from ....plasticity import SynapticEquation
from ...connectivity import Connectivity, Shape
from ..display import projection_html
from ..fixed import Fixed, key_of
from ..populations.population import Population, Values
from ..schedules.during import During

#: The end of the name of a variable that says which input of a window is the largest.
ARGMAX = "_argmax"


@dataclass(frozen=True)
class Transposed:
    """The weights of another projection, or a state or trace of its synapses.

    In the opposite direction, or between other units, they make a control such as backpropagation, which is not local.

    Parameters
    ----------
    of : Projection
        The projection that has the weights.
    variable : str
        ``"w"``, or a state or trace of that projection's rule that is read in place of its weights.
    flipped : bool
        Whether the matrix is transposed; False uses it unchanged between other units.
    elsewhere : bool
        Whether the weights are used between other units of the same sizes.
    scale : float
        The factor by which the weights are multiplied, as in ``-projection.T``.
    """

    of: Projection
    variable: str = "w"
    flipped: bool = True
    elsewhere: bool = False
    scale: float = 1.0

    def __neg__(self) -> Transposed:
        return self * -1.0

    def __mul__(self, factor: float) -> Transposed:
        if not isinstance(factor, int | float | np.integer | np.floating) or not np.isfinite(factor):
            raise RecircuitError(f"{self.of.name}.T is multiplied by a finite number; got {factor!r}.")
        if not self.of.connectivity.learns:
            raise RecircuitError(f"{self.of.name}.T has no weights of its own that could be multiplied.")
        return replace(self, scale=self.scale * float(factor))

    __rmul__ = __mul__

    def __truediv__(self, divisor: float) -> Transposed:
        if isinstance(divisor, int | float | np.integer | np.floating) and divisor:
            return self * (1 / divisor)
        raise RecircuitError(f"{self.of.name}.T is divided by a finite number that is not 0; got {divisor!r}.")

    @property
    def traced(self) -> bool:
        """Whether what is read is a trace, of which each batch element has its own."""
        return self.of.equation is not None and self.of.plastic and self.variable in self.of.equation.traces

    @property
    def local(self) -> bool:
        """Whether the synapses that have the weights transmit by them, so that no synapse knows those of another one."""
        return not self.flipped and not self.elsewhere

    def __str__(self) -> str:
        variable = "" if self.variable == "w" else f"{self.variable} of "
        return f"{'transpose of ' if self.flipped else '' if variable else 'weights of '}{variable}{self.of.name}"

    def matrix(self) -> np.ndarray:
        """Return the weights as they are read. One-to-one weights, of shape (n,), are the same in both directions."""
        found = self.of[self.variable]
        if self.flipped:
            found = found.swapaxes(1, 2) if self.traced else found.T
        return found if self.scale == 1 else self.scale * found


@dataclass(eq=False, repr=False)
class Projection(Fixed, NamesFromElsewhere):
    """All synapses from ``pre`` to ``post``, into one compartment: field_post = sum over pre of w*sends_pre.

    `Circuit.connect` makes it. ``projection["w"]`` returns the weights, of shape (n_post, n_pre) if they are dense.

    Parameters
    ----------
    network : Circuit
        The circuit that the projection belongs to.
    name : str
        The name of the projection.
    pre, post : Population
        The population that sends and the one that receives.
    into : str
        The compartment of the post units.
    sends : str
        The variable of the pre units that is transmitted.
    connectivity : Connectivity
        The synapses that exist.
    equation : SynapticEquation or None
        The equation by which the weights change; None leaves them as they are.
    weights : number, array, function or Transposed
        The initial weights.
    during, learns : During
        The phases in which it transmits, and in which it learns.
    closed : str
        What the post units receive otherwise: the last value (``"hold"``) or zero (``"zero"``).
    delay : int or array of int
        The delay in steps, one for all synapses or an array of the shape of the weights.
    states : dict of str to array
        Initial values of the rule's states.
    arrives : str
        The name under which its signal arrives in the compartment; empty for the name of the pre population.
    """

    network: Values = field(repr=False)
    name: str
    pre: Population
    post: Population
    into: str
    sends: str
    connectivity: Connectivity
    equation: SynapticEquation | None
    weights: Any
    during: During
    learns: During
    closed: str = "hold"
    delay: int | np.ndarray = 0
    states: dict[str, Any] = field(default_factory=dict)
    arrives: str = ""

    fixed: ClassVar[dict[str, str]] = dict.fromkeys(
        (
            "network", "name", "pre", "post", "into", "sends", "connectivity", "equation", "weights", "during", "learns",
            "closed", "delay", "states", "arrives",
        ),
        'Say it in connect(...) of another circuit; the weights of this one are set as in projection["w"] = ...',
    )  # fmt: skip

    def __post_init__(self) -> None:
        self.made()

    def __getitem__(self, variable: str) -> np.ndarray:
        return self.network[key_of(self.name, variable)]

    def __setitem__(self, variable: str, value: Any) -> None:
        self.network[key_of(self.name, variable)] = value

    def change(self, *, equation: SynapticEquation | None = None, delay: int | np.ndarray | None = None) -> None:
        """Give these synapses another rule or another delay. Programs that were built before are out of date then.

        Parameters
        ----------
        equation : SynapticEquation, optional
            The equation by which the weights change.
        delay : int or array of int, optional
            The delay in steps.
        """
        if equation is not None:
            object.__setattr__(self, "equation", equation)
        if delay is not None:
            object.__setattr__(self, "delay", delay)

    def __repr__(self) -> str:
        rule = f"{self.equation.rule}" if self.equation is not None and self.plastic else self.learned_by
        sides = f"{self.pre.name}.{self.sends} -> {self.post.name}.{self.into}"
        return f"<Projection {self.name}: {sides}, {type(self.connectivity).__name__} {tuple(self.shape)}, {rule}>"

    def _repr_html_(self) -> str:
        return projection_html(self, opened=True)

    @property
    def T(self) -> Transposed:
        """These weights, for a projection in the opposite direction."""
        return Transposed(self)

    def transposed(self, variable: str) -> Transposed:
        """Return a state of these synapses, as the weights of a projection in the opposite direction.

        Parameters
        ----------
        variable : str
            The name of the state.
        """
        return Transposed(self, variable)

    def again(self, variable: str = "w") -> Transposed:
        """Return these weights, for a projection by which the same synapses transmit another signal of their pre units.

        Parameters
        ----------
        variable : str
            The name of a state or trace of the rule, by which the synapses transmit in place of their weights. A trace has a
            value for each batch element, as fast weights have.

        Examples
        --------
        >>> import recircuit as rc
        >>> net = rc.Circuit()
        >>> unit = rc.Neuron("basal : 1 (compartment)\\ntotal : 1 (compartment)\\nrate = basal : 1")
        >>> x, h = net.stimulus("x", 2, rc.Neuron("rate : 1\\nunity = 1 : 1")), net.population("h", 3, unit)
        >>> up = net.connect(x, h)
        >>> net.connect(x, h, name="sums", into="total", sends="unity", weights=up.again())
        <Projection sums: x.unity -> h.total, Dense (3, 2), weights of x_to_h>
        """
        return Transposed(self, variable, flipped=False)

    def elsewhere(self, *, flipped: bool) -> Transposed:
        """Return these weights for a projection between other units of the same sizes (a control that is not local).

        Parameters
        ----------
        flipped : bool
            Whether the matrix is transposed.
        """
        return Transposed(self, flipped=flipped, elsewhere=True)

    @property
    def field(self) -> str:
        """The variable of the post unit that this projection alone writes."""
        return f"{self.into}_{self.arrives or self.pre.name}"

    def totals(self) -> dict[str, str]:
        """Return the sums of weights that the post unit's equations ask for, with the variable of this projection's part."""
        asked = [total for total, into in self.post.neuron.totals.items() if into == self.into]
        if self.connectivity.kind == "largest":  # pooling selects one signal, and has no weights to add
            return {}
        return {total: f"{total}_of_{self.name}" for total in asked}

    @property
    def argmax(self) -> str:
        """The variable of a unit of max pooling that says which input was the largest."""
        return f"{self.field}{ARGMAX}"

    @cached_property
    def shape(self) -> Shape:
        """The shape of the weights."""
        return self.connectivity.shape(self.pre.size, self.post.size)

    @cached_property
    def synapses(self) -> int:
        """The number of synapses, including those that are left out at random."""
        return self.connectivity.count(self.pre.size, self.post.size)

    @property
    def local(self) -> bool:
        """Whether each synapse learns from local variables only: its rule is local, and its weight belongs to it alone."""
        if isinstance(self.weights, Transposed):
            # A signal to a latched argmax has no weights of its own.
            return self.weights.of.local if self.weights.local else not self.connectivity.learns
        return (
            self.equation is None or not self.equation.plastic or (self.equation.local and not self.connectivity.shared)
        )

    @property
    def learned_by(self) -> str:
        """The rule and which of its equations changes the weights, as in ``"urfb, forward"``; ``"fixed"`` if none does.

        Of synapses that transmit again it is what they transmit by, as in ``"square of x_to_h"``.
        """
        if isinstance(self.weights, Transposed) and self.weights.local:
            return str(self.weights)
        equation = self.equation
        return f"{equation.rule}, {equation.direction}" if equation is not None and self.plastic else "fixed"

    @property
    def owner(self) -> Projection:
        """The projection whose weights this one reads, which is another one if they are a transpose."""
        return self.weights.of if isinstance(self.weights, Transposed) else self

    def mask(self, rng: np.random.Generator) -> np.ndarray | None:
        """Draw which weights belong to a synapse. A transpose uses the mask of the projection that has the weights.

        Parameters
        ----------
        rng : Generator
            The generator from which synapses that exist at random are drawn.

        Returns
        -------
        array or None
            1 for each weight that belongs to a synapse and 0 for the others; None if all do.
        """
        owner = self.owner
        return owner.connectivity.mask(owner.pre.size, owner.post.size, rng)

    @property
    def plastic(self) -> bool:
        """Whether a rule changes these weights."""
        return self.equation is not None and self.equation.plastic

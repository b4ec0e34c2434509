"""Kernels: the computation of one operation, as data. A backend has one piece of code for each kind of kernel.

Expressions are text in Brian2's language. Expressions of a unit name its variables as its equations do; expressions of a
synapse name NAME_pre, NAME_post, its own arrays, the rule's parameters and broadcasts, as in `recircuit.plasticity.steps`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

from ...plasticity import Statement
from ..connectivity import Connectivity
from ..description.neurons.state_equation import StateEquation
from .terms import Kernel, Term


@dataclass(frozen=True)
class Clamp(Kernel):
    """The presentation of data: ``variable`` is a row of the data, or, for labels, ``on`` for one unit and ``off`` for others.

    Batch elements that show nothing are set to zero. With ``every``, the data are series: step k of the window, counted
    from 0, shows row k // every of the sample; after its last row, a sample shows nothing.
    """

    population: str
    variable: str
    labels: bool
    on: float
    off: float
    every: int = 0


@dataclass(frozen=True)
class Elementwise(Kernel):
    """Statements that are computed one after the other for every item of the owner's arrays, which are units or weights.

    A name that is assigned and is not a variable of the owner is temporary.

    Parameters
    ----------
    owner : str
        The population or projection that the arrays belong to.
    statements : tuple of Statement
        The statements in order.
    scalars
        Names in the statements that stand for single values of other owners, each with the key of the value.
    """

    owner: str
    statements: tuple[Statement, ...]
    scalars: tuple[tuple[str, str], ...] = ()

    @property
    def code(self) -> str:
        """The statements as text, one on each line."""
        return "\n".join(statement.line for statement in self.statements)


@dataclass(frozen=True)
class StateUpdate(Elementwise):
    """The update of a population's state equations that are open together; each reads the state before the step.

    Parameters
    ----------
    equations : tuple of StateEquation
        The equations from which the statements were made, so that some of them can be computed alone.
    suffix : str
        The end of the operation's name.
    """

    equations: tuple[StateEquation, ...] = ()
    suffix: str = ""


@dataclass(frozen=True)
class Average(Kernel):
    """The mean of a shared variable over the batch elements that show something, from the new value in each of them."""

    population: str
    units: int
    variable: str
    of_each: str


@dataclass(frozen=True)
class OverSynapses(Kernel):
    """The base class of kernels that go through all synapses of a projection.

    Parameters
    ----------
    projection : str
        The projection.
    connectivity : Connectivity
        The connectivity of the synapses.
    n_pre, n_post : int
        The numbers of pre and post units.
    """

    projection: str
    connectivity: Connectivity
    n_pre: int
    n_post: int


@dataclass(frozen=True)
class Propagate(OverSynapses):
    """The field that a projection delivers to one compartment: field = signal W^T, for the whole batch.

    Parameters
    ----------
    signal : Term
        The signal of each pre unit.
    field : str
        The variable of the post unit that this projection alone writes, such as ``"h.basal_x"``.
    weights : str
        The key of the weights, such as ``"x_to_h.w"``.
    transposed : bool
        Whether the weights, and the connectivity, belong to a projection in the opposite direction.
    sparse : bool
        Whether to go from synapse to synapse instead of through the whole matrix.
    argmax : str
        For max pooling, the variable that says which input was the largest.
    """

    signal: Term
    field: str
    weights: str
    transposed: bool = False
    sparse: bool = False
    argmax: str = ""


@dataclass(frozen=True)
class TracedPropagate(OverSynapses):
    """The field that a projection delivers by traces, of which each batch element has its own.

    Parameters
    ----------
    signal : Term
        The signal of each pre unit.
    field : str
        The variable of the post unit that this projection alone writes, such as ``"h.basal_x"``.
    traces : str
        The key of the trace, such as ``"x_to_h.el"``, of shape (batch, n_post, n_pre), or (batch, n_pre, n_post) if transposed.
    transposed : bool
        Whether the traces belong to a projection in the opposite direction.
    """

    signal: Term
    field: str
    traces: str
    transposed: bool = False


@dataclass(frozen=True)
class Broadcast(Kernel):
    """A broadcast: ``field`` of every unit becomes the signal of the one unit that sends it."""

    signal: Term
    field: str


@dataclass(frozen=True)
class WeightUpdate(OverSynapses):
    """The base class of kernels that change an array of the synapses: target = keep*target + scale*mean of a value.

    The mean is over the batch elements that show something.

    Parameters
    ----------
    target : str
        The array of one value for each weight; empty for none.
    keep, scale : str
        Expressions of parameters and ``updates``.
    """

    target: str
    keep: str
    scale: str


@dataclass(frozen=True)
class Product(WeightUpdate):
    """An update by products: target = keep*target + scale*mean of (post (x) pre)."""

    pre: Term
    post: Term
    sparse: bool = False


@dataclass(frozen=True)
class Part:
    """A part of a synapse's expression that reads one unit alone: ``name`` stands for the term in the expression."""

    name: str
    side: str
    term: Term


@dataclass(frozen=True)
class SynapseLoop(WeightUpdate):
    """The base class of loops over synapses and batch elements: the mean is of (once + expression).

    Parameters
    ----------
    expression : str
        An expression of pre, post and synapse.
    parts : tuple of Part
        The factors in the expressions that are read from the two units.
    statements : tuple of Statement
        The statements ``NAME = E``, each for a trace; an expression reads the traces that earlier statements have set.
    once : str
        For weights that several synapses share, the terms that are not summed over them.
    masked : bool
        Whether traces of weights that no synapse has are zero.
    early : bool
        Whether the target is computed from the traces as they were before the statements.
    """

    expression: str
    parts: tuple[Part, ...]
    statements: tuple[Statement, ...] = ()
    once: str = "0"
    masked: bool = False
    early: bool = False

    def terms(self) -> list[Term]:
        return [part.term for part in self.parts]

    def with_terms(self, change: Callable[[Term], Term]) -> Self:
        return replace(self, parts=tuple(replace(part, term=change(part.term)) for part in self.parts))


@dataclass(frozen=True)
class Fused(SynapseLoop):
    """A loop without traces.

    Parameters
    ----------
    vanishing
        For each side, the part that is a factor of the whole expression, so that the update is zero where this part is.
    """

    vanishing: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Traced(SynapseLoop):
    """A loop that sets traces in each batch element that shows something, and then the target, if there is one.

    Parameters
    ----------
    traces : tuple of str
        The traces that are read or set.
    """

    traces: tuple[str, ...] = ()

    @property
    def written(self) -> tuple[str, ...]:
        """The traces that are set."""
        return tuple(dict.fromkeys(s.target for s in self.statements))


@dataclass(frozen=True)
class Mask(Kernel):
    """The setting to zero of weights without a synapse, and of their states. ``kept`` says that they are zero already."""

    projection: str
    statements: tuple[Statement, ...]
    kept: bool = False


@dataclass(frozen=True)
class Count(Kernel):
    """The count of updates: ``updates`` of the projection grows by one."""

    projection: str

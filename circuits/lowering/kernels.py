"""What one operation computes, as data. A backend has one piece of code for each of these kinds.

Expressions are text in Brian2's language. Those of a unit name its variables as its equations do; those of a synapse are
in NAME_pre, NAME_post, its own arrays, the rule's parameters and broadcasts, as in `recircuit.plasticity.steps`.
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
    """``variable`` of every unit is a row of the data; of labels, ``on`` for the unit of the label and ``off`` for others.

    Elements that show nothing are set to zero. With ``every``, the data are series: at the k-th step of its window, from 0,
    it is row k // every of the sample; after its last row a sample shows nothing.
    """

    population: str
    variable: str
    labels: bool
    on: float
    off: float
    every: int = 0


@dataclass(frozen=True)
class Elementwise(Kernel):
    """Statements for every element of the owner's arrays, one after the other: units, or weights.

    A name that is assigned and is no variable of the owner is a temporary.

    Parameters
    ----------
    owner : str
        The population or projection whose elements these are.
    statements : tuple of Statement
        The statements in order.
    scalars
        Names in the statements that stand for single values of other owners, each with its key.
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
    """State equations of a population that are open together; each reads the state before the step.

    Parameters
    ----------
    equations : tuple of StateEquation
        The equations of the statements, so that a part of them can be made by itself.
    suffix : str
        The end of the operation's name.
    """

    equations: tuple[StateEquation, ...] = ()
    suffix: str = ""


@dataclass(frozen=True)
class Average(Kernel):
    """A shared variable of a population is the mean, over the elements that show something, of what each makes of it."""

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
        Where the synapses are.
    n_pre, n_post : int
        The numbers of pre and post units.
    """

    projection: str
    connectivity: Connectivity
    n_pre: int
    n_post: int


@dataclass(frozen=True)
class Propagate(OverSynapses):
    """field = signal W^T over the batch: what a projection brings into one compartment.

    Parameters
    ----------
    signal : Term
        The signal of each pre unit.
    field : str
        The variable of the post unit that this projection alone writes, as ``"h.basal_x"``.
    weights : str
        The weights, as ``"x_to_h.w"``.
    transposed : bool
        Whether the weights, and the connectivity, belong to a projection in the opposite direction.
    sparse : bool
        Whether to go from synapse to synapse, not through the whole matrix.
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
class Broadcast(Kernel):
    """``field`` of every unit is the signal of the one unit that is broadcast."""

    signal: Term
    field: str


@dataclass(frozen=True)
class WeightUpdate(OverSynapses):
    """The base class of kernels that change an array of the synapses: target = keep*target + scale*mean of something.

    The mean is that over the batch elements that present something.

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
    """target = keep*target + scale*mean of (post (x) pre)."""

    pre: Term
    post: Term
    sparse: bool = False


@dataclass(frozen=True)
class Part:
    """A part of an expression of a synapse that reads one unit alone: ``name`` in it stands for the term."""

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
        ``NAME = E``, each of a trace; an expression reads traces as the statements before have left them.
    once : str
        For weights that several synapses share, the terms that are not summed over them.
    masked : bool
        Whether traces of weights that no synapse has are zero.
    early : bool
        Whether the target is made of traces as they were before the statements.
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
        For each side the part that is a factor of the whole: the update is zero where this part is.
    """

    vanishing: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Traced(SynapseLoop):
    """A loop in which traces are set in every element that presents something; then the target is, if there is one.

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
    """Weights that no synapse has, and their states, are zero. ``kept`` says that nothing has touched them."""

    projection: str
    statements: tuple[Statement, ...]
    kept: bool = False


@dataclass(frozen=True)
class Count(Kernel):
    """``updates`` of the projection grows by one."""

    projection: str

"""The steps to which a rule is lowered, in the order in which they run.

Arrays are stored per synapse, with the shape (n_post, n_pre), and traces per synapse and batch element, with the shape (batch,
n_post, n_pre). The arrays are `w`, the states, and the drives: scratch arrays that hold averages over the batch elements for
later steps (`drives(steps)` returns their names). In every step `mean` is the mean over the batch elements.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from brian2.utils.stringtools import get_identifiers

from .parse import Statement

__all__ = ["Elementwise", "Fused", "Gather", "Product", "Step", "Traced", "Update", "drives"]


@dataclass(frozen=True)
class _Step:
    """One pass over the synapses.

    Parameters
    ----------
    drives : tuple of str
        The scratch arrays that it is the first to write.
    """

    drives: tuple[str, ...] = ()

    @property
    def targets(self) -> tuple[str, ...]:
        """The arrays that the step writes, without traces."""
        return ()

    @property
    def texts(self) -> tuple[str, ...]:
        """The expressions that the step computes for each synapse."""
        return ()

    @property
    def names(self) -> set[str]:
        """All names in these expressions, those of functions too."""
        return set[str]().union(*map(get_identifiers, self.texts))


@dataclass(frozen=True, kw_only=True)
class Product(_Step):
    """A matrix product: ``target = keep*target + scale*mean(post (x) pre)``.

    Parameters
    ----------
    target : str
        The array that is written.
    keep, scale : str
        Expressions in parameters, ``updates`` and numbers.
    post, pre : str
        Expressions in bare names of that unit's variables and in ``scalars``; ``post`` may also read broadcasts. Either may
        be ``"1"``.
    scalars : tuple of str
        The parameters, ``updates`` and ``in_PHASE``, that ``post`` and ``pre`` read. No variable of a unit that
        the equation reads has one of these names.
    """

    target: str
    keep: str = "1"
    scale: str = "1"
    post: str = "1"
    pre: str = "1"
    scalars: tuple[str, ...] = ()

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.target,)

    @property
    def texts(self) -> tuple[str, ...]:
        return self.keep, self.scale


@dataclass(frozen=True, kw_only=True)
class Fused(_Step):
    """A loop over synapses and batch elements: ``target = keep*target + scale*mean(expression)``.

    It is used for expressions that do not split into products. It draws no noise.

    Parameters
    ----------
    target : str
        The array that is written.
    keep, scale : str
        Expressions in parameters, ``updates`` and numbers.
    expression : str
        An expression in NAME_pre, NAME_post, broadcasts (bare names), parameters, ``updates``, and arrays; the name of
        the target stands for its old value.
    """

    target: str
    keep: str = "1"
    scale: str = "1"
    expression: str

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.target,)

    @property
    def texts(self) -> tuple[str, ...]:
        return self.keep, self.scale, self.expression


@dataclass(frozen=True, kw_only=True)
class Elementwise(_Step):
    """Statements per synapse, of values that do not vary over batch elements. Only these steps draw noise.

    Parameters
    ----------
    statements : tuple of Statement
        Statements ``NAME = E`` or ``NAME += E``, in arrays, parameters and ``updates``. A name that is not an array is
        temporary.
    """

    statements: tuple[Statement, ...]

    @property
    def code(self) -> str:
        """The statements as Brian2's abstract code, one on each line."""
        return "\n".join(statement.line for statement in self.statements)

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(statement.target for statement in self.statements)

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.code,)


@dataclass(frozen=True, kw_only=True)
class Traced(_Step):
    """A loop that sets traces in every batch element; then a target, if any, is ``keep*target + mean(expression)``.

    Parameters
    ----------
    statements : tuple of Statement
        Statements ``NAME = E``, each for a trace. Expressions are those of `Fused` and may also read traces, with the values
        that earlier statements have set.
    target : str
        An array that is not a trace; empty for none.
    keep, expression : str
        Expressions as in `Fused`.
    once : str
        For weights that several synapses share, the terms that are added once and not for each synapse. In this case there is
        only one statement, or a target.
    early : bool
        Whether the expression reads traces as they were before the statements.
    """

    statements: tuple[Statement, ...] = ()
    target: str = ""
    keep: str = "0"
    expression: str = "0"
    once: str = "0"
    early: bool = False

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.target,) if self.target else ()

    @property
    def texts(self) -> tuple[str, ...]:
        return self.expression, self.once, *(f"{s.target}*({s.expression})" for s in self.statements)


@dataclass(frozen=True, kw_only=True)
class Gather(_Step):
    """A sum over the synapses of a unit: ``variable`` of the unit becomes the sum of array*signal.

    Parameters
    ----------
    variable : str
        The bare name of the variable.
    array : str
        An array of the synapse.
    signal : str
        An expression in bare names of the unit at the other end.
    side : str
        The side of the unit that sums, ``"post"`` or ``"pre"``.
    """

    variable: str
    array: str
    signal: str
    side: str = "post"

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.array,)


#: The steps that change arrays of the synapses.
Update = Product | Fused | Elementwise | Traced
Step = Update | Gather


def drives(steps: Iterable[Step]) -> tuple[str, ...]:
    """Return the names of the scratch arrays that `steps` need, in order of first use."""
    return tuple(dict.fromkeys(name for step in steps for name in step.drives))

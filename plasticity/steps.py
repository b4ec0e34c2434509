"""What a rule is lowered to: five kinds of step, in the order in which they run.

Arrays are per synapse, stored (n_post, n_pre), and traces (batch, n_post, n_pre): `w`, the state, and the **drives**,
scratch arrays that hold averages over the batch elements for the steps that follow (`drives(steps)` names them).
In every step `mean` is over the batch elements.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from .parse import Statement

__all__ = ["Elementwise", "Fused", "Gather", "Product", "Step", "Traced", "Update", "drives"]


@dataclass(frozen=True)
class _Step:
    """One pass over the synapses. `drives`: the scratch arrays that it is the first to write."""

    drives: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Product(_Step):
    """`target = keep*target + scale*mean(post (x) pre)`: one matrix product.

    target: an array. keep, scale: expressions in parameters, `updates` and numbers.
    post, pre: expressions in bare names of that unit's variables (`post` in broadcasts too), and in
    `scalars`; either may be "1".
    scalars: the parameters, and `updates`, that `post` and `pre` read; no variable of a unit that
    the equation reads is called as they are.
    """

    target: str
    keep: str = "1"
    scale: str = "1"
    post: str = "1"
    pre: str = "1"
    scalars: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Fused(_Step):
    """`target = keep*target + scale*mean(expression)`: a loop over synapses and batch elements.

    For what does not split into products. expression: in NAME_pre, NAME_post, broadcasts (bare),
    parameters, `updates`, and arrays, `target` among them (its old value). Draws no noise.
    """

    target: str
    keep: str = "1"
    scale: str = "1"
    expression: str


@dataclass(frozen=True, kw_only=True)
class Elementwise(_Step):
    """Statements per synapse, of nothing that varies over batch elements; the only place of noise.

    statements: `NAME = E` or `NAME += E`, in arrays, parameters and `updates`. A name that is no
    array is a temporary of these statements.
    """

    statements: tuple[Statement, ...]

    @property
    def code(self) -> str:
        """The statements as Brian2's abstract code, one on each line."""
        return "\n".join(statement.line for statement in self.statements)


@dataclass(frozen=True, kw_only=True)
class Traced(_Step):
    """Traces are set in every batch element, and then, if there is a target, `target = keep*target + mean(expression)`.

    statements: `NAME = E`, each of a trace; expressions as those of `Fused`, and with traces, each read as the statements
    before have left it. target: an array that is no trace; "" for none.
    once: of weights that several synapses share, what is added once and not for each synapse; then there is one statement
    or a target.
    """

    statements: tuple[Statement, ...] = ()
    target: str = ""
    keep: str = "0"
    expression: str = "0"
    once: str = "0"


@dataclass(frozen=True, kw_only=True)
class Gather(_Step):
    """`variable` of the post unit = sum over its synapses of array*signal.

    variable: bare name. array: of the synapse. signal: an expression in bare names of the pre unit.
    """

    variable: str
    array: str
    signal: str


#: What changes arrays of the synapses.
Update = Product | Fused | Elementwise | Traced
Step = Update | Gather


def drives(steps: Iterable[Step]) -> tuple[str, ...]:
    """Return names of the scratch arrays that `steps` need, in order of first use."""
    return tuple(dict.fromkeys(name for step in steps for name in step.drives))

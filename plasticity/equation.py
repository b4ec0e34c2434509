"""A rule's equation for the synapses of one projection."""

import ast
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from brian2.units.fundamentalunits import Dimension

from .names import ARRIVING, phase_of, split_side
from .noise import kinds_in
from .parse import Statement, names_in, rename, show
from .values import Values, dimension_of

__all__ = ["Direction", "Statement", "SynapticEquation"]

Direction = Literal["forward", "feedback"]
_NONE = Values()


@dataclass(frozen=True)
class SynapticEquation:
    """An equation by which the weights of one projection change, with the names that it reads.

    The equation is evaluated in the phase in which the projection is plastic. A projection whose equation has no statements
    keeps its weights.

    Parameters
    ----------
    rule : str
        The name of the rule.
    direction : {"forward", "feedback"}
        The kind of projection that it is for.
    statements : tuple of Statement
        The statements in order.
    parameters : Values
        The parameters that are read, with their values.
    state : Values
        The variables of each synapse that are read, with their initial values.
    broadcasts : tuple of str
        The broadcasts that are read.
    local : bool
        Whether the rule is local.
    transpose_of : str
        For a control, the array whose transpose the feedback weights are: ``"w"`` for the forward weights, or a state of
        the forward synapses. It is empty for a projection with weights of its own.
    traces : Values
        The variables of each synapse and batch element that are read, with their initial values.

    Notes
    -----
    Each right-hand side is evaluated in every batch element and averaged over the batch elements, and later statements
    read the average. Only a trace is not averaged: each batch element has its own, which later statements read. Noise
    (``rand()``, ``randn()``) belongs to the synapse: there is one draw for each synapse and statement, which the batch
    elements share as they share ``w``.
    """

    rule: str
    direction: Direction
    statements: tuple[Statement, ...] = ()
    parameters: Values = _NONE
    state: Values = _NONE
    broadcasts: tuple[str, ...] = ()
    local: bool = True
    transpose_of: str = ""
    traces: Values = _NONE

    def dimension(self, name: str) -> Dimension:
        """Return the dimension of a parameter, state or trace; weights and other names are plain numbers."""
        return dimension_of({**self.parameters, **self.state, **self.traces}.get(name, 0.0))

    def with_step(self, step: float) -> "SynapticEquation":
        """Return the equation for a time step in seconds, which its statements `dNAME/dt = E` need."""
        if not any(s.differential for s in self.statements):
            return self
        return replace(self, statements=tuple(s.with_step(step) for s in self.statements))

    @property
    def plastic(self) -> bool:
        """Whether the equation has any statement."""
        return bool(self.statements)

    @property
    def locals(self) -> tuple[str, ...]:
        """The names that exist only within one update: drives, and values that are computed from them."""
        return tuple(s.target for s in self.statements if s.target not in ("w", *self.state, *self.traces))

    @cached_property
    def reads_pre(self) -> frozenset[str]:
        """The bare names of the pre unit's variables that are read."""
        return self._reads("pre")

    @cached_property
    def reads_post(self) -> frozenset[str]:
        """The bare names of the post unit's variables that are read, without broadcasts."""
        return self._reads("post")

    @cached_property
    def reads_arriving(self) -> bool:
        """Whether it reads `arriving_pre`, the signal of the pre unit as the projection delivers it."""
        return any(f"{ARRIVING}_pre" in names_in(s.node()) for s in self.statements)

    @cached_property
    def phases(self) -> tuple[str, ...]:
        """The sorted names of the phases that it reads as `in_PHASE`."""
        own = {*self.parameters, *self.state, *self.traces, *self.broadcasts, *self.locals}
        names = set().union(*(names_in(s.node()) for s in self.statements)) - own
        return tuple(sorted(phase_of(name) for name in names if phase_of(name) and not split_side(name)))

    @cached_property
    def random(self) -> bool:
        """Whether the synapses draw noise of their own."""
        return any(kinds_in(statement.node()) for statement in self.statements)

    @property
    def plain_names(self) -> dict[str, str]:
        """The names of this equation in the plain Brian2 form: `rate` becomes `rate_syn`, and `loss` becomes `loss_post`.

        Brian2's `Synapses` refuses a variable that one of the units has too, such as `rate`, and takes
        a bare name that it does not know as a variable of the post unit.
        """
        own = {name: f"{name}_syn" for name in (*self.parameters, *self.state, *self.traces, *self.locals)}
        return own | {name: f"{name}_post" for name in self.broadcasts}

    def plain_statements(self, locals_too: tuple[str, ...] = ()) -> tuple[Statement, ...]:
        """Return the statements for Brian2's `Synapses` of one batch element, the oracle of every lowering.

        The circuit declares `w`, `updates`, and the state and the parameters by their `plain_names`; locals are temporaries.

        Parameters
        ----------
        locals_too : tuple of str
            The locals of other statements, which are renamed too.
        """
        names = self.plain_names | {name: f"{name}_syn" for name in locals_too}
        nodes = {name: ast.Name(plain) for name, plain in names.items()}
        return tuple(
            Statement(names.get(s.target, s.target), s.operator, show(rename(s.node(), nodes))) for s in self.statements
        )

    def plain_code(self, locals_too: tuple[str, ...] = ()) -> str:
        """Return `plain_statements` as Brian2's abstract code, in which `dw = E` reads `w += E`."""
        return "\n".join(s.line for s in self.plain_statements(locals_too))

    def __str__(self) -> str:
        if self.plastic:
            return "\n".join(map(str, self.statements))
        read = {"": "fixed", "w": "transpose of the forward weights, at all times"}
        return read.get(self.transpose_of, f"transpose of {self.transpose_of}, which the forward synapses keep")

    def __repr__(self) -> str:
        return f"<{self.rule}.{self.direction}: {'; '.join(str(self).splitlines())}>"

    def _reads(self, side: str) -> frozenset[str]:
        names = set().union(*(names_in(s.node()) for s in self.statements))
        sided = filter(None, map(split_side, names))
        return frozenset(bare for bare, of in sided if of == side and bare != ARRIVING)

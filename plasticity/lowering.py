"""Lowering of a rule's equation to matrix products.

Each statement is expanded into terms `scalar * synapse * f(post) * g(pre)`, of which the mean over
batch elements is `scalar * synapse * mean(f (x) g)`. Terms without a synapse factor accumulate straight
into the target, one product each. The others become drives, read by one pass over the synapses.
A statement that sets or reads a trace is one loop too, in which each batch element has its own trace.
A statement in which a factor mixes sides, such as `clip(x_pre*error_post, -1, 1)`, is fused: it is
one loop over synapses and batch elements, which evaluates the expression as it is written.
"""

import ast
from dataclasses import dataclass, field

from ..errors import RecircuitError
from .algebra import ONE, Signed, Term, Unsplittable, expand, fraction, total
from .equation import SynapticEquation
from .incoming import with_sums_named
from .joining import merged, traced_together, with_drives
from .names import CONSTANTS, DRIVE, in_phase, split_side
from .noise import noise_in
from .parse import Operator, Statement, names_in, rename, show
from .sharing import split_shared_terms
from .steps import Elementwise, Fused, Gather, Product, Step, Traced

__all__ = ["lower"]


def lower(equation: SynapticEquation, *, shared: bool = False, of: str = "") -> tuple[Step, ...]:
    """Return the steps that make one update; none for a projection with fixed weights.

    If weights are ``shared``, products and fused loops also add up over the synapses of a weight. Terms that read a unit are
    then separated from terms that read none, which count once (see `sharing.split_shared_terms`). ``of`` is the name of the
    projection, which is a part of the names of sums over the synapses of its units.
    """
    lowering = _Lowering(equation, shared, of)
    for statement in equation.statements:
        lowering.statement(statement)
    steps = merged(lowering.steps)
    return with_drives(steps if shared else traced_together(steps), equation)


@dataclass
class _Group:
    """Terms with the same `post (x) pre`, and the coefficients that multiply it."""

    post: ast.expr
    pre: ast.expr
    coefficients: Signed = field(default_factory=list)

    @property
    def coefficient(self) -> ast.expr:
        return total(self.coefficients)


class _Lowering:
    """The lowering of one equation, statement by statement."""

    def __init__(self, equation: SynapticEquation, shared: bool = False, of: str = "") -> None:
        self.equation = equation
        self.of = of
        self.sums = 0
        self.shared = shared
        self.scalars = {*equation.parameters, "updates", *CONSTANTS, *map(in_phase, equation.phases)}
        self.bare = {*equation.reads_pre, *equation.reads_post, *equation.broadcasts}
        self.inlined: dict[str, ast.expr] = {}
        self.steps: list[Step] = []
        self.scratch = 0

    def statement(self, statement: Statement) -> None:
        if statement.differential and statement.step is None:
            raise RecircuitError(f"`{statement}` needs a time step: lower equation.with_step(seconds) instead.")
        statement = self.gathered(statement)
        target, adds = statement.target, statement.operator == "+="
        node = rename(statement.node(), self.inlined)
        if target in self.equation.traces or names_in(node) & self.equation.traces.keys():
            self.traced(target, adds, node)
        elif not self.sides(node) and self.is_local(target):
            self.inlined[target] = node
        elif not self.sides(node) & {"pre", "post"}:
            self.elementwise(target, statement.operator, node)
        else:
            node, noise = self.without_noise(node)
            try:
                self.accumulate(target, adds, self.groups(node), noise)
            except Unsplittable:
                self.add(*noise)
                self.fused(target, adds, node)

    def gathered(self, statement: Statement) -> Statement:
        """Add the sums over synapses that a statement reads, and return the statement with their names."""
        statement, sums = with_sums_named(statement, self.of, self.sums)
        self.sums += len(sums)
        for each in sums:
            array = each.weight
            if array not in ("w", *self.equation.state):
                array = self.fresh()
                self.elementwise(array, "=", ast.parse(each.weight, mode="eval").body)
            self.add(Gather(variable=each.variable, array=array, signal=each.signal, side=each.side))
        return statement

    def traced(self, target: str, adds: bool, node: ast.expr) -> None:
        """Add a loop over batch elements, each with traces of its own; for shared weights, over their synapses too."""
        node, noise = self.without_noise(node)
        self.add(*noise)
        free, each = split_shared_terms(node, self.reads_unit) if self.shared else ([], node)
        if target not in self.equation.traces:
            step = Traced(target=target, keep="1" if adds else "0", expression=show(each), once=show(total(free)))
            return self.add(step)
        own: Signed = [(False, ast.Name(target))] if adds else []
        if not self.shared:
            return self.add(Traced(statements=(Statement(target, "=", show(total([*own, (False, each)]))),)))
        self.add(Traced(statements=(Statement(target, "=", show(each)),), once=show(total([*own, *free]))))

    def fused(self, target: str, adds: bool, node: ast.expr) -> None:
        """Add a loop over the expression; for shared weights, over the terms that read a unit."""
        free, varying = split_shared_terms(node, self.reads_unit) if self.shared else ([], node)
        if not free:
            return self.add(Fused(target=target, keep="1" if adds else "0", expression=show(node)))
        drive = self.fresh()
        self.add(Fused(target=drive, keep="0", expression=show(varying)))
        self.elementwise(target, "+=" if adds else "=", total([*free, (False, ast.Name(drive))]))

    def accumulate(self, target: str, adds: bool, groups: list[_Group], noise: list[Step]) -> None:
        """Add the drives, then the pass over synapses, then the products that go straight to the target."""
        keep: Signed = [(False, ONE)] if adds else []
        extra: Signed = []
        products: list[_Group] = []
        for group in groups:
            if self.is_column_free(group):
                kept, more = self.split_keep(group, target)
                keep, extra = keep + kept, extra + more
            elif self.sides(group.coefficient):
                extra.append((False, fraction((group.coefficient, self.drive(group)))))
            else:
                products.append(group)
        kept_by_product = show(total(keep))
        if extra:
            self.add(*noise)
            self.keep_and_add(target, keep, extra)
            kept_by_product = "1"
        for group in products:
            self.product(target, kept_by_product, show(group.coefficient), group)
            kept_by_product = "1"

    def keep_and_add(self, target: str, keep: Signed, extra: Signed) -> None:
        if show(total(keep)) == "1":
            return self.elementwise(target, "+=", total(extra))
        kept: Signed = [(False, fraction((ast.Name(target), total(keep))))] if keep else []
        self.elementwise(target, "=", total(kept + extra))

    def split_keep(self, group: _Group, target: str) -> tuple[Signed, Signed]:
        """Return coefficients that do not vary over batch elements: those that scale the target itself, and the others."""
        kept: Signed = []
        extra: Signed = []
        for minus, node in group.coefficients:
            (term,) = expand(node, lambda _: False)
            own = [f for f in term.up if isinstance(f, ast.Name) and f.id == target]
            others = tuple(f for f in term.up if f not in own)
            scale = fraction(others, term.down)
            if len(own) == 1 and not self.sides(scale):
                kept.append((minus != term.minus, scale))
            else:
                extra.append((minus, node))
        return kept, extra

    def groups(self, node: ast.expr) -> list[_Group]:
        """Return the terms of an expression, gathered by their `post (x) pre`.

        Raises
        ------
        Unsplittable
            If a factor mixes sides, or there are too many terms.
        """
        groups: dict[tuple[str, ...], _Group] = {}
        for term in expand(node, self.mixes):
            post, pre = (self.unit_factor(term, side) for side in ("post", "pre"))
            key = (*self.unordered(term, "post"), "(x)", *self.unordered(term, "pre"))
            group = groups.setdefault(key, _Group(post, pre))
            group.coefficients.append((term.minus, self.factor(term, set(), {"synapse"})))
        return list(groups.values())

    def mixes(self, part: ast.expr) -> bool:
        """Return whether a sum is to be multiplied out."""
        return len(self.sides(part)) > 1 or (self.shared and bool(split_shared_terms(part, self.reads_unit)[0]))

    def reads_unit(self, node: ast.expr) -> bool:
        return bool(self.sides(node) & {"pre", "post"})

    def factor(self, term: Term, *sides: set[str]) -> ast.expr:
        """Return the factors of a term that belong to one of `sides`."""
        up, down = ([f for f in part if self.sides(f) in sides] for part in (term.up, term.down))
        return fraction(up, down)

    def unit_factor(self, term: Term, side: str) -> ast.expr:
        """Return the factors of one unit, in bare names.

        Raises
        ------
        Unsplittable
            If a factor mixes sides, or a bare name would also be a scalar's.
        """
        if any(len(self.sides(f)) > 1 for f in term.up + term.down):
            raise Unsplittable
        node = self.factor(term, {side})
        if names_in(node) & self.scalars & self.bare:
            raise Unsplittable
        bare = {name: split_side(name) for name in names_in(node)}
        return rename(node, {name: ast.Name(sided[0]) for name, sided in bare.items() if sided})

    def unordered(self, term: Term, side: str) -> list[str]:
        """Return the factors of one unit in sorted order, so that the result does not depend on their order."""
        up = [show(f) for f in term.up if self.sides(f) == {side}]
        down = ["/" + show(f) for f in term.down if self.sides(f) == {side}]
        return sorted(up + down)

    def sides(self, node: ast.expr) -> set[str]:
        """Return what an expression depends on: "pre", "post" and "synapse"; an empty set if it is a scalar."""
        noise = {"synapse"} if noise_in(node) else set()
        return {self.side(name) for name in names_in(node)} - {"scalar"} | noise

    def side(self, name: str) -> str:
        """Return the side of one name; a broadcast counts with the post unit."""
        sided = split_side(name)
        if sided:
            return sided[1]
        if name in self.equation.broadcasts:
            return "post"
        return "scalar" if name in self.scalars else "synapse"

    def is_local(self, name: str) -> bool:
        return name != "w" and name not in self.equation.state and name not in self.equation.traces

    def is_column_free(self, group: _Group) -> bool:
        return (show(group.post), show(group.pre)) == ("1", "1")

    def without_noise(self, node: ast.expr) -> tuple[ast.expr, list[Step]]:
        """Return the expression with a name in place of its random number, and the step that draws this number."""
        calls = noise_in(node)
        if not calls:
            return node, []
        name, call = self.fresh(), show(calls[0])
        code = show(node).replace(call, name)
        return ast.parse(code, mode="eval").body, [Elementwise(statements=(Statement(name, "=", call),))]

    def drive(self, group: _Group) -> ast.expr:
        name = self.fresh()
        self.product(name, "0", "1", group)
        return ast.Name(name)

    def fresh(self) -> str:
        self.scratch += 1
        return f"{DRIVE}{self.scratch - 1}"

    def product(self, target: str, keep: str, scale: str, group: _Group) -> None:
        scalars = (names_in(group.post) | names_in(group.pre)) & self.scalars - CONSTANTS - self.bare
        post, pre = show(group.post), show(group.pre)
        self.add(Product(target=target, keep=keep, scale=scale, post=post, pre=pre, scalars=tuple(sorted(scalars))))

    def elementwise(self, target: str, operator: Operator, node: ast.expr) -> None:
        self.add(Elementwise(statements=(Statement(target, operator, show(node)),)))

    def add(self, *steps: Step) -> None:
        self.steps.extend(steps)

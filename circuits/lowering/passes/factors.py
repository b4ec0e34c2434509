"""A pass that stores each expression of one unit that a product, a loop or a signal reads in a variable, computed once.

If a rule makes a factor from a sum over synapses, the sum is known only within the update, and so the factor is computed
directly before the update. A stored variable stands for itself; every other expression gets a variable of its own, which all
readers of this expression share. Signals are computed before anything arrives in the step, and factors of updates after the
states have changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from brian2.utils.stringtools import get_identifiers, word_substitute

from ....plasticity import Statement
from ...description.network import Network
from ...description.populations.population import Population
from ...description.reads import read_by, stored_in, sums_of
from ..kernels import Broadcast, Elementwise, Term
from ..operations import EXPRESS, FACTOR, LEARN, Operation, Scratch


def factors(network: Network, operations: list[Operation]) -> list[Operation]:
    """Return the operations with every term stored; new operations before them compute the terms that were not stored."""
    sent, learned = Wanted(network, EXPRESS, "sent"), Wanted(network, FACTOR, "factor")
    late, known = Wanted(network, LEARN, "late"), set[str]()
    sums = {s for p in network.projections.values() for side in ("pre", "post") for s in sums_of(p, side)}

    def resolved(operation: Operation) -> list[Operation]:
        def stored(term: Term) -> Term:
            if operation.slot != LEARN:
                return sent.stored(term, operation.steps)
            return (late if get_identifiers(term.expression) & sums else learned).stored(term, operation.steps)

        kernel = operation.kernel.with_terms(stored)
        read = {term.key for term in kernel.terms()}
        before = [replace(o, learns=True) for o in late.operations() if o.name not in known]
        known.update(o.name for o in before)
        return [*before, replace(operation, kernel=kernel, reads=operation.reads | read)]

    # Variables are numbered in this order: first those of updates and signals, then those of broadcasts.
    order = sorted(range(len(operations)), key=lambda k: isinstance(operations[k].kernel, Broadcast))
    made = {k: resolved(operations[k]) for k in order}
    return [*sent.operations(), *learned.operations(), *(o for k in range(len(operations)) for o in made[k])]


@dataclass
class _Factor:
    """A term, the variable that keeps its value, and the steps in which it is needed."""

    term: Term
    kept: Scratch
    steps: set[int] = field(default_factory=set)


@dataclass
class Wanted:
    """The terms that one slot of the step needs, by population; ``kind`` is the kind of the variables that hold them."""

    network: Network
    slot: int
    kind: str
    found: dict[str, dict[tuple[object, ...], _Factor]] = field(default_factory=dict)

    def stored(self, term: Term, steps: Iterable[int]) -> Term:
        """Return the term with the variable that holds it in these steps."""
        if term.variable:
            return term
        population = self.network.populations[term.population]
        name = population.stored_name(term.expression.strip())
        if not term.scalars and self._of_each(population, name):
            return replace(term, variable=name)
        mine = self.found.setdefault(term.population, {})
        owner = term.of if term.scalars else ""
        term = replace(term, of=owner)
        when = tuple(steps) if self.slot == LEARN else ()  # it is computed before each update that reads it
        factor = mine.setdefault((term.expression, owner, when), _Factor(term, Scratch(self.kind, len(mine))))
        factor.steps |= set(steps)
        return replace(term, variable=factor.kept.variable)

    def _of_each(self, population: Population, name: str) -> bool:
        """Say whether a name is a stored variable that has a value for every unit and batch element."""
        stored = name.isidentifier() and stored_in(self.network, population, {name}) == {name}
        if not stored or name in population.single_parameters:
            return False
        return name not in population.neuron.shared or self.network.batch_size == 1

    def operations(self) -> list[Operation]:
        """Return one operation for each term."""
        return [self._operation(f) for wanted in self.found.values() for f in wanted.values()]

    def _operation(self, factor: _Factor) -> Operation:
        term, network, kept = factor.term, self.network, factor.kept
        population: Population = network.populations[term.population]
        rules = {s: f"{s}_of_rule" for s in term.scalars}  # a unit may have a variable of the same name
        text = word_substitute(term.expression, rules)
        scalars = tuple((rules[s], f"{term.of}.{s}") for s in sorted(term.scalars))
        return Operation(
            name=f"{kept.kind}_{population.name}_{kept.number}", owner=population.name, scratch=(kept,),
            slot=self.slot, steps=tuple(sorted(factor.steps)),
            kernel=Elementwise(population.name, (Statement(kept.variable, "=", text),), scalars),
            reads=read_by(network, population, text) | {key for _, key in scalars},
            writes=frozenset({f"{population.name}.{kept.variable}"}), work=population.size,
        )  # fmt: skip

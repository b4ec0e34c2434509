"""Expressions of one unit that a matrix product reads: each computed once into a variable of its population."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from brian2.utils.stringtools import word_substitute

from ..description.population import Population
from ..description.projection import Projection
from .assembly import Assembly
from .operations import Operation, Runner
from .populations import read_by, stored_in


@dataclass
class Factor:
    """An expression of a population's variables, where its value is kept, and when it is needed.

    ``scalars`` are parameters of a rule that it reads too, of the projection ``of``.
    """

    variable: str
    expression: str
    scalars: tuple[str, ...] = ()
    of: str = ""
    steps: set[int] = field(default_factory=set)


@dataclass
class Factors:
    """The expressions that one slot of the step needs, by population.

    A name of something that is stored stands for itself; all else gets a variable of its own, shared by all who
    ask for the same expression.
    """

    slot: int
    prefix: str
    wanted: dict[str, dict[tuple[str, str], Factor]] = field(default_factory=dict)

    def variable(
        self,
        population: Population,
        expression: str,
        steps: tuple[int, ...],
        *,
        scalars: tuple[str, ...] = (),
        of: str = "",
    ) -> str:
        """The stored variable that holds ``expression`` at these steps."""
        name = population.stored_name(expression.strip())
        if not scalars and name.isidentifier() and stored_in({name}, population) == {name}:
            return name
        mine = self.wanted.setdefault(population.name, {})
        owner = of if scalars else ""
        factor = mine.setdefault((expression, owner), Factor(f"{self.prefix}_{len(mine)}", expression, scalars, owner))
        factor.steps |= set(steps)
        return factor.variable

    def names(self, population: str) -> list[str]:
        """The variables that one population needs."""
        return [f.variable for f in self.wanted.get(population, {}).values()]

    def add_operations(self, assembly: Assembly, populations: dict[str, Population]) -> None:
        """One operation for all expressions of a population that are needed at the same steps."""
        for name, wanted in self.wanted.items():
            together: dict[tuple[str, tuple[int, ...]], list[Factor]] = {}
            for factor in wanted.values():
                together.setdefault((factor.of, tuple(sorted(factor.steps))), []).append(factor)
            for (_, steps), factors in together.items():
                assembly.add(self._operation(assembly, populations[name], factors, steps))

    def _operation(
        self, assembly: Assembly, population: Population, factors: list[Factor], steps: tuple[int, ...]
    ) -> Operation:
        first, name = factors[0], population.name
        scalars = sorted({s for f in factors for s in f.scalars})
        op = f"{self.prefix}_{name}_{'_'.join(f.variable.rsplit('_', 1)[1] for f in factors)}"
        rules = {s: f"{s}_of_rule" for s in scalars}  # a unit may have a variable of the same name, as it has a rate
        code = [(f.variable, word_substitute(f.expression, {s: rules[s] for s in f.scalars})) for f in factors]
        runner = Runner(
            op, assembly.groups[name], "stateupdate", "\n".join(f"{v} = {e}" for v, e in code),
            references={rules[s]: (assembly.groups[first.of], s, "0") for s in scalars},
        )  # fmt: skip
        reads = read_by(" + ".join(f"({e})" for _, e in code), population)
        return Operation(
            name=op, slot=self.slot, steps=steps, reads=reads | {f"{first.of}.{s}" for s in scalars},
            writes=frozenset(f"{name}.{f.variable}" for f in factors), runner=runner,
            work=population.size * len(factors),
        )  # fmt: skip


def sent_by(projection: Projection, assembly: Assembly, sent: Factors) -> str:
    """The variable of its pre population that a projection sends, as it was before the step."""
    steps = assembly.schedule.open_steps(projection.during, f"the projection {projection.name!r}")
    return sent.variable(projection.pre, projection.sends, steps)


def spread(broadcast: str, circuit: Any, assembly: Assembly, sent: Factors) -> str:
    """The variable of its source that a broadcast tells, as it was before the step."""
    source, during = circuit.broadcasts[broadcast]
    return sent.variable(source, "rate", assembly.schedule.open_steps(during, f"the broadcast {broadcast!r}"))

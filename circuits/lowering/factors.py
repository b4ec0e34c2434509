"""Expressions of one unit that a matrix product reads: each computed once into a variable of its population."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..operations import Operation, Runner
from ..population import Population
from .assembly import Assembly
from .populations import read_by, stored_in


@dataclass
class Factor:
    """An expression of a population's variables, where its value is kept, and when it is needed."""

    variable: str
    steps: set[int] = field(default_factory=set)


@dataclass
class Factors:
    """The expressions that one slot of the step needs, by population.

    A name of something that is stored stands for itself; all else gets a variable of its own, shared by all who
    ask for the same expression.
    """

    slot: int
    prefix: str
    wanted: dict[str, dict[str, Factor]] = field(default_factory=dict)

    def variable(self, population: Population, expression: str, steps: tuple[int, ...]) -> str:
        """The stored variable that holds ``expression`` at these steps."""
        name = population.stored_name(expression.strip())
        if name.isidentifier() and stored_in({name}, population) == {name}:
            return name
        mine = self.wanted.setdefault(population.name, {})
        factor = mine.setdefault(expression, Factor(f"{self.prefix}_{len(mine)}"))
        factor.steps |= set(steps)
        return factor.variable

    def names(self, population: str) -> dict[str, str]:
        """Expression -> variable, for one population."""
        return {e: f.variable for e, f in self.wanted.get(population, {}).items()}

    def add_operations(self, assembly: Assembly, populations: dict[str, Population]) -> None:
        """One operation for all expressions of a population that are needed at the same steps."""
        for name, wanted in self.wanted.items():
            population = populations[name]
            by_steps: dict[tuple[int, ...], list[tuple[str, Factor]]] = {}
            for expression, factor in wanted.items():
                by_steps.setdefault(tuple(sorted(factor.steps)), []).append((expression, factor))
            for steps, factors in by_steps.items():
                code = "\n".join(f"{f.variable} = {e}" for e, f in factors)
                op = f"{self.prefix}_{name}_{'_'.join(f.variable.rsplit('_', 1)[1] for _, f in factors)}"
                assembly.add(
                    Operation(
                        name=op, slot=self.slot, steps=steps,
                        reads=read_by(" + ".join(f"({e})" for e, _ in factors), population),
                        writes=frozenset(f"{name}.{f.variable}" for _, f in factors),
                        runner=Runner(op, assembly.groups[name], "stateupdate", code),
                        work=population.size * len(factors),
                    )  # fmt: skip
                )

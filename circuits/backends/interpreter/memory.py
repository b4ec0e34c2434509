"""The memory of a circuit while it is interpreted, and the values of the names in its expressions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...description.reads import definitions
from ...lowering.equations.evaluation import evaluate
from ...lowering.lowered import Lowered


class Memory:
    """All variables by key, as arrays in the shape that a user sees, such as (batch, units); and random numbers."""

    def __init__(self, lowered: Lowered, random: np.random.RandomState) -> None:
        network = lowered.network
        self.lowered, self.dt = lowered, float(network.dt)
        self.arrays = {k: np.zeros(v.shape, v.kind.dtype(network.dtype)) for k, v in lowered.variables.items()}
        self.definitions = {name: definitions(network, p) for name, p in network.populations.items()}
        self.random = random

    def draws(self, owner: str) -> dict[str, Callable[..., Any]]:
        """Return the functions that draw a random number for each unit of a population, or each weight of a
        projection.
        """
        network, random = self.lowered.network, self.random
        units = network.populations.get(owner)
        shape = network.projections[owner].shape if units is None else (network.batch_size, units.size)
        return {
            "rand": lambda: random.random_sample(shape),
            "randn": lambda: random.standard_normal(shape),
            "poisson": lambda mean: random.poisson(mean, shape),
        }


class Names(dict[str, Any]):
    """The values of names: first those that were put in, then the present values of an owner's variables."""

    def __init__(self, memory: Memory, owner: str) -> None:
        super().__init__()
        self.memory, self.owner = memory, owner

    def __missing__(self, name: str) -> Any:
        memory = self.memory
        if f"{self.owner}.{name}" in memory.arrays:
            return memory.arrays[f"{self.owner}.{name}"]
        if name in memory.definitions.get(self.owner, {}):
            return self.value(memory.definitions[self.owner][name])
        return {"t": memory.arrays["clock.t"], "dt": memory.dt}[name]

    def value(self, expression: str) -> Any:
        """Return the value of an expression."""
        return evaluate(expression, self, self.memory.draws(self.owner))

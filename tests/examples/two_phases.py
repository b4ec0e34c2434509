"""A network that settles twice, in NumPy: what the loops of contrastive Hebbian learning and of GeneRec share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def logistic(field: Array) -> Array:
    """Return the logistic function of a field."""
    return 1 / (1 + np.exp(-field))


@dataclass
class Settling:
    """One hidden layer: W up, G down, biases, and the rates that the presentation before has left."""

    up: list[Array]
    down: Array
    biases: list[Array]
    h: Array
    o: Array

    def settle(self, shown: Array, strength: float, held: Array | None = None) -> None:
        """Take twenty steps of half of the way, all units at once; the outputs follow `held`, if there is one."""
        for _ in range(20):
            to_h = logistic(shown @ self.up[0].T + self.biases[0] + strength * self.o @ self.down.T)
            to_o = logistic(self.h @ self.up[1].T + self.biases[1]) if held is None else held
            self.h, self.o = self.h + 0.5 * (to_h - self.h), self.o + 0.5 * (to_o - self.o)

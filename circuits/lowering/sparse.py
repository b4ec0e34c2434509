"""Which matrices have so few weights that their products go from synapse to synapse, on the processor.

Measured by ``python -m benchmarks sparse``: where more exist, or in few columns, the matrix as a whole is faster.
"""

from __future__ import annotations

from ...plasticity.steps import Product
from ..description.projection import Projection
from .assembly import steps_of, weights_owner


def sparse(projection: Projection, columns: int) -> bool:
    """Whether at most a fifth of the weights exist; fewer in fewer than 100 columns."""
    structure = weights_owner(projection).structure
    return structure.kind == "dense" and structure.density <= min(0.2, 0.1 + columns / 1000)


def masked(projection: Projection, columns: int) -> bool:
    """Whether a rule's products leave alone what does not exist, and nothing else changes the weights."""
    return sparse(projection, columns) and all(isinstance(step, Product) for step in steps_of(projection))

"""A pass that computes products with few weights synapse by synapse, on the processor.

With more weights, or with few batch elements, the matrix as a whole is faster (``python -m benchmarks sparse``).
"""

from __future__ import annotations

from dataclasses import replace

from ...connectivity import Connectivity
from ...description.network import Network
from ..kernels import Mask, Product, Propagate
from ..operations import Operation
from ..variables import split_key


def few_enough(connectivity: Connectivity, batch_size: int) -> bool:
    """Return whether at most a fifth of the weights exist, or fewer if there are fewer than 100 batch elements."""
    return connectivity.kind == "dense" and connectivity.density <= min(0.2, 0.1 + batch_size / 1000)


def sparse(network: Network, operations: list[Operation]) -> list[Operation]:
    """Return the operations, in which sparse products and masks that nothing changes are marked."""
    touched = {
        o.owner for o in operations if o.learns and not isinstance(o.kernel, Product | Mask) and _writes_weights(o)
    }
    return [_marked(o, network, touched) for o in operations]


def _marked(operation: Operation, network: Network, touched: set[str]) -> Operation:
    kernel = operation.kernel
    if isinstance(kernel, Propagate | Product) and few_enough(kernel.connectivity, network.batch_size):
        return replace(operation, kernel=replace(kernel, sparse=True))
    if isinstance(kernel, Mask) and operation.owner not in touched:
        here = network.projections[operation.owner].connectivity
        return replace(operation, kernel=replace(kernel, kept=few_enough(here, network.batch_size)))
    return operation


def _writes_weights(operation: Operation) -> bool:
    return any(split_key(key)[1] != "updates" for key in operation.writes)

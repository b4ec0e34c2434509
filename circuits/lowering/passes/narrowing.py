"""A pass that reduces an operation with several state equations to those whose values are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ...description.network import Network
from ..equations.state_equations import written
from ..kernels import StateUpdate
from ..lowered import Lowered
from ..operations import Operation
from ..states import state_update
from .naming import named

#: A function that returns, for an operation and the wanted variables, the operation that is to run.
Narrow = Callable[[Operation, frozenset[str]], Operation]


def narrow(network: Network, operation: Operation, wanted: frozenset[str], taken: set[str]) -> Operation:
    """Return the operation with only the equations that write wanted variables; ``taken`` holds the names of others."""
    kernel = operation.kernel
    if not isinstance(kernel, StateUpdate) or len(kernel.equations) < 2:
        return operation
    population = network.populations[operation.owner]
    fewer = tuple(e for e in kernel.equations if f"{operation.owner}.{written(network, e)}" in wanted)
    suffix = f"{kernel.suffix}_of_{len(kernel.equations)}"
    return named(state_update(network, population, fewer, operation.steps, suffix), taken)


def among(lowered: Lowered) -> Narrow:
    """Return the function that narrows to the smallest operation that already exists in the intermediate form."""

    def choose(operation: Operation, wanted: frozenset[str]) -> Operation:
        enough = [o for o in lowered.alternatives.get(operation.name, ()) if wanted <= o.writes]
        return min(enough, key=lambda o: len(o.writes), default=operation)

    return choose


def with_alternatives(lowered: Lowered, walk: Callable[[Narrow], None]) -> Lowered:
    """Return the intermediate form with all narrower operations that a walk over its timetables needs."""
    found: dict[str, dict[frozenset[str], Operation]] = {}
    taken = {operation.name for operation in lowered.operations}

    def make(operation: Operation, wanted: frozenset[str]) -> Operation:
        known = found.setdefault(operation.name, {})
        if wanted not in known:
            known[wanted] = narrow(lowered.network, operation, wanted, taken)
        return known[wanted]

    walk(make)
    return replace(lowered, alternatives={name: tuple(known.values()) for name, known in found.items()})

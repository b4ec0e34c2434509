"""Operations for signals that rules read: the last signal that a projection has delivered, kept in its pre population."""

from __future__ import annotations

from ...plasticity import Statement
from ...plasticity.names import ARRIVING
from ..description.network import Network
from ..description.projections.arriving import arriving_in
from ..description.projections.projection import Projection
from ..description.reads import read_by
from ..description.schedules.open_phases import projection_steps
from .delays.lines import signal_of
from .kernels import Elementwise
from .operations import EXPRESS, PROPAGATE, Operation

__all__ = ["arrivals"]


def arrivals(network: Network) -> list[Operation]:
    """Return operations that keep the last signal of each projection whose rule reads `arriving_pre`, while it is open."""
    every = [(p, steps) for p in network.projections.values() for steps in arriving_in(p)]
    return [_arrival(network, projection, steps) for projection, steps in every]


def _arrival(network: Network, projection: Projection, delay: int) -> Operation:
    """Return the operation that keeps a signal: a delayed one after its line has moved, any other before signals arrive."""
    signal, pre, variable = signal_of(network, projection, delay), projection.pre, arriving_in(projection)[delay]
    text = signal.variable or signal.expression
    reads = {signal.key} if signal.variable else read_by(network, pre, text)
    steps = projection_steps(network.phased(), projection)
    return Operation(
        name=variable.replace(ARRIVING, "arrive", 1), owner=pre.name, steps=steps,
        slot=PROPAGATE if signal.variable else EXPRESS,
        kernel=Elementwise(pre.name, (Statement(variable, "=", text),)), reads=frozenset(reads),
        writes=frozenset({f"{pre.name}.{variable}"}), work=pre.size,
    )  # fmt: skip

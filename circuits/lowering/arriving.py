"""Signals that rules read: what a projection has brought in last, kept in its pre population."""

from __future__ import annotations

from ...plasticity import Statement
from ..description.network import Network
from ..description.projection import Projection
from ..description.reads import arriving_in, read_by
from .delays import signal_of
from .kernels import Elementwise
from .operations import EXPRESS, PROPAGATE, Operation

__all__ = ["arrivals"]


def arrivals(network: Network) -> list[Operation]:
    """Return operations that store the arriving signal, for each projection whose rule reads `arriving_pre`."""
    return [_arrival(network, p) for p in network.projections.values() if arriving_in(p)]


def _arrival(network: Network, projection: Projection) -> Operation:
    """A delayed signal is taken when its line has moved on, any other before something arrives in the step."""
    signal, pre, variable = signal_of(network, projection), projection.pre, arriving_in(projection)
    text = signal.variable or signal.expression
    reads = {signal.key} if signal.variable else read_by(network, pre, text)
    steps = network.phased().open_steps(projection.during, f"the projection {projection.name!r}")
    return Operation(
        name=f"arrive_{projection.name}", owner=pre.name, slot=PROPAGATE if signal.variable else EXPRESS, steps=steps,
        kernel=Elementwise(pre.name, (Statement(variable, "=", text),)), reads=frozenset(reads),
        writes=frozenset({f"{pre.name}.{variable}"}), work=pre.size,
    )  # fmt: skip

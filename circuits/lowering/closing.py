"""Operations for closed pathways: some are set to zero; those that hold their value need no operation."""

from __future__ import annotations

from collections.abc import Sequence

from ...plasticity import Statement
from ..description.network import Network
from ..description.projections.arriving import arriving_in
from ..description.reads import broadcasts_into
from ..description.schedules.modes import begins_of
from ..description.schedules.open_phases import broadcast_steps, projection_steps, stimulus_steps
from ..description.schedules.schedule import Schedule
from .kernels import Elementwise
from .operations import CLAMP, PROPAGATE, Operation
from .variables import split_key

__all__ = ["closings", "openings"]


def openings(steps: Sequence[int], closed: str, schedule: Schedule) -> tuple[int, ...]:
    """Return the steps in which a stimulus is set: the first of each mode, and those in which it opens after zero."""
    opened, begins = set(steps), begins_of(schedule)
    firsts = {next((s for s in steps if s >= begin), None) for begin in begins}
    return tuple(s for s in steps if s in firsts or (closed == "zero" and s - 1 not in opened))


def closings(network: Network) -> list[Operation]:
    """Return an operation for each pathway that is zero while it is closed, in the steps in which it is closed."""
    schedule, made = network.phased(), []
    for population in network.populations.values():
        if (clamp := population.clamp) is not None and clamp.closed == "zero":
            opened = stimulus_steps(schedule, population)
            made += _zero_operations(
                network, f"close_{population.name}", f"{population.name}.{clamp.variable}", opened, CLAMP
            )
    for projection in network.projections.values():
        if projection.closed == "zero":
            opened = projection_steps(schedule, projection)
            field = f"{projection.post.name}.{projection.field}"
            made += _zero_operations(network, f"close_{projection.name}", field, opened, PROPAGATE)
            for signal in arriving_in(projection).values():
                close, kept = f"close_{signal}", f"{projection.pre.name}.{signal}"
                made += _zero_operations(network, close, kept, opened, PROPAGATE)
    for name, sent in network.broadcasts.items():
        if sent.closed == "zero":
            opened = broadcast_steps(schedule, name, sent)
            for population in network.populations.values():
                if name in broadcasts_into(network, population):
                    close = f"close_{name}_in_{population.name}"
                    made += _zero_operations(network, close, f"{population.name}.{name}", opened, PROPAGATE)
    return made


def _zero_operations(network: Network, name: str, key: str, opened: Sequence[int], slot: int) -> list[Operation]:
    owner, variable = split_key(key)
    closed = tuple(sorted(set(range(network.phased().steps)) - set(opened)))
    if not closed:
        return []
    kernel = Elementwise(owner, (Statement(variable, "=", "0.0"),))
    return [
        Operation(
            name=name, owner=owner, slot=slot, steps=closed, kernel=kernel, reads=frozenset(), writes=frozenset({key})
        )
    ]

"""Operations for closed pathways: some are set to zero; those that hold their value need no operation."""

from __future__ import annotations

from collections.abc import Sequence

from ...plasticity import Statement
from ..description.network import Network
from ..description.projections.arriving import arriving_in
from ..description.reads import broadcasts_into
from ..description.schedules.modes import begins_of, modes_of
from ..description.schedules.open_phases import broadcast_steps, evaluated_steps, projection_steps, stimulus_steps
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
        if (clamp := population.clamp) is None:
            continue
        key, opened = f"{population.name}.{clamp.variable}", stimulus_steps(schedule, population)
        if clamp.closed == "zero":
            made += _zero_operations(network, f"close_{population.name}", key, opened, CLAMP)
        if clamp.supervises:
            made += _silences(schedule, f"silence_{population.name}", key, opened)
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
    closed = tuple(sorted(set(range(network.phased().steps)) - set(opened)))
    if not closed:
        return []
    return [_zero(name, key, slot, closed)]


def _silences(schedule: Schedule, name: str, key: str, opened: Sequence[int]) -> list[Operation]:
    """Return the operation by which a supervisor shows zeros in the evaluations of modes that would show its labels."""
    steps: list[int] = []
    for mode, begin in modes_of(schedule):
        evaluated = [begin + step for step in evaluated_steps(mode)]
        steps += evaluated if set(evaluated) & set(opened) else []
    return [_zero(name, key, CLAMP, tuple(steps), silences=True)] if steps else []


def _zero(name: str, key: str, slot: int, steps: tuple[int, ...], *, silences: bool = False) -> Operation:
    owner, variable = split_key(key)
    kernel, writes = Elementwise(owner, (Statement(variable, "=", "0.0"),)), frozenset({key})
    return Operation(name, owner, slot, steps, kernel, reads=frozenset(), writes=writes, silences=silences)

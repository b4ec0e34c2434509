"""Circuits that are made worse, whatever they are: noisy units, slow axons, coarse weights, and phases of irregular length.

    noise    every unit that is neither shown nor constant receives white noise, in each step and by itself
    grid     weights that learn have values on a grid alone, and are rounded to it by chance
    delay    every signal between two populations arrives some steps later; phases become longer, so that signals can arrive
    jitter   each presentation goes through phases that are longer or shorter by chance

A circuit is changed in place, before it is run for the first time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...circuits import Circuit, Neuron, OneToOne
from ...circuits.description.schedules.schedule import Schedule
from ...errors import UsageError
from ...plasticity.modifiers import rounding
from ...plasticity.values import Values

__all__ = ["JITTERED", "Impairment", "impair"]

#: The modes with phases of irregular length are called by this name and a number.
JITTERED, IRREGULAR = "jittered_", 8


@dataclass(frozen=True)
class Impairment:
    """What is worse than it should be. The defaults leave a circuit as it is.

    Parameters
    ----------
    noise : float
        The standard deviation of what arrives at each unit in each step, besides its signals.
    grid : float
        The distance of two values that a weight can have; 0: any value.
    delay : int
        How many steps later a signal arrives.
    jitter : float
        The standard deviation of the length of a part of a presentation, relative to its length.
    """

    noise: float = 0.0
    grid: float = 0.0
    delay: int = 0
    jitter: float = 0.0

    def __post_init__(self) -> None:
        if min(self.noise, self.grid, self.delay, self.jitter) < 0:
            raise UsageError(f"Impairment: no value is negative; got {self}.")


def impair(net: Circuit, by: Impairment) -> None:
    """Change a circuit that has not been run yet.

    Parameters
    ----------
    net : Circuit
        A circuit with phases.
    by : Impairment
        What is to be worse.

    Raises
    ------
    UsageError
        If the circuit has no phases.
    """
    if net.schedule is None:
        raise UsageError("impair: expected a circuit with phases.")
    if by.grid:
        _round(net, by.grid)
    if by.delay:
        _delay(net, by.delay)
    if by.noise:
        _add_noise(net, by.noise)
    if by.jitter:
        random = np.random.default_rng([net.seed, 31])
        for k in range(IRREGULAR):
            _with_phases(net, f"{JITTERED}{k}", net.schedule, lambda n: max(1, round(n * random.normal(1, by.jitter))))


def _round(net: Circuit, grid: float) -> None:
    change = rounding(grid)
    for p in net.projections.values():
        if p.plastic and (e := p.equation) is not None:
            statements = change.change(e.statements, p.name)
            p.change(
                equation=replace(e, statements=statements, parameters=Values({**e.parameters, **change.parameters}))
            )


def _delay(net: Circuit, steps: int) -> None:
    """Delay all signals but those of constants, which are the same at all times."""
    for p in net.projections.values():
        if f"{p.pre.name}.rate" not in net.constants:
            p.change(delay=p.delay + steps)
    for mode, schedule in list(net.modes.items()):
        _with_phases(net, mode, schedule, lambda n: n * (1 + steps))


def _add_noise(net: Circuit, sd: float) -> None:
    phases = " and ".join(dict.fromkeys(name for schedule in net.modes.values() for name in schedule.windows))
    received = {p.post.name: p.into for p in reversed(net.projections.values())}
    for name, into in received.items():
        post = net.populations[name]
        noise = net.population(f"noise_of_{name}", post.size, Neuron(f"rate = sd*randn() : 1 (during {phases})", sd=sd))
        net.connect(noise, post, into=into, weights=1.0, connectivity=OneToOne(), during=phases)


def _with_phases(net: Circuit, mode: str, schedule: Schedule, length: Callable[[int], int]) -> None:
    """Add or replace a mode, whose parts between two edges of phases have other lengths.

    A phase of one step in which weights change stays one step, so that they do not change more often.
    """
    learning = {phase for p in net.projections.values() if p.plastic for phase in p.learns.phases}
    single = {a for name, (a, b) in schedule.windows.items() if name in learning and b - a == 1}
    edges = sorted({0, *(edge for window in schedule.windows.values() for edge in window)})
    place, at = {0: 0}, 0
    for begin, end in zip(edges, edges[1:], strict=False):
        at += 1 if begin in single and end - begin == 1 else length(end - begin)
        place[end] = at
    windows: dict[str, Any] = {
        name: (place[a] * net.dt, place[b] * net.dt) for name, (a, b) in schedule.windows.items()
    }
    net.phases(mode=mode, evaluation=list(schedule.evaluation) or None, **windows)

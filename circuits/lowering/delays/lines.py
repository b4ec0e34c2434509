"""Delay lines, which keep delayed signals, as operations and variables."""

from __future__ import annotations

from typing import Any

from ...description.network import Network
from ...description.populations.population import Population
from ...description.projections.delays import (
    DelayLine,
    delay_line,
    delay_lines,
    sent_by,
    synapse_delays,
    synapse_tables,
)
from ...description.projections.projection import Projection
from ..kernels import Propagate, Term
from ..operations import EXPRESS, Operation
from ..variables import Kind, Scope, Variable
from .kernels import Delay, DelayedPropagate
from .products import pair_tables, pair_variables, pairs_of

__all__ = [
    "delay_variables",
    "delayed",
    "move",
    "moves",
    "signal_of",
    "table_constants",
    "table_variables",
    "tap_names",
]


def move(network: Network, line: DelayLine, signal: Term) -> Operation:
    """Return an operation that moves a delay line on by a step, whether it is read in this step or not."""
    name = line.population.name
    keys = [f"{name}.{variable}" for variable in (line.name, *(tap for _, tap in line.taps))]
    return Operation(
        name=f"delay_{name}_{line.number}", owner=name, slot=EXPRESS,
        steps=tuple(range(network.phased().steps)), reads=frozenset({keys[0], "clock.timestep"}), writes=frozenset(keys),
        kernel=Delay(name, signal, keys[0], line.length, tuple((s, f"{name}.{tap}") for s, tap in line.taps)), always=True,
    )  # fmt: skip


def moves(network: Network) -> list[Operation]:
    """Return an operation for each delay line."""
    return [move(network, line, Term(line.population.name, line.sends)) for line in delay_lines(network)]


def signal_of(network: Network, projection: Projection, delay: int | None = None) -> Term:
    """Return the signal that a projection delivers: that of its pre units, now or some steps ago.

    If synapses have delays of their own, ``delay`` is the number of steps; without it, the signal is the present one.
    """
    line, steps = delay_line(network, projection), projection.delay if delay is None else delay
    if line is None or not isinstance(steps, int) or not steps:
        return Term(projection.pre.name, sent_by(projection))
    tap = line.tap(steps)
    return Term(projection.pre.name, tap, variable=tap)


def delayed(projection: Projection, line: DelayLine, kernel: Propagate) -> DelayedPropagate:
    """Return a kernel for synapses with delays of their own."""
    return DelayedPropagate(
        projection.name, kernel.n_pre, kernel.n_post, f"{projection.pre.name}.{line.name}", line.length, kernel.field,
        kernel.weights,
    )  # fmt: skip


def tap_names(network: Network, population: Population) -> list[str]:
    """Return the variables of a population that hold signals from some steps ago."""
    return [tap for line in delay_lines(network) if line.population is population for _, tap in line.taps]


def delay_variables(network: Network, population: Population) -> list[Variable]:
    """Return the variables of the delay lines of a population."""
    return [
        Variable(population.name, line.name, (line.length, network.batch_size, population.size), Scope.DELAY)
        for line in delay_lines(network)
        if line.population is population
    ]


def table_variables(network: Network, projection: Projection) -> list[Variable]:
    """Return the variables of the tables that hold the delay of each synapse."""
    if synapse_delays(projection) is None:
        return []
    if (pairs := pairs_of(network, projection)) is not None:
        return pair_variables(network, projection, pairs)
    sizes = {"delay_start": projection.post.size + 1}
    sizes |= dict.fromkeys(("delay_pre", "delay_weight", "delay_steps"), projection.synapses)
    return [Variable(projection.name, table, (size,), Scope.TABLE, Kind.WHOLE) for table, size in sizes.items()]


def table_constants(network: Network, projection: Projection) -> dict[str, Any]:
    """Return the contents of these tables."""
    pairs = pairs_of(network, projection)
    tables = synapse_tables(projection) if pairs is None else pair_tables(pairs)
    return {f"{projection.name}.{table}": values for table, values in tables.items()}

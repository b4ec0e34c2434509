"""The size of a circuit: units, synapses, parameters, memory, and the operations of a presentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from ...tables import aligned, html_table
from ..description.network import Network
from ..description.projections.projection import Projection, Transposed
from ..lowering.lowered import Lowered
from ..lowering.memory import Need
from ..lowering.timetable import Timetable

__all__ = ["Summary"]

POPULATION = ("population", "units", "variables of a unit", "memory")
PROJECTION = ("projection", "from and to", "connectivity", "synapses", "parameters", "rule", "memory")


@dataclass(frozen=True)
class Summary:
    """The size of a circuit, which `Circuit.summary` returns. It is printed, and shown in Jupyter, as tables.

    Parameters
    ----------
    populations : sequence of tuple
        For each population, its name, number of units, variables and memory.
    projections : sequence of tuple
        For each projection, its name, populations, connectivity, numbers of synapses and parameters, rule and memory.
    units : int
        The number of units of all populations.
    synapses : int
        The number of synapses that exist.
    parameters, learned : int
        The number of weights, and of weights that a rule changes. Synapses that share a weight count as one parameter.
    memory : int
        The bytes of all variables, without the data.
    operations : mapping of str to int
        The multiplications of a presentation and batch element, for each purpose: ``"train"`` and ``"evaluate"``.
    head : str
        The line above the tables, with the batch size, the time step and the type of numbers.
    """

    populations: Sequence[tuple[str, ...]]
    projections: Sequence[tuple[str, ...]]
    units: int
    synapses: int
    parameters: int
    learned: int
    memory: int
    operations: Mapping[str, int]
    head: str

    @classmethod
    def of(cls, network: Network, lowered: Lowered, tables: Mapping[str, Timetable]) -> Summary:
        """Return the summary of a circuit."""
        need = Need.of(network, lowered.variables.values())
        populations = network.populations.values()
        numbers = {name: k for k, name in enumerate(network.projections)}
        projections = {
            name: _Counted(p, numbers[p.owner.name], network.seed) for name, p in network.projections.items()
        }
        return cls(
            populations=[
                (p.name, f"{p.size:,}", ", ".join(p.neuron.stored) or "none", in_bytes(need.parts.get(p.name, 0)))
                for p in populations
            ],
            projections=[(*c.row(), in_bytes(need.parts.get(name, 0))) for name, c in projections.items()],
            units=sum(p.size for p in populations),
            synapses=sum(c.synapses for c in projections.values()),
            parameters=sum(c.parameters for c in projections.values()),
            learned=sum(c.parameters for c in projections.values() if c.projection.plastic),
            memory=need.total,
            operations={purpose: table.work() for purpose, table in tables.items()},
            head=f"Circuit: batch size {network.batch_size}, dt = {network.dt}, {network.dtype}",
        )

    def totals(self) -> list[str]:
        """Return the sums as lines of text."""
        return [
            f"{self.units:,} units, {self.synapses:,} synapses, {self.parameters:,} parameters "
            f"({self.learned:,} of them learn)",
            f"{in_bytes(self.memory)} of memory, without the data",
            f"{self.operations['train']:,} multiplications in a presentation of training, and "
            f"{self.operations['evaluate']:,} in one of an evaluation, for each batch element",
        ]

    def __str__(self) -> str:
        tables = [_text_table(POPULATION, self.populations), _text_table(PROJECTION, self.projections)]
        return "\n\n".join([self.head, *tables, "\n".join(self.totals())])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        tables = html_table(POPULATION, self.populations) + html_table(PROJECTION, self.projections)
        return f"<p>{self.head}</p>{tables}<p>{'<br>'.join(self.totals())}</p>"


class _Counted:
    """A projection with the numbers of its synapses and parameters; ``index`` is that of the projection with the weights."""

    def __init__(self, projection: Projection, index: int, seed: int) -> None:
        self.projection = projection
        connectivity = projection.connectivity
        self.synapses, weights = projection.synapses, prod(projection.shape)
        if connectivity.masked:
            mask = projection.mask(np.random.default_rng([seed, index]))
            weights = weights if mask is None else int(np.count_nonzero(mask))
            self.synapses = self.synapses if connectivity.shared else weights
        own = connectivity.learns and not isinstance(projection.weights, Transposed)
        self.parameters = weights if own else 0
        if isinstance(projection.weights, Transposed) and projection.weights.local:
            self.synapses = 0  # they are those of the other projection, which transmit a second time

    def row(self) -> tuple[str, ...]:
        """Return the row of the table for this projection, without the memory."""
        p = self.projection
        rule = str(p.weights) if isinstance(p.weights, Transposed) else p.learned_by
        return (
            p.name, f"{p.pre.name}.{p.sends} → {p.post.name}.{p.into}", f"{type(p.connectivity).__name__} {tuple(p.shape)}",
            f"{self.synapses:,}", f"{self.parameters:,}", rule,
        )  # fmt: skip


def in_bytes(count: float) -> str:
    """Return a number of bytes as text in a suitable unit."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024 or unit == "GiB":
            break
        count /= 1024
    return f"{count:.3g} {unit}" if count < 1000 else f"{count:.0f} {unit}"


def _text_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = aligned(head, rows)
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])

"""How much device memory a circuit needs, and what to make smaller where it has not enough."""

from __future__ import annotations

from dataclasses import dataclass

from ...lowering.lowered import Lowered
from .gpu import Gpu
from .requirements import RESERVED


@dataclass(frozen=True)
class Need:
    """The bytes that the synapses of each projection need, and that all units of one batch element need."""

    synapses: dict[str, int]
    column: int
    batch_size: int

    @classmethod
    def of(cls, lowered: Lowered) -> Need:
        """Return what a circuit needs, without its data."""
        synapses: dict[str, int] = {}
        units = 0
        network = lowered.network
        for variable in lowered.variables.values():
            size = variable.size * variable.kind.dtype(network.dtype).itemsize
            if variable.by_element:
                units += size
            else:
                synapses[variable.owner] = synapses.get(variable.owner, 0) + size
        return cls(synapses, units // network.batch_size, network.batch_size)

    @property
    def total(self) -> int:
        """All of it."""
        return sum(self.synapses.values()) + self.column * self.batch_size

    def too_much(self, gpu: Gpu) -> str:
        """Return what does not fit into the GPU and what to reduce; empty if all does."""
        there = gpu.memory - RESERVED
        if self.total <= there:
            return ""
        weights = sum(self.synapses.values())
        said = (
            f"the circuit needs {_gigabytes(self.total)} of device memory ({_gigabytes(weights)} for synapses and "
            f"{_gigabytes(self.column * self.batch_size)} for the units of {self.batch_size} batch elements), and "
            f"{gpu.name} has {_gigabytes(there)} to give"
        )
        fitting = (there - weights) // self.column
        if fitting >= 1:
            return f"{said}. Reduce batch_size to {fitting}, or the layers"
        largest = max(self.synapses, key=lambda name: self.synapses[name])
        return (
            f"{said}. Its synapses alone are too many: reduce the layers, first those of {largest!r} "
            f"({_gigabytes(self.synapses[largest])})"
        )


def _gigabytes(size: int) -> str:
    return f"{size / 2**30:.2f} GB"

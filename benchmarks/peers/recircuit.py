"""recircuit itself: the circuit of benchmarks/circuit.py on one backend (`cpp`, `cuda`, `numpy`), timed from outside."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.circuit import reference_circuit, set_initial, weight_names
from benchmarks.peers.circuit_peer import CircuitPeer, serve_circuits
from benchmarks.processor_time import children
from recircuit.circuits import Circuit


class RecircuitPeer(CircuitPeer):
    """The reference workload as a circuit."""

    def circuit(self) -> Circuit:
        return reference_circuit(self.settings, self.mode)

    def data(self) -> Mapping[str, Any]:
        return {"x": self.problem.x, "s": self.problem.s}

    def reset(self) -> None:
        set_initial(self.net, self.problem)

    def weights(self) -> list[np.ndarray]:
        return [self.net[name] for name in weight_names(self.net)]

    def profile(self, presentations: int) -> dict[str, Any]:
        """Return seconds by operation, of a run of so many presentations, and of the whole run as the clock saw it."""
        whole = self.timed(presentations)
        lines = self.program.profile(self.table, self.inputs.order(presentations, self.settings.batch_size))
        seconds: dict[str, float] = {}
        for line, took in lines:
            name = line.removeprefix("run ")
            seconds[name] = seconds.get(name, 0.0) + took
        return {"presentations": presentations, "seconds": whole, "operations": seconds}

    def memory(self) -> dict[str, int]:
        """Return bytes: what the circuit stores, its data, the most that the worker has ever held, and what it holds on
        a GPU.
        """
        stored = sum(self.program.dtype(k).itemsize * v.size for k, v in self.program.variables.items())
        data = sum(rows.values.nbytes for rows in self.inputs.rows.values())
        device = self.program.memory() if self.backend == "cuda" else 0
        return {"stored": stored, "data": data, "peak": max(map(peak_memory, children()), default=0), "device": device}

    def multiplications(self) -> int:
        """Return the multiplications of one presentation and batch element."""
        return self.table.work()

    def close(self) -> None:
        """End the worker."""
        self.net.close()


def peak_memory(pid: int) -> int:
    """Return the most memory that a process has held, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


if __name__ == "__main__":
    serve_circuits(RecircuitPeer)

"""recircuit as a peer: a circuit on one backend (`cpp`, `cuda`, `numpy`), timed from outside."""

from __future__ import annotations

import sys
from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.peers.server import Peer, serve
from recircuit.circuits import Circuit
from recircuit.circuits.inputs import as_inputs


class CircuitPeer(Peer):
    """A circuit and its program. `present` includes handing over the order and taking the answer."""

    packages = ("recircuit", "brian2", "numpy", "scipy-openblas32")
    backend = "cpp"

    def __init__(self, problem: Any, mode: str) -> None:
        super().__init__(problem, mode)
        self.net = self.circuit()
        self.program = self.net.program(self.backend)
        self.inputs = as_inputs(self.net, self.data())
        self.inputs.load(self.program)
        self.table = self.net.timetable()

    @abstractmethod
    def circuit(self) -> Circuit:
        """Make the circuit that is measured."""

    @abstractmethod
    def data(self) -> Mapping[str, Any]:
        """Make the data of each stimulus."""

    def present(self, count: int) -> None:
        self.program.run(self.table, self.inputs.order(count, self.settings.batch_size)).raise_if_diverged()


def serve_circuits(peer: type[CircuitPeer], *load: Callable[..., Any]) -> None:
    """Serve a peer on the backend that the command line names."""
    peer.backend = sys.argv[1] if len(sys.argv) > 1 else "cpp"
    serve(peer, *load)

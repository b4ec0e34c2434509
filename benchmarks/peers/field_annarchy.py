"""A neural field in ANNarchy, as its example `NeuralField` has it, without noise: generated C++, with fast flags."""

from __future__ import annotations

import ANNarchy as ann
import numpy as np

from benchmarks.field import Problem
from benchmarks.peers.annarchy_network import compile_network, new_network
from benchmarks.peers.server import Peer, serve


class FieldPeer(Peer):
    """The field as a network of ANNarchy."""

    packages = ("ANNarchy", "numpy")

    def __init__(self, problem: Problem, mode: str) -> None:
        super().__init__(problem, mode)
        p, n = self.settings, self.settings.side**2
        self.net = net = new_network()
        unit = ann.Neuron(
            parameters=f"tau = {p.tau} : population\nx = 0.0",
            equations="tau*dr/dt + r = x + sum(inh) : min=0.0, max=1.0",
        )
        self.field = net.create(n, unit)
        self.lateral = net.connect(self.field, self.field, "inh")
        self.lateral.from_matrix(problem.w, storage_format="dense")
        compile_network(net)

    def reset(self) -> None:
        self.field.r = 0.0

    def present(self, count: int) -> None:
        for presentation in range(count):
            self.field.x = self.problem.x[self.problem.shown(presentation)[0]]
            self.net.simulate(float(self.settings.steps))

    def weights(self) -> list[np.ndarray]:
        return [np.asarray(self.field.r)]


if __name__ == "__main__":
    serve(FieldPeer, Problem.load)

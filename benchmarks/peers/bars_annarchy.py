"""Bars in ANNarchy, as its example `BarLearning` has them: generated C++, -O3 -march=native -ffast-math."""

from __future__ import annotations

import ANNarchy as ann
import numpy as np

from benchmarks.bars import Problem
from benchmarks.peers.annarchy_network import compile_network, new_network
from benchmarks.peers.server import Peer, serve


class BarsPeer(Peer):
    """Bars as a network of ANNarchy."""

    packages = ("ANNarchy", "numpy")

    def __init__(self, problem: Problem, mode: str) -> None:
        super().__init__(problem, mode)
        p = self.settings
        self.net = net = new_network()
        unit = ann.Neuron(
            parameters=f"tau = {p.tau} : population", equations="tau*dr/dt + r = sum(exc) - sum(inh) : min=0.0"
        )
        oja = ann.Synapse(
            parameters=f"tau = {p.tau_w} : projection\nalpha = {p.alpha} : projection",
            equations="tau*dw/dt = pre.r*post.r - alpha*post.r^2*w : min=0.0",
        )
        anti = ann.Synapse(
            parameters=f"tau = {p.tau_w} : projection\nbeta = {p.beta} : projection",
            equations="tau*dw/dt = pre.r*post.r - beta*post.r : min=0.0",
        )
        self.x, self.h = net.create(p.side**2, ann.Neuron(parameters="r = 0.0")), net.create(p.units, unit)
        self.exc, self.inh = net.connect(self.x, self.h, "exc", oja), net.connect(self.h, self.h, "inh", anti)
        self.exc.all_to_all(weights=0.0)
        self.inh.all_to_all(weights=0.0, allow_self_connections=False)
        compile_network(net)
        self.others = ~np.eye(p.units, dtype=bool)

    def reset(self) -> None:
        self.h.r = 0.0
        self.exc.w = self.problem.q.tolist()
        self.inh.w = self.problem.w[self.others].reshape(self.settings.units, -1).tolist()

    def present(self, count: int) -> None:
        for presentation in range(count):
            self.x.r = self.problem.x[self.problem.shown(presentation)[0]]
            self.net.simulate(float(self.settings.steps))

    def weights(self) -> list[np.ndarray]:
        w = np.zeros_like(self.problem.w)
        w[self.others] = np.asarray(self.inh.w).ravel()
        return [np.asarray(self.exc.w), w]


if __name__ == "__main__":
    serve(BarsPeer, Problem.load)

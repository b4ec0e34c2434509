"""RFLO in BrainPy: a dynamical system with variables; any number of presentations as one compiled loop."""

from __future__ import annotations

import brainpy as bp
import brainpy.math as bm
import jax
import numpy as np

from benchmarks.peers.server import Peer, serve
from benchmarks.recurrent import Problem


class Net(bp.DynamicalSystem):
    """The recurrent network; traces are (B, post, pre)."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.settings, self.problem = problem.settings, problem
        p, self.k, self.targets = self.settings, bm.asarray(problem.k), bm.asarray(problem.targets)
        self.w, self.v, self.h = (bm.Variable(getattr(problem, name)) for name in ("w", "v", "h"))
        self.traces = bm.Variable(bm.zeros((p.batch_size, p.units, p.units)))
        self.e = bm.Variable(bm.zeros((p.batch_size, p.outputs)))

    def reset(self) -> None:
        """Set the problem's weights and rates; all else is 0."""
        for name in ("w", "v", "h"):
            getattr(self, name).value = bm.asarray(getattr(self.problem, name))
        self.traces.value, self.e.value = bm.zeros_like(self.traces), bm.zeros_like(self.e)

    def step(self, target) -> None:
        """Make one step."""
        p, h, b = self.settings, self.h.value, self.settings.batch_size
        u, c = bm.tanh(h @ self.w.value.T), self.e.value @ self.k.T
        self.e.value = target - h @ self.v.value.T
        self.w.value = self.w.value + p.rate / b * bm.einsum("bi,bij->ij", c, self.traces.value)
        grown = bm.expand_dims(1 - u * u, 2) * bm.expand_dims(h, 1)
        self.traces.value = self.traces.value + (grown - self.traces.value) / p.tau
        self.v.value = self.v.value + p.rate_out / b * self.e.value.T @ h
        self.h.value = h + (u - h) / p.tau


class BrainpyRflo(Peer):
    """The loop over presentations is compiled once; how many there are is an argument."""

    packages = ("brainpy", "brainstate", "jax", "jaxlib", "numpy")

    def __init__(self, problem: Problem, mode: str) -> None:
        super().__init__(problem, mode)
        self.net = net = Net(problem)
        b = self.settings.batch_size

        def presentation(number):
            rows = (number * b + bm.arange(b)) % len(problem.targets)
            bm.for_loop(net.step, bm.swapaxes(net.targets[rows], 0, 1))
            return (number + 1,)

        self.run = bm.jit(lambda count: bm.while_loop(presentation, lambda number: number < count, (0,)))

    def reset(self) -> None:
        self.net.reset()

    def present(self, count: int) -> None:
        self.run(count)
        jax.block_until_ready([self.net.w.value, self.net.v.value])

    def weights(self) -> list[np.ndarray]:
        return [np.asarray(self.net.w.value), np.asarray(self.net.v.value)]


if __name__ == "__main__":
    serve(BrainpyRflo, Problem.load)

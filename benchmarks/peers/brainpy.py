"""BrainPy: a dynamical system with variables; any number of presentations as one compiled loop.

In mode "every" the stimulus is a variable that each step writes, so that its product is not moved out of the loop over
steps: that is the other mode.
"""

from __future__ import annotations

import brainpy as bp
import brainpy.math as bm
import jax
import numpy as np

from benchmarks.peers.server import Peer, serve
from benchmarks.workload import Problem


class Net(bp.DynamicalSystem):
    """Arrays are (B, n), or (n,) where B = 1. Feedback is kept as R_l^T, in the layout of W_{l+1}."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.settings, self.problem = problem.settings, problem
        self.one = self.settings.batch_size == 1
        self.stimuli, self.labels = bm.asarray(problem.x), bm.asarray(problem.s)
        self.w = bm.var_list([bm.Variable(w) for w in problem.weights])
        self.rt = bm.var_list([bm.Variable(r.T.copy()) for r in problem.feedback])
        shapes = [n if self.one else (self.settings.batch_size, n) for n in self.settings.sizes]
        self.x = bm.var_list([bm.Variable(bm.zeros(shape)) for shape in shapes])
        self.d = bm.var_list([bm.Variable(bm.zeros(shape)) for shape in shapes])
        self.s = bm.Variable(bm.zeros(shapes[-1]))

    def reset(self) -> None:
        """Set the problem's weights; rates and errors are 0."""
        for variable, value in zip(self.w, self.problem.weights):
            variable.value = bm.asarray(value)
        for variable, value in zip(self.rt, self.problem.feedback):
            variable.value = bm.asarray(value.T.copy())
        for variable in [*self.x, *self.d]:
            variable.value = bm.zeros_like(variable)

    def show(self, presentation) -> None:
        """Clamp the stimulus and the label."""
        b, rows = self.settings.batch_size, len(self.problem.x)
        shown = presentation % rows if self.one else (presentation * b + bm.arange(b)) % rows
        self.x[0].value, self.s.value = self.stimuli[shown], self.labels[shown]

    def every(self, step) -> None:
        """Make one step, all of it."""
        top = self.settings.layers
        u = [bm.tanh(self.product(self.w[l], self.x[l])) for l in range(top)]
        new = [(self.d[l + 1] @ self.rt[l - 1]) * (1 - u[l - 1] * u[l - 1]) for l in range(1, top)]
        new.append(bm.where(step >= self.settings.clamped_from, self.s - self.x[top], 0))
        for l in range(1, top + 1):
            self.d[l].value = new[l - 1]
        self.relax(u)
        self.x[0].value = jax.lax.optimization_barrier(bm.as_jax(self.x[0]))

    def needed(self) -> None:
        """Make a whole presentation: the last L steps, in which errors run down, are written out; the rest is a loop."""
        top, steps = self.settings.layers, self.settings.steps
        first = bm.tanh(self.product(self.w[0], self.x[0]))

        def settle(_=None):
            u = [first] + [bm.tanh(self.product(self.w[l], self.x[l])) for l in range(1, top)]
            return u

        bm.for_loop(lambda _: self.relax(settle()), bm.arange(steps - top))
        for step in range(steps - top, steps):
            u = settle()
            for l in range(max(1, steps - step), top):
                self.d[l].value = (self.d[l + 1] @ self.rt[l - 1]) * (1 - u[l - 1] * u[l - 1])
            self.d[top].value = self.s - self.x[top]
            self.relax(u)

    def product(self, w, x):
        """Return the field W x."""
        return w @ x if self.one else x @ w.T

    def relax(self, u) -> None:
        """Compute x += mix (u - x)."""
        for l, value in enumerate(u, 1):
            self.x[l].value = self.x[l] + self.settings.mix * (value - self.x[l])

    def learn(self) -> None:
        """Compute the update of all weights."""
        rate = self.settings.rate / self.settings.batch_size
        for l in range(1, self.settings.layers + 1):
            d, x = self.d[l], self.x[l - 1]
            dw = rate * (bm.outer(d, x) if self.one else d.T @ x)
            self.w[l - 1].value = self.w[l - 1] + dw
            if l > 1:
                self.rt[l - 2].value = self.rt[l - 2] + dw


class BrainpyPeer(Peer):
    """The loop over presentations is compiled once; how many there are is an argument."""

    packages = ("brainpy", "brainstate", "jax", "jaxlib", "numpy")

    def __init__(self, problem: Problem, mode: str) -> None:
        super().__init__(problem, mode)
        self.net = net = Net(problem)

        def presentation(p):
            net.show(p)
            if mode == "needed":
                net.needed()
            else:
                bm.for_loop(net.every, bm.arange(self.settings.steps))
            net.learn()
            return (p + 1,)

        def run(count):
            return bm.while_loop(presentation, lambda p: p < count, (0,))

        self.run = bm.jit(run)

    def reset(self) -> None:
        self.net.reset()

    def present(self, count: int) -> None:
        self.run(count)
        jax.block_until_ready([w.value for w in self.net.w])

    def weights(self) -> list[np.ndarray]:
        return [np.asarray(w.value) for w in self.net.w] + [np.asarray(r.value).T for r in self.net.rt]


if __name__ == "__main__":
    serve(BrainpyPeer)

"""JAX: any number of presentations as one compiled loop; weights and state are donated.

In mode "every" the stimulus passes an optimisation barrier in each step, so that its product is not moved out of the
loop over steps: that is the other mode.
"""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.peers.server import Peer, serve
from benchmarks.workload import Problem


class JaxPeer(Peer):
    """Arrays are (B, n), or (n,) where B = 1. Feedback is kept as R_l^T, in the layout of W_{l+1}."""

    packages = ("jax", "jaxlib", "numpy")

    def __init__(self, problem: Problem, mode: str) -> None:
        super().__init__(problem, mode)
        self.one = self.settings.batch_size == 1
        self.stimuli, self.labels = jnp.asarray(problem.x), jnp.asarray(problem.s)
        self.reset()

    def reset(self) -> None:
        sizes, b = self.settings.sizes, self.settings.batch_size
        w = [jnp.array(w) for w in self.problem.weights]
        rt = [jnp.array(r.T.copy()) for r in self.problem.feedback]
        x, d = ([jnp.zeros(n if self.one else (b, n)) for n in sizes[1:]] for _ in range(2))
        self.state = jax.block_until_ready((w, rt, x, d))

    def weights(self) -> list[np.ndarray]:
        w, rt, _, _ = self.state
        return [np.asarray(a) for a in w] + [np.asarray(a).T for a in rt]

    def present(self, count: int) -> None:
        self.state = jax.block_until_ready(self._run(self.state, self.stimuli, self.labels, count))

    @partial(jax.jit, static_argnums=0, donate_argnums=1)
    def _run(self, state, stimuli, labels, count):
        b, rows = self.settings.batch_size, len(self.problem.x)
        show = self._needed if self.mode == "needed" else self._every

        def presentation(p, state):
            if self.one:
                return self._learned(show(state, stimuli[p % rows], labels[p % rows]), stimuli[p % rows])
            if rows % b == 0:
                x, s = (lax.dynamic_slice_in_dim(a, p * b % rows, b) for a in (stimuli, labels))
            else:
                shown = (p * b + jnp.arange(b)) % rows
                x, s = stimuli[shown], labels[shown]
            return self._learned(show(state, x, s), x)

        return lax.fori_loop(0, count, presentation, state)

    def _every(self, state, stimulus, s):
        w, rt, _, _ = state
        top = self.settings.layers

        def step(k, rates_and_errors):
            x, d = rates_and_errors
            below = [lax.optimization_barrier((stimulus, k))[0], *x]
            u = [jnp.tanh(self._product(w[l], below[l])) for l in range(top)]
            new = [self._back(rt[l], d[l + 1]) * (1 - u[l] * u[l]) for l in range(top - 1)]
            new.append(jnp.where(k >= self.settings.clamped_from, s - x[-1], 0))
            return self._relaxed(x, u), new

        x, d = lax.fori_loop(0, self.settings.steps, step, (state[2], state[3]))
        return w, rt, x, d

    def _needed(self, state, stimulus, s):
        """Run the last L steps, in which errors run down, written out; those before are a loop."""
        w, rt, x, d = state
        top, steps = self.settings.layers, self.settings.steps
        first = jnp.tanh(self._product(w[0], stimulus))

        def rates(x):
            return [first] + [jnp.tanh(self._product(w[l], x[l - 1])) for l in range(1, top)]

        x = lax.fori_loop(0, steps - top, lambda _, x: self._relaxed(x, rates(x)), x)
        for step in range(steps - top, steps):
            u = rates(x)
            d = list(d)
            for l in range(max(1, steps - step), top):
                d[l - 1] = self._back(rt[l - 1], d[l]) * (1 - u[l - 1] * u[l - 1])
            d[top - 1] = s - x[-1]
            x = self._relaxed(x, u)
        return w, rt, x, d

    def _learned(self, state, stimulus):
        w, rt, x, d = state
        below, rate = [stimulus, *x], self.settings.rate / self.settings.batch_size
        dw = [rate * (jnp.outer(e, y) if self.one else e.T @ y) for e, y in zip(d, below)]
        return [a + b for a, b in zip(w, dw)], [a + b for a, b in zip(rt, dw[1:])], x, d

    def _relaxed(self, x, u):
        return [a + self.settings.mix * (b - a) for a, b in zip(x, u)]

    def _product(self, w, x):
        return w @ x if self.one else x @ w.T

    @staticmethod
    def _back(rt, d):
        return d @ rt


if __name__ == "__main__":
    serve(JaxPeer)

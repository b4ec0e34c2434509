"""RFLO in JAX: any number of presentations as one compiled loop; weights and state are donated."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.peers.server import Peer, serve
from benchmarks.recurrent import Problem


class JaxRflo(Peer):
    """The state is (w, v, h, p, e), with p (B, post, pre)."""

    packages = ("jax", "jaxlib", "numpy")

    def __init__(self, problem: Problem, mode: str) -> None:
        super().__init__(problem, mode)
        self.k, self.targets = jnp.asarray(problem.k), jnp.asarray(problem.targets)
        self.reset()

    def reset(self) -> None:
        p, given = self.settings, self.problem
        traces, e = jnp.zeros((p.batch_size, p.units, p.units)), jnp.zeros((p.batch_size, p.outputs))
        self.state = jax.block_until_ready((jnp.array(given.w), jnp.array(given.v), jnp.array(given.h), traces, e))

    def weights(self) -> list[np.ndarray]:
        return [np.asarray(a) for a in self.state[:2]]

    def present(self, count: int) -> None:
        self.state = jax.block_until_ready(self._run(self.state, self.k, self.targets, count))

    @partial(jax.jit, static_argnums=0, donate_argnums=1)
    def _run(self, state, k, targets, count):
        p = self.settings

        def presentation(number, state):
            rows = (number * p.batch_size + jnp.arange(p.batch_size)) % len(targets)
            shown = jnp.swapaxes(targets[rows], 0, 1)
            return lax.scan(lambda now, target: (self._step(now, k, target), None), state, shown)[0]

        return lax.fori_loop(0, count, presentation, state)

    def _step(self, state, k, target):
        p = self.settings
        w, v, h, traces, e = state
        u, c = jnp.tanh(h @ w.T), e @ k.T
        e = target - h @ v.T
        w = w + p.rate / p.batch_size * jnp.einsum("bi,bij->ij", c, traces)
        traces = traces + ((1 - u * u)[:, :, None] * h[:, None, :] - traces) / p.tau
        v = v + p.rate_out / p.batch_size * e.T @ h
        return w, v, h + (u - h) / p.tau, traces, e


if __name__ == "__main__":
    serve(JaxRflo, Problem.load)

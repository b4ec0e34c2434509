"""Discriminative predictive coding in ngc-learn: its cells, synapses and processes, called in one of two ways.

`museum` calls the processes from Python, as the training script of this model in ngc-learn's museum does
(https://github.com/NACLab/ngc-museum, exhibits/pc_discrim). `compiled` calls them from a loop over presentations that JAX
compiles as a whole; the script does not do this, but it takes less time.
"""

from __future__ import annotations

import sys
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from ngclearn.components import GaussianErrorCell, HebbianSynapse, RateCell, StaticSynapse
from ngclearn.utils import MethodProcess
from ngcsimlib.context import Context
from ngcsimlib.global_state import stateManager

from benchmarks.coding import Problem
from benchmarks.peers.server import Peer, serve


class NgcLearnPeer(Peer):
    """The circuit. The state is ngc-learn's: a dictionary of the compartments of all components."""

    packages = ("ngclearn", "ngcsimlib", "jax", "jaxlib", "numpy")

    def __init__(self, problem: Problem, mode: str) -> None:
        super().__init__(problem, mode)
        p, top = self.settings, self.settings.layers
        key, cells = jax.random.PRNGKey(0), dict(batch_size=p.batch_size)
        with Context(f"coding_{id(self)}"):
            self.v = [
                RateCell(
                    f"v{l}", p.sizes[l], tau_m=1 / p.step, act_fx="tanh", prior=("gaussian", 0.0), key=key, **cells
                )
                for l in range(1, top)
            ]
            self.e = [GaussianErrorCell(f"e{l + 1}", p.sizes[l + 1], **cells) for l in range(top)]
            self.w = [
                HebbianSynapse(
                    f"W{l + 1}", shape=(p.sizes[l], p.sizes[l + 1]), eta=p.rate, w_bound=0.0, sign_value=-1.0,
                    optim_type="adam", pre_wght=1 / p.batch_size, key=key, **cells,
                )
                for l in range(top)
            ]  # fmt: skip
            self.back = [
                StaticSynapse(f"E{l + 1}", shape=(p.sizes[l + 1], p.sizes[l]), key=key, **cells) for l in range(1, top)
            ]
            self._wire()
            guess = [part.advance_state for part in (*self.w, *self.e)]
            self.clear = self._process("clear", [part.reset for part in (*self.v, *self.e)])
            self.begin = self._process("begin", guess)
            self.advance = self._process("advance", [part.advance_state for part in (*self.back, *self.v)] + guess)
            self.evolve = self._process("evolve", [w.evolve for w in self.w])
        self.first, self.x, self.s = dict(stateManager.state), jnp.asarray(problem.x), jnp.asarray(problem.s)
        self.reset()

    def _wire(self) -> None:
        """Connect the components' compartments: values, guesses, errors, and what the synapses learn from."""
        for l, (w, e) in enumerate(zip(self.w, self.e)):
            w.outputs >> e.mu
            e.dmu >> w.post
            if l:
                self.v[l - 1].zF >> w.inputs
                self.v[l - 1].zF >> w.pre
        for l, (v, back) in enumerate(zip(self.v, self.back)):
            v.z >> self.e[l].target
            self.e[l].dtarget >> v.j_td
            self.e[l + 1].dmu >> back.inputs
            back.outputs >> v.j

    @staticmethod
    def _process(name: str, methods: list) -> MethodProcess:
        process = MethodProcess(name)
        for method in methods:
            process >> method
        return process

    def reset(self) -> None:
        state = dict(self.first)
        for w, given in zip(self.w, self.problem.w):
            state[w.weights.root] = jnp.asarray(given.T)
            state[w.dBiases.root] = jnp.zeros((1, given.shape[0]))  # as `evolve` leaves it, though there are no biases
        self.state = jax.tree.map(jnp.array, state)

    def weights(self) -> list[np.ndarray]:
        return [np.asarray(self.state[w.weights.root]).T for w in self.w]


class MuseumPeer(NgcLearnPeer):
    """Its processes are called from Python in every step, by the calls of `PCN.process` in the museum's pcn_model.py.

    What the problem does not have is left out: the cells that stimulus and label go through, the projection that makes a first
    guess of the values, and the sum of the energies. So a presentation takes less time than in the museum.
    """

    def reset(self) -> None:
        super().reset()
        stateManager.set_state(self.state)

    def present(self, count: int) -> None:
        b = self.settings.batch_size
        for number in range(count):
            at = number * b % len(self.x)  # the number of rows is a multiple of b
            self._present_one(self.x[at : at + b], self.s[at : at + b])
        self.state = jax.block_until_ready(stateManager.state)

    def _present_one(self, x: jax.Array, s: jax.Array) -> None:
        steps = self.settings.steps
        self.clear.run()
        for w, back in zip(self.w[1:], self.back):
            back.weights.set(jnp.transpose(w.weights.get()))
        self._clamp(x, s)
        self.begin.run(t=0.0, dt=1.0)
        for step in range(steps):
            self._clamp(x, s)
            self.advance.run(t=step, dt=1.0)
        self.evolve.run(t=steps, dt=1.0)

    def _clamp(self, x: jax.Array, s: jax.Array) -> None:
        self.w[0].inputs.set(x)
        self.w[0].pre.set(x)
        self.e[-1].target.set(s)


class CompiledPeer(NgcLearnPeer):
    """All presentations are one call of a function that JAX has compiled."""

    def present(self, count: int) -> None:
        self.state = jax.block_until_ready(self._run(self.state, self.x, self.s, count))

    @partial(jax.jit, static_argnums=0, donate_argnums=1)
    def _run(self, state, x, s, count):
        b = self.settings.batch_size

        def presentation(number, state):
            rows = (number * b + jnp.arange(b)) % len(x)
            state = self._clamped(state, x[rows], s[rows])
            state, _ = self._call(self.begin, state)
            state = lax.fori_loop(0, self.settings.steps, lambda _, now: self._call(self.advance, now)[0], state)
            return self._call(self.evolve, state)[0]

        return lax.fori_loop(0, count, presentation, state)

    def _clamped(self, state, x, s):
        """Return the state with stimulus and label, values at 0, and the feedback weights as the others are."""
        state = dict(state)
        for part in (self.w[0].inputs, self.w[0].pre):
            state[part.root] = x
        state[self.e[-1].target.root] = s
        for v in self.v:
            state[v.z.root], state[v.zF.root] = jnp.zeros_like(state[v.z.root]), jnp.zeros_like(state[v.zF.root])
        for w, back in zip(self.w[1:], self.back):
            state[back.weights.root] = state[w.weights.root].T
        return state

    def _call(self, process: MethodProcess, state):
        return process.run.compiled(state, process.pack_keywords(**dict.fromkeys(process.get_keywords(), 1.0)))


WAYS = {"museum": MuseumPeer, "compiled": CompiledPeer}

if __name__ == "__main__":
    serve(WAYS[sys.argv[1]], Problem.load)

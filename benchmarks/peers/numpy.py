"""NumPy: every buffer allocated once, every product written into it, feedback kept as R^T.

R_l^T has the shape of W_{l+1} and changes as it does, so that the two share one product.
"""

from __future__ import annotations

import numpy as np

from benchmarks.peers.server import Peer, serve
from benchmarks.workload import Problem

F = np.float32


class NumpyPeer(Peer):
    """Arrays are (B, n), or (n,) where B = 1: then products are GEMV."""

    def __init__(self, problem: Problem, mode: str) -> None:
        super().__init__(problem, mode)
        sizes, b = self.settings.sizes, self.settings.batch_size
        self.one = b == 1
        self.w = [np.empty(0, F)] + [w.copy() for w in problem.weights]
        self.rt = [np.empty(0, F)] + [np.ascontiguousarray(r.T) for r in problem.feedback]
        self.dw = [np.empty_like(w) for w in self.w]
        buffers = [[np.zeros(n if self.one else (b, n), F) for n in sizes] for _ in range(4)]
        self.x, self.u, self.d, self.t = buffers

    def reset(self) -> None:
        for mine, given in zip(self.w[1:], self.problem.weights):
            mine[:] = given
        for mine, given in zip(self.rt[1:], self.problem.feedback):
            mine[:] = given.T
        for array in self.x + self.d:
            array[:] = 0

    def weights(self) -> list[np.ndarray]:
        return self.w[1:] + [r.T for r in self.rt[1:]]

    def present(self, count: int) -> None:
        show = self._needed if self.mode == "needed" else self._every
        for presentation in range(count):
            rows = self.problem.shown(presentation)
            if self.one:
                rows = rows[0]
            self.x[0][:] = self.problem.x[rows]
            show(self.problem.s[rows])
            self._learn()

    def _every(self, s: np.ndarray) -> None:
        top = self.settings.layers
        for step in range(self.settings.steps):
            for l in range(1, top + 1):
                self._field(l)
            for l in range(1, top):
                self._error(l)
            if step >= self.settings.clamped_from:
                np.subtract(s, self.x[top], out=self.d[top])
            else:
                self.d[top][:] = 0
            for l in range(1, top + 1):
                self._relax(l)

    def _needed(self, s: np.ndarray) -> None:
        top, steps = self.settings.layers, self.settings.steps
        self._field(1)
        for step in range(steps):
            for l in range(2, top + 1):
                self._field(l)
            for l in range(max(1, steps - step), top):
                self._error(l)
            if step >= steps - top:
                np.subtract(s, self.x[top], out=self.d[top])
            for l in range(1, top + 1):
                self._relax(l)

    def _field(self, l: int) -> None:
        """Compute u_l = tanh(W_l x_{l-1})."""
        if self.one:
            np.dot(self.w[l], self.x[l - 1], out=self.u[l])
        else:
            np.dot(self.x[l - 1], self.w[l].T, out=self.u[l])
        np.tanh(self.u[l], out=self.u[l])

    def _error(self, l: int) -> None:
        """Compute d_l = (R_l d_{l+1}) (1 - u_l^2)."""
        np.dot(self.d[l + 1], self.rt[l], out=self.d[l])
        np.multiply(self.u[l], self.u[l], out=self.t[l])
        np.subtract(F(1), self.t[l], out=self.t[l])
        self.d[l] *= self.t[l]

    def _relax(self, l: int) -> None:
        """Compute x_l += mix (u_l - x_l)."""
        np.subtract(self.u[l], self.x[l], out=self.t[l])
        self.t[l] *= F(self.settings.mix)
        self.x[l] += self.t[l]

    def _learn(self) -> None:
        for l in range(1, self.settings.layers + 1):
            np.multiply(self.d[l], F(self.settings.rate / self.settings.batch_size), out=self.t[l])
            if self.one:
                np.multiply(self.t[l][:, None], self.x[l - 1], out=self.dw[l])
            else:
                np.dot(self.t[l].T, self.x[l - 1], out=self.dw[l])
            self.w[l] += self.dw[l]
            if l > 1:
                self.rt[l - 1] += self.dw[l]


if __name__ == "__main__":
    serve(NumpyPeer)

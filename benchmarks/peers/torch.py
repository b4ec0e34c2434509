"""PyTorch, eager (`eager`) and by torch.compile (`compile`); two threads, no gradients.

Compiled, mode "every" is one step as one graph (a graph of the whole presentation would find out that the first layer's
field does not change, and that most errors are not read, which is the other mode), and mode "needed" the whole
presentation as one graph. Weights and state are changed in place. Values are kept after 15 operations instead of 30
(`realize_opcount_threshold`): the rates of 20 steps are one chain, and with 30 its compilation does not end in 10
minutes; where both compile (6 steps), the speed is the same.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import torch
import torch._inductor.config as inductor

from benchmarks.peers.server import THREADS, Peer, serve
from benchmarks.workload import Problem, products

torch.set_num_threads(THREADS)
torch.set_grad_enabled(False)


class TorchPeer(Peer):
    """Arrays are (B, n), or (n,) where B = 1. Feedback is kept as R_l^T, in the layout of W_{l+1}."""

    packages = ("torch", "numpy")

    def __init__(self, problem: Problem, mode: str) -> None:
        super().__init__(problem, mode)
        sizes, b = self.settings.sizes, self.settings.batch_size
        self.one = b == 1
        self.w = [torch.empty(0)] + [torch.from_numpy(w.copy()) for w in problem.weights]
        self.rt = [torch.empty(0)] + [torch.from_numpy(r.T.copy()) for r in problem.feedback]
        self.dw = [torch.empty_like(w) for w in self.w]
        self.x, self.u, self.d, self.t = ([torch.zeros(n if self.one else (b, n)) for n in sizes] for _ in range(4))
        self.stimuli, self.labels = torch.from_numpy(problem.x), torch.from_numpy(problem.s)

    def reset(self) -> None:
        for mine, given in zip(self.w[1:], self.problem.weights):
            mine.copy_(torch.from_numpy(given))
        for mine, given in zip(self.rt[1:], self.problem.feedback):
            mine.copy_(torch.from_numpy(given.T))
        for array in self.x + self.d:
            array.zero_()

    def weights(self) -> list[np.ndarray]:
        return [w.numpy() for w in self.w[1:]] + [r.numpy().T for r in self.rt[1:]]

    def rows(self, presentation: int) -> slice | torch.Tensor:
        """Return the rows of a presentation: a slice, without a copy, where they lie side by side."""
        shown = self.problem.shown(presentation)
        first, last = int(shown[0]), int(shown[-1])
        return slice(first, last + 1) if last - first == len(shown) - 1 else torch.from_numpy(shown)

    def ceiling(self, seconds: float) -> float:
        """Return presentations a second, if there were nothing but the products."""
        b, parts = self.settings.batch_size, []
        for p in products(self.settings, self.mode):
            parts.append((p, torch.zeros(p.post, p.pre), torch.ones(b, p.pre), torch.ones(b, p.post)))
        begin, count, took = time.perf_counter(), 0, 0.0
        while took < seconds:
            for step in range(self.settings.steps):
                for p, w, pre, post in parts:
                    if step < p.times:
                        _product(p.learns, w, pre, post)
            count, took = count + 1, time.perf_counter() - begin
        return b * count / took


def _product(learns: bool, w: torch.Tensor, pre: torch.Tensor, post: torch.Tensor) -> None:
    if learns:
        w.addmm_(post.T, pre, alpha=1e-9)
    elif len(pre) == 1:
        torch.mv(w, pre[0], out=post[0])
    else:
        torch.mm(pre, w.T, out=post)


class Eager(TorchPeer):
    """Every result is written into a buffer of its own."""

    def present(self, count: int) -> None:
        for presentation in range(count):
            rows = self.rows(presentation)
            x, s = self.stimuli[rows], self.labels[rows]
            self.x[0].copy_(x[0] if self.one else x)
            (self._needed if self.mode == "needed" else self._every)(s[0] if self.one else s)
            self._learn()

    def _every(self, s: torch.Tensor) -> None:
        top = self.settings.layers
        for step in range(self.settings.steps):
            for l in range(1, top + 1):
                self._field(l)
            for l in range(1, top):
                self._error(l)
            if step >= self.settings.clamped_from:
                torch.sub(s, self.x[top], out=self.d[top])
            else:
                self.d[top].zero_()
            for l in range(1, top + 1):
                self.x[l].lerp_(self.u[l], self.settings.mix)

    def _needed(self, s: torch.Tensor) -> None:
        top, steps = self.settings.layers, self.settings.steps
        self._field(1)
        for step in range(steps):
            for l in range(2, top + 1):
                self._field(l)
            for l in range(max(1, steps - step), top):
                self._error(l)
            if step >= steps - top:
                torch.sub(s, self.x[top], out=self.d[top])
            for l in range(1, top + 1):
                self.x[l].lerp_(self.u[l], self.settings.mix)

    def _field(self, l: int) -> None:
        if self.one:
            torch.mv(self.w[l], self.x[l - 1], out=self.u[l])
        else:
            torch.mm(self.x[l - 1], self.w[l].T, out=self.u[l])
        self.u[l].tanh_()

    def _error(self, l: int) -> None:
        if self.one:
            torch.mv(self.rt[l].T, self.d[l + 1], out=self.d[l])
        else:
            torch.mm(self.d[l + 1], self.rt[l], out=self.d[l])
        torch.mul(self.u[l], self.u[l], out=self.t[l])
        self.d[l].addcmul_(self.d[l], self.t[l], value=-1)

    def _learn(self) -> None:
        rate = self.settings.rate / self.settings.batch_size
        for l in range(1, self.settings.layers + 1):
            changing = [self.w[l], self.rt[l - 1]] if l > 1 else [self.w[l]]
            if self.one:
                for w in changing:
                    w.addr_(self.d[l], self.x[l - 1], alpha=rate)
                continue
            torch.mm(self.d[l].T, self.x[l - 1], out=self.dw[l])
            for w in changing:
                w.add_(self.dw[l], alpha=rate)


class Compiled(TorchPeer):
    """The same loop, compiled by torch.compile."""

    def __init__(self, problem: Problem, mode: str) -> None:
        super().__init__(problem, mode)
        torch._dynamo.config.cache_size_limit = 64
        inductor.realize_opcount_threshold = 15
        self.learn = self._compiled(self._learning)
        self.step = [self._compiled(self._stepping(clamped)) for clamped in (False, True)]
        self.whole = self._compiled(self._presentation)

    @staticmethod
    def _compiled(function):
        return torch.compile(function, fullgraph=True, dynamic=False)

    def present(self, count: int) -> None:
        for presentation in range(count):
            rows = self.rows(presentation)
            x, s = self.stimuli[rows], self.labels[rows]
            if self.one:
                x, s = x[0], s[0]
            if self.mode == "needed":
                self.whole(self.w, self.rt, self.x, self.d, x, s)
                continue
            self.x[0].copy_(x)
            for step in range(self.settings.steps):
                self.step[step >= self.settings.clamped_from](self.w, self.rt, self.x, self.d, s)
            self.learn(self.w, self.rt, self.x, self.d)

    def _stepping(self, clamped: bool):
        top = self.settings.layers

        def step(w, rt, x, d, s):
            u = [x[0]] + [torch.tanh(self._product(w[l], x[l - 1])) for l in range(1, top + 1)]
            new = [self._back(rt[l], d[l + 1]) * (1 - u[l] * u[l]) for l in range(1, top)]
            new.append(s - x[top] if clamped else torch.zeros_like(s))
            for l in range(1, top + 1):
                d[l].copy_(new[l - 1])
                x[l].copy_(torch.lerp(x[l], u[l], self.settings.mix))

        return step

    def _presentation(self, w, rt, x_kept, d_kept, stimulus, s):
        top, steps = self.settings.layers, self.settings.steps
        x, d, u = [stimulus, *x_kept[1:]], list(d_kept), list(x_kept)
        u[1] = torch.tanh(self._product(w[1], stimulus))
        for step in range(steps):
            for l in range(2, top + 1):
                u[l] = torch.tanh(self._product(w[l], x[l - 1]))
            for l in range(max(1, steps - step), top):
                d[l] = self._back(rt[l], d[l + 1]) * (1 - u[l] * u[l])
            if step >= steps - top:
                d[top] = s - x[top]
            x = [stimulus] + [torch.lerp(x[l], u[l], self.settings.mix) for l in range(1, top + 1)]
        self._learning(w, rt, x, d)
        for l in range(1, top + 1):
            x_kept[l].copy_(x[l])

    def _learning(self, w, rt, x, d):
        rate = self.settings.rate / self.settings.batch_size
        for l in range(1, self.settings.layers + 1):
            dw = rate * (d[l][:, None] * x[l - 1] if self.one else d[l].T @ x[l - 1])
            w[l].add_(dw)
            if l > 1:
                rt[l - 1].add_(dw)

    def _product(self, w: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        return w @ x if self.one else x @ w.T

    @staticmethod
    def _back(rt: torch.Tensor, d: torch.Tensor) -> torch.Tensor:
        return d @ rt


if __name__ == "__main__":
    serve({"eager": Eager, "compile": Compiled}[sys.argv[1]])

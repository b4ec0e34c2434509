"""Training by hand in PyTorch, eager (`eager`), or with each batch compiled (`compile`)."""

from __future__ import annotations

import sys

import numpy as np
import torch

from benchmarks.epoch import Epoch
from benchmarks.peers.server import THREADS, Peer, serve

torch.set_num_threads(THREADS)
torch.set_grad_enabled(False)


class TorchTraining(Peer):
    """`present` trains on the first batches of the order. Feedback is kept as R^T, in the layout of W."""

    packages = ("torch", "numpy")
    compiled = False

    def __init__(self, problem: Epoch, mode: str) -> None:
        super().__init__(problem, mode)
        p = self.settings
        self.x, self.y = torch.from_numpy(problem.rates()), torch.from_numpy(problem.y.astype(np.int64))
        self.order = torch.from_numpy(problem.order.astype(np.int64))
        on = torch.eye(p.sizes[-1])
        self.signs, self.targets = 2 * on - 1, (on - p.mu * (1 - on)) * p.rate / p.batch_size
        self.shown = torch.empty(p.batch_size, p.sizes[0])
        self.train = torch.compile(self._train, fullgraph=True, dynamic=False) if self.compiled else self._train
        self.w = [torch.from_numpy(w.copy()) for w in problem.weights]
        self.rt = [torch.from_numpy(r.T.copy()) for r in problem.feedback]

    def reset(self) -> None:
        for mine, given in zip(self.w, self.problem.weights):
            mine.copy_(torch.from_numpy(given))
        for mine, given in zip(self.rt, self.problem.feedback):
            mine.copy_(torch.from_numpy(given.T))

    def present(self, count: int) -> None:
        wrong = torch.zeros((), dtype=torch.int64)
        batch_size = self.settings.batch_size
        for k in range(count):
            rows = self.order[k * batch_size : (k + 1) * batch_size]
            torch.index_select(self.x, 0, rows, out=self.shown)
            wrong += self.train(self.w, self.rt, self.shown, self.y[rows])
        self.error = int(wrong) / max(1, count * batch_size)

    def _train(self, w, rt, shown, labels):
        """Train on one batch, and return how many answers were wrong."""
        fields, rates = [], [shown]
        for k, weights in enumerate(w):
            fields.append(rates[-1] @ weights.T)
            if k < len(w) - 1:
                rates.append(fields[-1].clamp(-1, 1))
        h = fields[-1]
        error = self.targets[labels] * (self.signs[labels] * h <= self.settings.S)
        for k in range(len(w) - 1, -1, -1):
            below = (error @ rt[k - 1]) * (fields[k - 1].abs() < 1) if k else error
            dw = error.T @ rates[k]
            w[k].add_(dw)
            if k:
                rt[k - 1].add_(dw)
            error = below
        return (h.argmax(1) != labels).sum()

    def weights(self) -> list[np.ndarray]:
        return [w.numpy() for w in self.w] + [r.numpy().T for r in self.rt]


if __name__ == "__main__":
    TorchTraining.compiled = sys.argv[1:] == ["compile"]
    serve(TorchTraining, Epoch.load)

"""Training by hand in NumPy: numpy_loop.py."""

from __future__ import annotations

import numpy as np

from benchmarks import numpy_loop
from benchmarks.epoch import Epoch
from benchmarks.peers.server import Peer, serve


class NumpyTraining(Peer):
    """`present` trains on the first batches of the order."""

    dtype: type = np.float32

    def __init__(self, problem: Epoch, mode: str) -> None:
        super().__init__(problem, mode)
        self.x, self.y = problem.rates().astype(self.dtype), problem.y
        self.reset()

    def reset(self) -> None:
        p, e = self.settings, self.problem
        weights = [w.astype(self.dtype) for w in e.weights]
        feedback = [np.ascontiguousarray(r.T).astype(self.dtype) for r in e.feedback]
        self.state = numpy_loop.State(p.sizes, weights, feedback, rate=p.rate, batch_size=p.batch_size, mu=p.mu, S=p.S)

    def present(self, count: int) -> None:
        numpy_loop.train_epoch(self.state, self.x, self.y, self.problem.order[: count * self.settings.batch_size])

    def weights(self) -> list[np.ndarray]:
        return self.state.weights + [r.T for r in self.state.feedback]


if __name__ == "__main__":
    serve(NumpyTraining, Epoch.load)

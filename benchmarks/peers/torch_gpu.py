"""PyTorch on a GPU: eager (`eager`), and the same loop over a presentation captured as a CUDA graph (`graph`)."""

from __future__ import annotations

import sys

import numpy as np
import torch

from benchmarks.peers.server import Unsupported, serve
from benchmarks.peers.torch import Eager
from benchmarks.workload import Problem

GPU = torch.device("cuda")


class OnGpu(Eager):
    """All that the loop touches lies on the GPU; what is timed ends when the GPU is done. TF32 is off."""

    def __init__(self, problem: Problem, mode: str) -> None:
        super().__init__(problem, mode)
        for name in ("w", "rt", "dw", "x", "u", "d", "t"):
            setattr(self, name, [array.to(GPU) for array in getattr(self, name)])
        self.stimuli, self.labels = self.stimuli.to(GPU), self.labels.to(GPU)

    def present(self, count: int) -> None:
        super().present(count)
        torch.cuda.synchronize()

    def weights(self) -> list[np.ndarray]:
        return [w.cpu().numpy() for w in self.w[1:]] + [r.cpu().numpy().T for r in self.rt[1:]]


class Graph(OnGpu):
    """One presentation, its stimuli taken by an index that lies on the GPU, captured once and replayed."""

    def __init__(self, problem: Problem, mode: str) -> None:
        super().__init__(problem, mode)
        if self.one:
            raise Unsupported("it is for several batch elements")
        self.shown = torch.from_numpy(problem.shown(0)).to(GPU)
        self.s = torch.empty(len(self.shown), self.settings.sizes[-1], device=GPU)
        aside = torch.cuda.Stream()
        with torch.cuda.stream(aside):
            for _ in range(3):
                self._presentation()
        torch.cuda.synchronize()
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self._presentation()

    def reset(self) -> None:
        super().reset()
        self.shown.copy_(torch.from_numpy(self.problem.shown(0)))

    def present(self, count: int) -> None:
        for _ in range(count):
            self.graph.replay()
        torch.cuda.synchronize()

    def _presentation(self) -> None:
        torch.index_select(self.stimuli, 0, self.shown, out=self.x[0])
        torch.index_select(self.labels, 0, self.shown, out=self.s)
        (self._needed if self.mode == "needed" else self._every)(self.s)
        self._learn()
        self.shown.add_(self.settings.batch_size).remainder_(len(self.stimuli))


if __name__ == "__main__":
    serve({"eager": OnGpu, "graph": Graph}[sys.argv[1]])

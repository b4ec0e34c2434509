"""Training in recircuit: a timed circuit with phases, step-by-step mode, on the cpp backend."""

from __future__ import annotations

import numpy as np

from benchmarks.epoch import Epoch
from benchmarks.peers.server import Peer, serve
from recircuit.circuits import HingeOutput
from recircuit.circuits.answers.readout import Readout
from recircuit.circuits.inputs import Inputs, Rows
from recircuit.models.networks.layered import layered


class RecircuitTraining(Peer):
    """`present` trains on the first batches of the order; giving the worker its data is part of it."""

    packages = ("recircuit", "brian2", "numpy", "scipy-openblas32")

    def __init__(self, problem: Epoch, mode: str) -> None:
        super().__init__(problem, mode)
        p = self.settings
        self.net = layered(p.sizes, "urfb", batch_size=p.batch_size, loss=HingeOutput(S=p.S, mu=p.mu))
        for projection in self.net.projections.values():
            if projection.plastic:
                self.net[f"{projection.name}.rate"] = p.rate
        self.program = self.net.program("cpp")
        clamped = {pop.clamp.kind: name for name, pop in self.net.populations.items() if pop.clamp is not None}
        labels = np.ascontiguousarray(problem.y.astype(np.int32)[:, None])
        self.inputs = Inputs({clamped["values"]: Rows(problem.x, p.scale, p.offset), clamped["labels"]: Rows(labels)})
        self.readout = Readout.of(self.net)
        self.table = self.readout.table("train")
        self.order = problem.order.reshape(-1, p.batch_size).astype(np.int32)
        plastic = [q for q in self.net.projections.values() if q.plastic]
        self.names = [f"{q.name}.w" for into in ("basal", "apical") for q in plastic if q.into == into]
        self.begin = {k: v for k, v in self.net.state().items() if not k.endswith(".w")}

    def reset(self) -> None:
        self.net.set_state(self.begin)
        for name, value in zip(self.names, self.problem.weights + self.problem.feedback):
            self.net[name] = value

    def present(self, count: int) -> None:
        self.inputs.load(self.program)
        rows = self.order[:count]
        result = self.program.run(self.table, rows, collect=self.readout.collect)
        result.raise_if_diverged()
        answers, shown = self.readout.fields(result).argmax(axis=-1), rows >= 0
        self.error = float(np.mean(answers[shown] != self.problem.y[rows[shown]]))

    def weights(self) -> list[np.ndarray]:
        return [self.net[name] for name in self.names]


if __name__ == "__main__":
    serve(RecircuitTraining, Epoch.load)

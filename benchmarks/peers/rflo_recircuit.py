"""RFLO as a circuit of recircuit, on the backend `cpp`, timed from outside."""

from __future__ import annotations

import sys

import numpy as np
from brian2 import ms

import recircuit as rc
from benchmarks.peers.server import Peer, serve
from benchmarks.recurrent import Problem, Settings
from recircuit.circuits.inputs import as_inputs

UNIT = """
    basal  : 1 (compartment)
    credit : 1 (compartment)
    rate   = rate + (tanh(basal) - rate)/tau : 1 (stored)
    before = rate               : 1 (stored)
    slope  = 1 - tanh(basal)**2 : 1
"""
OUTPUT = """
    basal   : 1 (compartment)
    teacher : 1 (compartment)
    rate  = basal : 1
    error = teacher - basal : 1
"""


def circuit(settings: Settings) -> rc.Circuit:
    """The network; the error of a step reaches the units one step later."""
    p, always = settings, "trial"
    net = rc.Circuit(batch_size=p.batch_size, precision="float32")
    recurrent = rc.Rule(
        "rflo", source="Murray 2019", traces=("p",), parameters=dict(rate=p.rate, tau=p.tau),
        forward="dw = rate*credit_post*p\np = p + (slope_post*before_pre - p)/tau",
    )  # fmt: skip
    readout = rc.Rule(
        "readout", source="Murray 2019", forward="dw = rate*error_post*before_pre", parameters=dict(rate=p.rate_out)
    )
    target = net.target("target", p.outputs, every=1 * ms)
    h, y = net.population("h", p.units, rc.Neuron(UNIT, tau=p.tau)), net.population("y", p.outputs, rc.Neuron(OUTPUT))
    net.connect(h, h, name="W", rule=recurrent, learns=always)
    net.connect(h, y, name="V", rule=readout, learns=always)
    net.connect(target, y, into="teacher", weights=1.0, connectivity=rc.OneToOne())
    net.connect(y, h, name="K", into="credit", sends="error")
    net.phases(always, p.steps * ms)
    return net


class RfloPeer(Peer):
    """A circuit and its program. `present` includes handing over the order and taking the answer."""

    packages = ("recircuit", "brian2", "numpy", "scipy-openblas32")
    backend = "cpp"

    def __init__(self, problem: Problem, mode: str) -> None:
        super().__init__(problem, mode)
        self.net = circuit(self.settings)
        self.program = self.net.program(self.backend)
        self.inputs = as_inputs(self.net, {"target": problem.targets})
        self.inputs.load(self.program)
        self.table = self.net.timetable()

    def reset(self) -> None:
        self.net.reset()
        for name, value in {"W.w": "w", "V.w": "v", "K.w": "k", "h.rate": "h"}.items():
            self.net[name] = getattr(self.problem, value)

    def present(self, count: int) -> None:
        self.program.run(self.table, self.inputs.order(count, self.settings.batch_size)).raise_if_diverged()

    def weights(self) -> list[np.ndarray]:
        return [self.net["W.w"], self.net["V.w"]]


if __name__ == "__main__":
    RfloPeer.backend = sys.argv[1] if len(sys.argv) > 1 else "cpp"
    serve(RfloPeer, Problem.load)

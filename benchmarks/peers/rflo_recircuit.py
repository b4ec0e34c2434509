"""RFLO as a circuit of recircuit, on the backend `cpp`, timed from outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2 import ms

import recircuit as rc
from benchmarks.peers.circuit_peer import CircuitPeer, serve_circuits
from benchmarks.recurrent import Problem, Settings

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
    """Return the network; the error of a step reaches the units one step later."""
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


class RfloPeer(CircuitPeer):
    """RFLO as a circuit."""

    def circuit(self) -> rc.Circuit:
        return circuit(self.settings)

    def data(self) -> Mapping[str, Any]:
        return {"target": self.problem.targets}

    def reset(self) -> None:
        self.net.reset()
        for name, value in {"W.w": "w", "V.w": "v", "K.w": "k", "h.rate": "h"}.items():
            self.net[name] = getattr(self.problem, value)

    def weights(self) -> list[np.ndarray]:
        return [self.net["W.w"], self.net["V.w"]]


if __name__ == "__main__":
    serve_circuits(RfloPeer, Problem.load)

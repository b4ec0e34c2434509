"""Bars as a circuit of recircuit, on the backend `cpp`, timed from outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2 import ms

import recircuit as rc
from benchmarks.bars import Problem, Settings
from benchmarks.peers.circuit_peer import CircuitPeer, serve_circuits

UNIT = """
    seen    : 1 (compartment)
    lateral : 1 (compartment)
    rate    = clip(rate + (seen - lateral - rate)/tau, 0, inf) : 1 (stored)
"""


def circuit(settings: Settings) -> rc.Circuit:
    """Return the network; both kinds of synapses learn in every step."""
    p, always = settings, "trial"
    net = rc.Circuit(batch_size=p.batch_size, precision="float32")
    oja = rc.Rule(
        "oja", source="Oja 1982", forward="dw = (x_pre*rate_post - alpha*rate_post**2*w)/tau",
        parameters=dict(alpha=p.alpha, tau=p.tau_w),
    ).with_weight_limit(0, None)  # fmt: skip
    anti = rc.Rule(
        "anti-hebbian", source="Foldiak 1990", forward="dw = (rate_pre*rate_post - beta*rate_post)/tau",
        parameters=dict(beta=p.beta, tau=p.tau_w),
    ).with_weight_limit(0, None)  # fmt: skip
    x, h = net.stimulus("x", p.side**2), net.population("h", p.units, rc.Neuron(UNIT, tau=p.tau))
    net.connect(x, h, name="Q", into="seen", rule=oja, learns=always)
    net.connect(h, h, name="W", into="lateral", rule=anti, learns=always, autapses=False)
    net.phases(always, p.steps * ms)
    return net


class BarsPeer(CircuitPeer):
    """Bars as a circuit."""

    def circuit(self) -> rc.Circuit:
        return circuit(self.settings)

    def data(self) -> Mapping[str, Any]:
        return {"x": self.problem.x}

    def reset(self) -> None:
        self.net.reset()
        self.net["Q.w"], self.net["W.w"], self.net["h.rate"] = self.problem.q, self.problem.w, 0.0

    def weights(self) -> list[np.ndarray]:
        return [self.net["Q.w"], self.net["W.w"]]


if __name__ == "__main__":
    serve_circuits(BarsPeer, Problem.load)

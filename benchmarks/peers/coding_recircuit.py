"""Discriminative predictive coding as a circuit of recircuit, on the backend `cpp`, timed from outside.

Values and errors take turns, a step each; what is closed in a step costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2 import ms

import recircuit as rc
from benchmarks.coding import Problem, Settings
from benchmarks.peers.circuit_peer import CircuitPeer, serve_circuits
from recircuit.plasticity.modifiers import adam

VALUE = """
    surprise : 1 (compartment)
    back     : 1 (compartment)
    v    = (1 - in_begin)*(v + step*(back*(1 - tanh(v)**2) - surprise)) : 1 (during {during})
    rate = tanh(v) : 1
"""
ERROR = """
    soma  : 1 (compartment)
    guess : 1 (compartment)
    rate  = soma - guess : 1
"""


def circuit(settings: Settings) -> rc.Circuit:
    """Return value units and error units in each layer."""
    p, one_to_one = settings, rc.OneToOne()
    settling = " and ".join(f"values{k}" for k in range(1, p.steps + 1))
    guessing = " and ".join(f"errors{k}" for k in range(p.steps + 1))
    plain = rc.Rule(
        "coding",
        source="Whittington and Bogacz 2017",
        forward="dw = rate*rate_post*x_pre",
        parameters=dict(rate=p.rate),
    )
    rule = plain.modified(adam(p.beta1, p.beta2, p.epsilon))
    neuron = rc.Neuron(VALUE.format(during=f"begin and {settling}"), step=p.step)
    net = rc.Circuit(batch_size=p.batch_size, precision="float32")
    below, s = net.stimulus("x", p.sizes[0]), net.stimulus("s", p.sizes[-1])
    for l, n in enumerate(p.sizes[1:], 1):
        error = net.population(f"e{l}", n, rc.Neuron(ERROR))
        up = net.connect(below, error, name=f"W{l}", into="guess", rule=rule.forward, during=guessing)
        if l > 1:
            net.connect(error, below, name=f"E{l}", into="back", weights=up.T, during=settling)
        value = s if l == p.layers else net.population(f"v{l}", n, neuron)
        sends = None if value is s else "v"
        net.connect(value, error, into="soma", sends=sends, during=guessing, weights=1.0, connectivity=one_to_one)
        if value is not s:
            net.connect(error, value, into="surprise", during=settling, weights=1.0, connectivity=one_to_one)
        below = value
    turns = [name for k in range(1, p.steps + 1) for name in (f"values{k}", f"errors{k}")]
    net.phases(*(a for name in ["begin", "errors0", *turns, "plasticity"] for a in (name, 1 * ms)))
    return net


class CodingPeer(CircuitPeer):
    """Predictive coding as a circuit."""

    def circuit(self) -> rc.Circuit:
        return circuit(self.settings)

    def data(self) -> Mapping[str, Any]:
        return {"x": self.problem.x, "s": self.problem.s}

    def reset(self) -> None:
        self.net.reset()
        for l, w in enumerate(self.problem.w, 1):
            self.net[f"W{l}.w"] = w

    def weights(self) -> list[np.ndarray]:
        return [self.net[f"W{l}.w"] for l in range(1, self.settings.layers + 1)]


if __name__ == "__main__":
    serve_circuits(CodingPeer, Problem.load)

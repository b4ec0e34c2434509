"""A neural field as a circuit of recircuit, on the backend `cpp`, timed from outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2 import ms

import recircuit as rc
from benchmarks.field import Problem, Settings
from benchmarks.peers.circuit_peer import CircuitPeer, serve_circuits

UNIT = """
    seen    : 1 (compartment)
    lateral : 1 (compartment)
    rate    = clip(rate + (seen + lateral - rate)/tau, 0, 1) : 1 (stored)
"""


def circuit(settings: Settings, weights: np.ndarray) -> rc.Circuit:
    """Return the stimulus and the field."""
    n = settings.side**2
    net = rc.Circuit(batch_size=settings.batch_size, precision="float32")
    x, field = net.stimulus("x", n), net.population("field", n, rc.Neuron(UNIT, tau=settings.tau))
    net.connect(x, field, into="seen", weights=1.0, connectivity=rc.OneToOne())
    net.connect(field, field, into="lateral", weights=weights)
    net.phases("trial", settings.steps * ms)
    return net


class FieldPeer(CircuitPeer):
    """The field as a circuit."""

    def circuit(self) -> rc.Circuit:
        return circuit(self.settings, self.problem.w)

    def data(self) -> Mapping[str, Any]:
        return {"x": self.problem.x}

    def reset(self) -> None:
        self.net.reset()
        self.net["field.rate"] = 0.0

    def weights(self) -> list[np.ndarray]:
        return [self.net["field.rate"]]


if __name__ == "__main__":
    serve_circuits(FieldPeer, Problem.load)

"""Burst-dependent plasticity against a loop written from the paper's rate form."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np


def sigmoid(u: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-u))


def test_burst_plasticity(example: Callable[[str], ModuleType]) -> None:
    sizes, rates = (6, 5, 4, 3), (40.0, 10.0, 2.0)
    net = example("burst_plasticity").network(sizes, rates, batch_size=4)
    w = [net[f"W{k}.w"].copy() for k in (1, 2, 3)]
    y = [net[f"Y{k}.w"].copy() for k in (2, 3)]
    b, first = [np.zeros(n) for n in sizes[1:]], w[0].copy()
    random = np.random.default_rng(1)
    x, labels = random.normal(size=(800, 6)), random.integers(3, size=800)
    net.run({"x": x, "s": labels})

    def bursts(e: list[np.ndarray], top: np.ndarray) -> list[np.ndarray]:
        found = [top * e[3]]
        for layer in (2, 1):
            found.insert(0, sigmoid((1 - e[layer]) * (found[0] @ y[layer - 1].T)) * e[layer])
        return found

    for shown, wanted in zip(x.reshape(-1, 4, 6), np.eye(3)[labels].reshape(-1, 4, 3)):
        e = [shown]
        for weights, bias in zip(w, b):
            e.append(sigmoid(e[-1] @ weights.T + bias))
        free = bursts(e, np.full((4, 3), 0.5))
        taught = bursts(e, 0.5 + (1 - e[3]) * (wanted - e[3]))
        for k in range(3):
            change = taught[k] - free[k]
            w[k] += rates[k] * change.T @ e[k] / 4
            b[k] += rates[k] * change.mean(axis=0)
    for k in (1, 2, 3):
        assert np.abs(net[f"W{k}.w"] - w[k - 1]).max() < 1e-10
        assert np.abs(net[f"b{k}.w"].ravel() - b[k - 1]).max() < 1e-10
    assert np.abs(w[0] - first).max() > 0.02

"""Apical plateaus against a loop written from the paper's mean rates."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np


def sigmoid(u: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-u))


def test_apical_amplification(example: Callable[[str], ModuleType]) -> None:
    net = example("apical_amplification").network((6, 5, 3), rate=0.5, batch_size=4)
    u, v, y = net["x_to_h.w"].copy(), net["h_to_o.w"].copy(), net["o_to_h.w"].copy()
    first, b, c = u.copy(), np.zeros(5), np.zeros(3)
    random = np.random.default_rng(1)
    x, labels = random.normal(size=(800, 6)), random.integers(3, size=800)
    net.run({"x": x, "s": labels})
    for shown, wanted in zip(x.reshape(-1, 4, 6), np.eye(3)[labels].reshape(-1, 4, 3)):
        h = sigmoid(shown @ u.T + b)
        o = sigmoid(h @ v.T + c)
        hidden = (sigmoid(wanted @ y.T) - sigmoid(o @ y.T)) * h * (1 - h)
        output = (wanted - o) * o * (1 - o)
        u += 0.5 * hidden.T @ shown / 4
        v += 0.5 * output.T @ h / 4
        b += 0.5 * hidden.mean(axis=0)
        c += 0.5 * output.mean(axis=0)
    assert np.abs(net["x_to_h.w"] - u).max() < 1e-10 and np.abs(u - first).max() > 0.1
    assert np.abs(net["h_to_o.w"] - v).max() < 1e-10 and np.abs(net["o_to_h.w"] - y).max() == 0
    assert np.abs(net["one_to_h.w"].ravel() - b).max() < 1e-10 and np.abs(net["one_to_o.w"].ravel() - c).max() < 1e-10

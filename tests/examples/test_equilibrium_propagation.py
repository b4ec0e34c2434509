"""Equilibrium propagation against a loop written from the paper."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np


def test_equilibrium_propagation(example: Callable[[str], ModuleType]) -> None:
    """Both layers take a step at once; the signs of beta are those that the circuit drew."""
    net = example("equilibrium_propagation").network((6, 5, 3), (0.3, 0.2), batch_size=4)
    u, v = net["x_to_h.w"].copy(), net["h_to_o.w"].copy()
    first, b, c = u.copy(), np.zeros(5), np.zeros(3)
    random = np.random.default_rng(1)
    x, labels = random.uniform(0, 1, (400, 6)), random.integers(3, size=400)
    trace = net.run({"x": x, "s": labels}, record=["coin.rate"], elements="all")
    signs = trace["coin.rate"].reshape(100, 25, 4)[:, -1, :, None]
    h, y = np.zeros((4, 5)), np.zeros((4, 3))

    def settle(steps: int, nudge: np.ndarray, wanted: np.ndarray) -> None:
        nonlocal h, y
        for _ in range(steps):
            to_h, to_y = shown @ u.T + y @ v + b - h, h @ v.T + c + nudge * (wanted - y) - y
            h, y = np.clip(h + 0.5 * to_h, 0, 1), np.clip(y + 0.5 * to_y, 0, 1)

    for shown, wanted, sign in zip(x.reshape(-1, 4, 6), np.eye(3)[labels].reshape(-1, 4, 3), signs):
        settle(20, np.zeros((4, 1)), wanted)
        free_h, free_y = h, y
        settle(4, 0.5 * sign, wanted)
        scale = 1 / (0.5 * sign) / 4
        u += 0.3 * ((h - free_h) * scale).T @ shown
        v += 0.2 * ((y * scale).T @ h - (free_y * scale).T @ free_h)
        b += 0.3 * ((h - free_h) * scale).sum(axis=0)
        c += 0.2 * ((y - free_y) * scale).sum(axis=0)
    assert set(np.unique(signs)) == {-1, 1}
    assert np.abs(net["x_to_h.w"] - u).max() < 1e-10 and np.abs(u - first).max() > 0.1
    assert np.abs(net["h_to_o.w"] - v).max() < 1e-10 and np.abs(net["o_to_h.w"] - v.T).max() < 1e-10
    assert np.abs(net["one_to_h.w"].ravel() - b).max() < 1e-10 and np.abs(net["one_to_o.w"].ravel() - c).max() < 1e-10

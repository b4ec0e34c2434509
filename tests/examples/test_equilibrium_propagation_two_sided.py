"""Two-sided equilibrium propagation against a loop written from the paper."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest


@pytest.mark.parametrize("sides", [1, 2])
def test_both_sides(example: Callable[[str], ModuleType], sides: int) -> None:
    net = example("equilibrium_propagation_two_sided").network((6, 5, 3), sides, beta=0.4, rate=0.3, batch_size=4)
    u, v = net["x_to_h.w"].copy(), net["h_to_o.w"].copy()
    first, b, c = u.copy(), np.zeros(5), np.zeros(3)
    random = np.random.default_rng(1)
    x, labels = random.uniform(0, 1, (400, 6)), random.integers(3, size=400)
    net.run({"x": x, "s": labels})

    def settled(
        h: np.ndarray, o: np.ndarray, steps: int, beta: float, goal: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        for _ in range(steps):
            to_h, to_o = rows @ u.T + o @ v + b, h @ v.T + c + beta * (goal - o)
            h, o = (s + 0.5 * (1 / (1 + np.exp(-field)) - s) for s, field in ((h, to_h), (o, to_o)))
        return h, o

    h, o = np.zeros((4, 5)), np.zeros((4, 3))
    for rows, goal in zip(x.reshape(-1, 4, 6), np.eye(3)[labels].reshape(-1, 4, 3)):
        free = settled(h, o, 20, 0.0, goal)
        plus, (h, o) = settled(*free, 10, 0.4, goal), settled(*free, 10, -0.4, goal)
        low, scale = ((h, o), 0.3 / 0.8 / 4) if sides == 2 else (free, 0.3 / 0.4 / 4)
        u += scale * (plus[0] - low[0]).T @ rows
        v += scale * (plus[1].T @ plus[0] - low[1].T @ low[0])
        b += scale * (plus[0] - low[0]).sum(axis=0)
        c += scale * (plus[1] - low[1]).sum(axis=0)
    for name, wanted in (("x_to_h", u), ("h_to_o", v), ("o_to_h", v.T)):
        assert np.abs(net[f"{name}.w"] - wanted).max() < 1e-10
    assert np.abs(net["one_to_h.w"].ravel() - b).max() < 1e-10 and np.abs(net["one_to_o.w"].ravel() - c).max() < 1e-10
    assert np.abs(u - first).max() > 0.05

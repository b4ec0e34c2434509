"""The self-organising map against a loop written from the paper."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np


def test_self_organising_map(example: Callable[[str], ModuleType]) -> None:
    """The winner is shared where answers are nearly equal, as the circuit has it."""
    module = example("self_organising_map")
    net = module.network(3, 4)
    w = net["x_to_h.w"].copy()
    first = w.copy()
    shown = module.points(400, np.random.default_rng(2))
    net.run(shown)
    place = [(k // 4, k % 4) for k in range(16)]
    near = np.array([[np.exp(-((a - c) ** 2 + (b - d) ** 2) / (2 * 2.0**2)) for c, d in place] for a, b in place])
    clear = 0
    for x in shown:
        e = np.exp(500 * (w @ x - 1))
        share = e / e.sum()
        clear += share.max() > 0.99
        w += 0.2 * (near @ share)[:, None] * (x - w)
        w /= np.linalg.norm(w, axis=1, keepdims=True)
    assert np.abs(net["x_to_h.w"] - w).max() < 1e-10 and np.abs(w - first).max() > 0.2
    assert clear > 50


def test_a_sharp_winner_takes_all(example: Callable[[str], ModuleType]) -> None:
    """The rule is then Kohonen's own, with the unit of the largest answer as the winner."""
    module = example("self_organising_map")
    net = module.network(3, 2)
    net["h.sharpness"] = 3e3
    net["hood.w"] = np.eye(4)
    w = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.6, 0.8, 0]])
    net["x_to_h.w"] = w
    x = np.array([0.8, 0.0, 0.6])
    net.run(x[None])
    wanted = w.copy()
    wanted[0] += 0.2 * (x - w[0])
    wanted[0] /= np.linalg.norm(wanted[0])
    assert np.abs(net["x_to_h.w"] - wanted).max() < 1e-10

"""Foldiak's network against a loop written from the paper."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np


def test_foldiak_bars(example: Callable[[str], ModuleType]) -> None:
    """The inhibition of a step is that of the activities one step before, so the loop is Euler's method with a step of 0.1."""
    module = example("foldiak_bars")
    net = module.network(inputs=16, units=6)
    q, w, t = net["x_to_h.w"].copy(), np.zeros((6, 6)), np.full(6, 0.7)
    shown, _ = module.bars(400, 4, np.random.default_rng(2))
    net.run(shown)
    fired = 0.0
    for x in shown:
        rate = np.zeros(6)
        for _ in range(60):
            rate = rate + 0.1 * (1 / (1 + np.exp(-10 * (q @ x + w @ rate - t))) - rate)
        y = (rate > 0.5).astype(float)
        q += 0.02 * y[:, None] * (x - q)
        w = np.minimum(w - 0.1 * (np.outer(y, y) - 1 / 64), 0)
        np.fill_diagonal(w, 0)
        t += 0.02 * (y - 1 / 8)
        fired += y.mean() / len(shown)
    assert np.abs(net["x_to_h.w"] - q).max() < 1e-10
    assert np.abs(net["h_to_h.w"] - w).max() < 1e-10 and w.min() < -0.1
    assert np.abs(net["h.threshold"] - t).max() < 1e-10 and fired > 0.05

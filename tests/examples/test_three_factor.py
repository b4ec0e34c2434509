"""The three-factor rule against a loop written from the papers."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np


def test_three_factor(example: Callable[[str], ModuleType]) -> None:
    """The actions are those that the circuit drew; everything else is computed here, also the reward."""
    net = example("three_factor").three_factor(6, 3, delay=4, batch_size=5)
    random = np.random.default_rng(4)
    x, wanted = random.normal(size=(500, 6)), random.integers(2, size=(500, 3)).astype(float)
    trace = net.run({"x": x, "wanted": wanted}, record=["actor.rate"], elements="all")
    actions = trace["actor.rate"].reshape(100, 8, 5, 3)[:, -1]
    w, el, expected, keep = np.zeros((3, 6)), np.zeros((5, 3, 6)), 0.0, 1 - 1 / 20
    for shown, right, a in zip(x.reshape(-1, 5, 6), wanted.reshape(-1, 5, 3), actions):
        p = 1 / (1 + np.exp(-shown @ w.T))
        el = keep**2 * el + (a - p)[:, :, None] * shown[:, None]
        reward = np.mean(a == right, axis=1)
        delta, expected = reward - expected, expected + 0.05 * np.mean(reward - expected)
        el *= keep ** (4 + 2)
        w += 2.0 * np.mean(delta[:, None, None] * el, axis=0)
    assert np.abs(net["x_to_actor.w"] - w).max() < 1e-10
    assert np.abs(net["critic.expected"] - expected).max() < 1e-10
    assert np.abs(w).max() > 0.5

"""Oja's and Sanger's rules against loops written from the papers."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np

X = np.random.default_rng(5).normal(size=(1200, 6)) * [1.5, 1.2, 1, 0.8, 0.5, 0.3]


def test_oja(example: Callable[[str], ModuleType]) -> None:
    module = example("oja_sanger")
    net = module.oja(6, batch_size=4)
    w = net["x_to_y.w"][0].copy()
    net.run(X)
    for batch in X.reshape(-1, 4, 6):
        y = batch @ w
        w += 0.05 * np.mean(y[:, None] * (batch - y[:, None] * w), axis=0)
    assert np.abs(net["x_to_y.w"][0] - w).max() < 1e-10


def test_sanger(example: Callable[[str], ModuleType]) -> None:
    module = example("oja_sanger")
    net = module.sanger(6, 3, batch_size=4)
    w = np.vstack([net[f"w{k}.w"] for k in (1, 2, 3)])
    net.run(X)
    for batch in X.reshape(-1, 4, 6):
        y = batch @ w.T
        up_to = np.tril(np.ones((3, 3)))
        changes = [np.outer(v, x) - (up_to * np.outer(v, v)) @ w for v, x in zip(y, batch)]
        w += 0.05 * np.mean(changes, axis=0)
    for k in (1, 2, 3):
        assert np.abs(net[f"w{k}.w"][0] - w[k - 1]).max() < 1e-10
        assert np.abs(net[f"r{k}.w"][:, 0] - w[k - 1]).max() < 1e-10

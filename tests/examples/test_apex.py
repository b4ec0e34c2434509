"""APEX against a loop written from the paper."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np


def test_apex(example: Callable[[str], ModuleType]) -> None:
    net = example("apex").apex(6, 3, batch_size=4)
    samples = np.random.default_rng(5).normal(size=(1200, 6)) * [1.5, 1.2, 1, 0.8, 0.5, 0.3]
    w, c = net["x_to_y.w"].copy(), np.zeros((3, 3))
    first, largest = w.copy(), 0.0
    net.run(samples)
    for batch in samples.reshape(-1, 4, 6):
        y = batch @ w.T
        for j in range(1, 3):
            y[:, j] -= y[:, :j] @ c[j, :j]
        square = np.mean(y**2, axis=0)[:, None]
        w += 0.05 * (y.T @ batch / 4 - square * w)
        c += np.tril(0.05 * (y.T @ y / 4 - square * c), -1)
        largest = max(largest, np.abs(c).max())
    assert np.abs(net["x_to_y.w"] - w).max() < 1e-10 and np.abs(w - first).max() > 0.5
    assert np.abs(net["y_to_y.w"] - c).max() < 1e-10 and largest > 0.1

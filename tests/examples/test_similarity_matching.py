"""Similarity matching against the paper's loop, which solves for the settled activity."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np


def test_similarity_matching(example: Callable[[str], ModuleType]) -> None:
    module = example("similarity_matching")
    samples, _ = module.data(600, 6, 3, np.random.default_rng(2))
    net = module.network(6, 3, settling=120, batch_size=4)
    w, m, d = net["x_to_y.w"].copy(), np.zeros((3, 3)), np.full(3, 10.0)
    first = w.copy()
    net.run(samples)
    for x in samples.reshape(-1, 4, 6):
        y = np.linalg.solve(np.eye(3) + m, w @ x.T).T
        d += np.mean(y**2, axis=0)
        square = np.mean(y**2, axis=0)[:, None]
        w += (y.T @ x / 4 - square * w) / d[:, None]
        m += (y.T @ y / 4 - square * m) / d[:, None]
        np.fill_diagonal(m, 0)
    assert np.abs(net["x_to_y.w"] - w).max() < 1e-10 and np.abs(w - first).max() > 0.3
    assert np.abs(net["y_to_y.w"] - m).max() < 1e-10
    assert np.abs(net["y.activity"] - d).max() < 1e-10

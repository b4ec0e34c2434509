"""Non-negative matrix factorisation against the updates of the paper."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np


def test_non_negative_factors(example: Callable[[str], ModuleType]) -> None:
    """Images are columns of V, as in the paper."""
    net = example("non_negative_factors").factors(7, 6, 3)
    v = np.random.default_rng(3).uniform(0.1, 1, (6, 7))
    w, h = net["h_to_x.w"].copy(), net["h.rate"].T.copy()
    first = w.copy()
    for _ in range(30):
        net.run(v.T)
        h *= w.T @ (v / (w @ h + 1e-12))
        w *= (v / (w @ h + 1e-12)) @ h.T
        w /= w.sum(axis=0)
        assert np.abs(net["h_to_x.w"] - w).max() < 1e-10
        assert np.abs(net["x_to_h.w"] - w.T).max() < 1e-10
        assert np.abs(net["h.rate"] - h.T).max() < 1e-10
    assert np.abs(w - first).max() > 0.05

"""The BCM network with lateral inhibition against a loop written from the paper."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np


def test_ibcm(example: Callable[[str], ModuleType]) -> None:
    module = example("ibcm")
    net = module.network(8, 3, eta=0.2, rule=module.IBCM.with_parameters(rate=0.01))
    w, theta = net["x_to_h.w"].copy(), np.zeros(3)
    first = w.copy()
    shown = module.patterns(5, 8)[np.random.default_rng(2).integers(5, size=1500)]
    net.run(shown)
    for x in shown.reshape(-1, 5, 8):
        c = x @ w.T
        rate = np.stack([c[:, k] - 0.2 * np.delete(c, k, axis=1).sum(axis=1) for k in range(3)], axis=1)
        theta += 0.1 * (np.mean(rate**2, axis=0) - theta)
        phi = rate * (rate - theta)
        credit = np.stack([phi[:, k] - 0.2 * np.delete(phi, k, axis=1).sum(axis=1) for k in range(3)], axis=1)
        w += 0.01 * credit.T @ x / 5
    assert np.abs(net["x_to_h.w"] - w).max() < 1e-10 and np.abs(w - first).max() > 0.2
    assert np.abs(net["h.theta"] - theta).max() < 1e-10

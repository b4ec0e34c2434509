"""The BCM rule against a loop written from the paper."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np


def test_bcm(example: Callable[[str], ModuleType]) -> None:
    """The threshold first follows the mean square of the answers in the batch; then all weights change."""
    module = example("bcm")
    shown = module.patterns(5, 8)[np.random.default_rng(2).integers(5, size=1500)]
    net = module.bcm(8, 3, module.BCM.with_parameters(rate=0.01), batch_size=5)
    net["h.pace"] = 0.1
    w, theta = net["x_to_h.w"].copy(), np.zeros(3)
    net.run(shown)
    for x in shown.reshape(-1, 5, 8):
        y = x @ w.T
        theta += 0.1 * (np.mean(y**2, axis=0) - theta)
        w += 0.01 * (y * (y - theta)).T @ x / 5
    assert np.abs(net["x_to_h.w"] - w).max() < 1e-10
    assert np.abs(net["h.theta"] - theta).max() < 1e-10
    assert np.abs(w).max() > 0.2

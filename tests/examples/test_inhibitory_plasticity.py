"""Inhibitory plasticity against a loop written from the paper."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np


def test_inhibitory_plasticity(example: Callable[[str], ModuleType]) -> None:
    """An interneuron sends what it has received in the step before."""
    module = example("inhibitory_plasticity")
    net = module.balanced(4, 2, batch_size=2)
    shown = np.random.default_rng(2).uniform(0, 2, (40, 4))
    excitation, w = net["x_to_cell.w"], net["i_to_cell.w"].copy()
    net.run(shown)
    rate, inner = np.zeros((2, 2)), np.zeros((2, 4))
    for x in shown.reshape(-1, 2, 4):
        for _ in range(100):
            drive = x @ excitation.T - inner @ w.T
            rate, inner = rate + (np.maximum(drive, 0) - rate) / 10, x
            w = np.maximum(0, w + 1e-3 * 0.5 * ((rate - 0.1)[:, :, None] * inner[:, None, :]).mean(axis=0))
    assert np.abs(net["i_to_cell.w"] - w).max() < 1e-10
    assert np.abs(net["cell.rate"] - rate).max() < 1e-10
    assert np.abs(w - 0.3).max() > 0.1

"""Synaptic scaling against a loop written from the papers."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest


@pytest.mark.parametrize("kind", ["RATE_SCALED", "WEIGHT_SCALED"])
def test_synaptic_scaling(example: Callable[[str], ModuleType], kind: str) -> None:
    """There are 500 stimuli in batches of five; the mean rate is shared by the batch."""
    module = example("synaptic_scaling")
    net = module.scaled(6, 3, getattr(module, kind).with_parameters(eta=0.01), batch_size=5)
    w, mean, first = net["x_to_h.w"].copy(), np.full(3, 2.0), net["x_to_h.w"].copy()
    x = np.random.default_rng(2).uniform(0, 2, (500, 6))
    net.run(x)
    for shown in x.reshape(-1, 5, 6):
        y = shown @ w.T
        mean = mean + 0.02 * (y.mean(axis=0) - mean)
        w += 0.01 * y.T @ shown / 5
        if kind == "RATE_SCALED":
            w += 0.005 * (w - 0.01 * y.T @ shown / 5) * (2 - mean[:, None]) / 2
        else:
            w *= 2 / w.sum(axis=1, keepdims=True)
    assert np.abs(net["x_to_h.w"] - w).max() < 1e-10
    assert np.abs(net["h.mean"] - mean).max() < 1e-10
    assert np.abs(w - first).max() > 0.1

"""Divisive normalisation against a loop written from the papers."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np


def test_divisive_normalisation(example: Callable[[str], ModuleType]) -> None:
    """There are 600 stimuli in batches of four; some of the weights are held at zero."""
    random = np.random.default_rng(5)
    usual = random.uniform(0, 0.3, (6, 6))
    net = example("divisive_normalisation").normalised(6, usual, batch_size=4)
    tuned, n = net["x_to_h.w"].copy(), net["pool.w"].copy()
    x = random.uniform(-1, 1, (600, 6))
    net.run(x)
    for shown in x.reshape(-1, 4, 6):
        drive = np.maximum(0, shown @ tuned.T) ** 2
        y = drive / (0.3**2 + drive @ n.T)
        n = np.maximum(0, n + (y.T @ y / 4 - usual))
    assert np.abs(net["pool.w"] - n).max() < 1e-10
    assert np.any(n == 0) and np.any(n > 1.5)

"""Competing hidden units against a loop written from the paper."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np


def test_competing_hidden_units(example: Callable[[str], ModuleType]) -> None:
    net = example("competing_hidden_units").competing(6, 5, batch_size=3)
    shown = np.random.default_rng(2).normal(size=(300, 6))
    w = net["x_to_h.w"].copy()
    first = w.copy()
    net.run(shown)
    for x in shown.reshape(-1, 3, 6):
        change = np.zeros_like(w)
        for row in x:
            y = w @ row
            order = np.argsort(-y)
            for unit, g in ((order[0], 1.0), (order[1], -0.2)):
                change[unit] += g * (row - y[unit] * w[unit])
        w = w + 0.2 * change / 3
    assert np.abs(net["x_to_h.w"] - w).max() < 1e-10
    assert np.abs(w - first).max() > 0.2

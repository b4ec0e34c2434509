"""The neural field against a loop written from ANNarchy's example."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np


def test_neural_field(example: Callable[[str], ModuleType]) -> None:
    """There are 300 steps with two bumps, with the noise that the circuit drew; the input reaches the field one step later."""
    module, side = example("neural_field"), 8
    shown, _ = module.bumps(side, 300, 2, alone=100)
    net = module.field(side)
    trace = net.run({"x": shown}, record=["x.noise", "focus.noise", "focus.rate"])
    units = [(a, b) for a in range(side) for b in range(side)]
    w = np.zeros((side**2, side**2))
    for i, one in enumerate(units):
        for j, other in enumerate(units):
            d2 = ((one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2) / (side - 1) ** 2
            weight = 0.2 * np.exp(-d2 / (2 * 0.1**2)) - 0.1 * np.exp(-d2 / (2 * 0.7**2))
            w[i, j] = weight if i != j and abs(weight) >= 0.01 * 0.2 else 0
    r, seen, drawn, largest = np.zeros(side**2), np.zeros(side**2), np.zeros(side**2), 0.0
    for step in range(300):
        seen = np.maximum(0, shown[step] + (trace["x.noise"][step - 1] if step else 0))
        r = np.clip(r + (seen + w @ r + drawn - r) / 10, 0, 1)
        drawn = trace["focus.noise"][step]
        largest = max(largest, np.abs(trace["focus.rate"][step] - r).max())
    assert largest < 1e-10
    assert np.abs(trace["x.noise"]).max() <= 0.5 and trace["x.noise"].std() > 0.28
    assert r.max() > 0.3

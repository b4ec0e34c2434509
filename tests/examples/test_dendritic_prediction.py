"""The dendritic prediction of the soma against a loop written from the paper."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
from brian2 import Hz, ms


def test_dendritic_prediction(example: Callable[[str], ModuleType]) -> None:
    """The loop is Euler's method; a dendrite receives the inputs of the step before."""
    module = example("dendritic_prediction")
    net = module.cell(4, module.RULE.with_parameters(eta=40 * Hz))
    random = np.random.default_rng(1)
    x, excite, inhibit = random.uniform(0, 2, (40, 4)), random.uniform(0, 1, (40, 1)), random.uniform(0, 1, (40, 1))
    net.run({"x": x, "excite": excite, "inhibit": inhibit}, 40 * ms)
    w, p, u = np.zeros(4), np.zeros(4), 0.0

    def phi(potential: float) -> float:
        return 1 / (1 + np.exp(-5 * (potential - 1)))

    for step in range(200):
        row = step // 5
        v = w @ p
        u += 0.2 * (-0.1 * u + 1.8 * (v - u) + excite[row, 0] * (4.67 - u) + inhibit[row, 0] * (-0.33 - u))
        p = p + 0.2 / 5 * (x[row] - p)
        alone = 1.8 / 1.9 * v
        slope = np.exp(-5 * (alone - 1)) * 5 * phi(alone) ** 2
        w = w + 0.2e-3 * 40 * (phi(u) - phi(alone)) * slope / phi(alone) * p
    assert np.abs(net["x_to_cell.w"] - w).max() < 1e-10
    assert np.abs(net["cell.U"] - u).max() < 1e-10
    assert np.abs(w).max() > 0.05

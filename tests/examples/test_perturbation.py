"""Node and weight perturbation against loops written from the paper, which are given the noise that was drawn."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest


@pytest.mark.parametrize("batch_size", [1, 4])
@pytest.mark.parametrize("method", ["gradient", "node perturbation", "weight perturbation"])
def test_perturbation(example: Callable[[str], ModuleType], method: str, batch_size: int) -> None:
    """Batch elements share the noise of their weights, and each has its own noise of its units."""
    module = example("perturbation")
    rule, _, _ = module.methods(5, 3)[method]
    rule = rule.with_parameters(rate=0.01, **({"sd": 0.1} if "sd" in rule.parameters else {}))
    net = module.network(5, 3, rule, 0.1 if method == "node perturbation" else 1e-13, batch_size)
    random = np.random.default_rng(1)
    goal, w = random.normal(size=(3, 5)), np.zeros((3, 5))
    for _ in range(200):
        x = random.normal(size=(batch_size, 5))
        wanted = x @ goal.T
        net.run({"x": x, "s": wanted})
        miss = wanted - x @ w.T
        before = (miss**2).sum(axis=1) / 2
        if method == "gradient":
            w = w + 0.01 * miss.T @ x / batch_size
        elif method == "node perturbation":
            noise = net["o.noise"]
            rise = ((miss - noise) ** 2).sum(axis=1) / 2 - before
            w = w - 0.01 * (rise[:, None] * noise / 0.1**2).T @ x / batch_size
        else:
            noise = net["x_to_o.noise"]
            rise = ((miss - x @ noise.T) ** 2).sum(axis=1) / 2 - before
            w = w - 0.01 * rise.mean() * noise / 0.1**2
    assert np.abs(net["x_to_o.w"] - w).max() < 1e-10
    assert np.abs(w).max() > 0.1

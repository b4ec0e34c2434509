"""Sign-concordant feedback against a loop written from the paper."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest


@pytest.mark.parametrize("name", ["signs", "signs, Batch Manhattan"])
def test_sign_symmetry(example: Callable[[str], ModuleType], name: str) -> None:
    """In the first presentation the weights have sent nothing yet, and nothing comes down."""
    module = example("sign_symmetry")
    rule = module.RULES[name].with_parameters(rate=0.05 if name == "signs" else 0.005, size=0.3)
    net = module.network((6, 5, 4, 3), rule, batch_size=4)
    names = ("x_to_h1", "h1_to_h2", "h2_to_o")
    weights = [net[f"{name}.w"].copy() for name in names]
    first = [w.copy() for w in weights]
    random = np.random.default_rng(1)
    x, labels = random.normal(size=(800, 6)), random.integers(3, size=800)
    net.run({"x": x, "s": labels})
    signs = [np.zeros_like(w) for w in weights]
    for shown, wanted in zip(x.reshape(-1, 4, 6), np.eye(3)[labels].reshape(-1, 4, 3)):
        h1 = np.tanh(shown @ weights[0].T)
        h2 = np.tanh(h1 @ weights[1].T)
        top = wanted - 1 / (1 + np.exp(-h2 @ weights[2].T))
        middle = (1 - h2**2) * (top @ signs[2])
        low = (1 - h1**2) * (middle @ signs[1])
        for w, error, below in zip(weights, (low, middle, top), (shown, h1, h2)):
            mean = error.T @ below / 4
            w += 0.05 * mean if name == "signs" else 0.005 * np.sign(mean)
        signs = [0.3 * np.sign(w) for w in weights]
    for key, w, before in zip(names, weights, first):
        assert np.abs(net[f"{key}.w"] - w).max() < 1e-10
        assert np.abs(w - before).max() > 0.05

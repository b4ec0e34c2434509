"""PEPITA against a loop written from the paper."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest


@pytest.mark.parametrize("sizes", [(6, 5, 3), (6, 5, 4, 3)])
def test_pepita(example: Callable[[str], ModuleType], sizes: tuple[int, ...]) -> None:
    module = example("pepita")
    net = module.network(sizes, module.RULE.with_parameters(rate=0.1), batch_size=4)
    net["F.w"] = 10 * net["F.w"]
    layers = ["x", *(f"h{k}" for k in range(1, len(sizes) - 1)), "o"]
    w = [net[f"{pre}_to_{post}.w"].copy() for pre, post in zip(layers, layers[1:])]
    first, back = [weights.copy() for weights in w], net["F.w"]
    random = np.random.default_rng(1)
    x, labels = random.normal(size=(400, sizes[0])), random.integers(3, size=400)
    net.run({"x": x, "s": labels})

    def hidden(shown: np.ndarray) -> list[np.ndarray]:
        rates = [shown]
        for weights in w[:-1]:
            rates.append(np.maximum(rates[-1] @ weights.T, 0))
        return rates

    for shown, wanted in zip(x.reshape(-1, 4, sizes[0]), np.eye(3)[labels].reshape(-1, 4, 3)):
        h = hidden(shown)
        o = np.exp(h[-1] @ w[-1].T)
        e = o / o.sum(axis=1, keepdims=True) - wanted
        again = hidden(shown + e @ back.T)
        deltas = [*(one - other for one, other in zip(h[1:], again[1:])), e]
        for weights, delta, below in zip(w, deltas, again):
            weights -= 0.1 * delta.T @ below / 4
    for pre, post, weights, before in zip(layers, layers[1:], w, first):
        assert np.abs(net[f"{pre}_to_{post}.w"] - weights).max() < 1e-10
        assert np.abs(weights - before).max() > 0.05

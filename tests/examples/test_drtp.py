"""Direct random target projection against a loop written from the paper."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest


@pytest.mark.parametrize("hears", ["target", "error", "nothing"])
def test_drtp(example: Callable[[str], ModuleType], hears: str) -> None:
    """The weights are those of the loop, which brings to the hidden layers the target, the error, or nothing."""
    module = example("drtp")
    net = module.network((6, 5, 4, 3), hears, module.RULE.with_parameters(rate=0.2), batch_size=4)
    layers = ["x", "h1", "h2", "o"]
    w = [net[f"{pre}_to_{post}.w"].copy() for pre, post in zip(layers, layers[1:])]
    b, first = [np.zeros(len(weights)) for weights in w], [weights.copy() for weights in w]
    sender = {"target": "s", "error": "o"}.get(hears)
    back = [net[f"{sender}_to_{name}.w"] if sender else np.zeros((n, 3)) for name, n in (("h1", 5), ("h2", 4))]
    random = np.random.default_rng(1)
    x, labels = random.normal(size=(400, 6)), random.integers(3, size=400)
    net.run({"x": x, "s": labels})
    for shown, wanted in zip(x.reshape(-1, 4, 6), np.eye(3)[labels].reshape(-1, 4, 3)):
        h1 = np.tanh(shown @ w[0].T + b[0])
        h2 = np.tanh(h1 @ w[1].T + b[1])
        o = 1 / (1 + np.exp(-(h2 @ w[2].T + b[2])))
        signal = wanted - o if hears == "error" else wanted
        deltas = [(signal @ back[0].T) * (1 - h1**2), (signal @ back[1].T) * (1 - h2**2), wanted - o]
        for weights, bias, delta, below in zip(w, b, deltas, (shown, h1, h2)):
            weights += 0.2 * delta.T @ below / 4
            bias += 0.2 * delta.mean(axis=0)
    for pre, post, weights, bias, before in zip(layers, layers[1:], w, b, first):
        assert np.abs(net[f"{pre}_to_{post}.w"] - weights).max() < 1e-10
        assert np.abs(net[f"one_to_{post}.w"].ravel() - bias).max() < 1e-10
        assert (np.abs(weights - before).max() > 0.1) == (hears != "nothing" or post == "o")

"""Difference target propagation against a loop written from the paper, which is given the noise that was drawn."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest


@pytest.mark.parametrize("exact", [False, True])
def test_target_propagation(example: Callable[[str], ModuleType], exact: bool) -> None:
    """If it is exact, the target of the highest hidden layer is that of a step down the gradient, as in the paper."""
    module = example("target_propagation")
    rule = module.DTP.with_parameters(rate=0.1, feedback_rate=0.1)
    net = module.network((6, 5, 4, 3), rule, exact=exact, batch_size=4)
    names = ("x_to_h1", "h1_to_h2", "h2_to_o", "h2_to_h1", "o_to_h2")
    first = [net[f"{name}.w"].copy() for name in names]
    w1, w2, w3, v2, v3 = (array.copy() for array in first)
    random = np.random.default_rng(1)
    x, labels = random.normal(size=(800, 6)), random.integers(3, size=800)
    record = [f"{h}.{name}" for h in ("h1", "h2") for name in ("shaken", "rate")]
    trace = net.run({"x": x, "s": labels}, record=record, elements="all")
    noise = [
        (trace[f"{h}.shaken"] - trace[f"{h}.rate"]).reshape(200, -1, 4, size)[:, -1]
        for h, size in (("h1", 5), ("h2", 4))
    ]
    for shown, wanted, n1, n2 in zip(x.reshape(-1, 4, 6), np.eye(3)[labels].reshape(-1, 4, 3), *noise):
        h1 = np.tanh(shown @ w1.T)
        h2 = np.tanh(h1 @ w2.T)
        o = h2 @ w3.T
        aim = o + 0.5 * (wanted - o)
        above = h2 + (0.5 * (wanted - o) @ w3 if exact else np.tanh(aim @ v3.T) - np.tanh(o @ v3.T))
        below = h1 + np.tanh(above @ v2.T) - np.tanh(h2 @ v2.T)
        echo2, echo3 = np.tanh((h1 + n1) @ w2.T), (h2 + n2) @ w3.T
        back2, back3 = np.tanh(echo2 @ v2.T), np.tanh(echo3 @ v3.T)
        w1 += 0.1 * ((below - h1) * (1 - h1**2)).T @ shown / 4
        w2 += 0.1 * ((above - h2) * (1 - h2**2)).T @ h1 / 4
        w3 += 0.1 * (aim - o).T @ h2 / 4
        v2 += 0.1 * ((h1 + n1 - back2) * (1 - back2**2)).T @ echo2 / 4
        v3 = w3.T.copy() if exact else v3 + 0.1 * ((h2 + n2 - back3) * (1 - back3**2)).T @ echo3 / 4
    assert 0.08 < np.std(noise[0]) < 0.12
    for name, wanted, before in zip(names, (w1, w2, w3, v2, v3), first):
        assert np.abs(net[f"{name}.w"] - wanted).max() < 1e-10
        assert np.abs(wanted - before).max() > 0.05

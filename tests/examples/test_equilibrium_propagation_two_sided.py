"""Two-sided equilibrium propagation against a loop written from the paper."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from types import ModuleType

import numpy as np
import pytest


@pytest.mark.parametrize(("sides", "sizes"), [(1, (6, 5, 3)), (2, (6, 5, 3)), (2, (6, 5, 4, 3))])
def test_both_sides(example: Callable[[str], ModuleType], sides: int, sizes: tuple[int, ...]) -> None:
    """With two hidden layers rates differ from layer to layer, and fall."""
    deep = len(sizes) > 3
    rates, decay = ((6.0, 1.0, 0.3), 0.01) if deep else ((0.3, 0.3), 0.0)
    net = example("equilibrium_propagation_two_sided").network(
        sizes, sides, beta=0.4, rate=rates if deep else 0.3, decay=decay, batch_size=4
    )
    pairs = list(pairwise([name for name in net.populations if name in ("x", "h", "h1", "h2", "o")]))
    w = [net[f"{pre}_to_{post}.w"].copy() for pre, post in pairs]
    b, first = [np.zeros(n) for n in sizes[1:]], w[0].copy()
    random = np.random.default_rng(1)
    x, labels = random.uniform(0, 1, (400, 6)), random.integers(3, size=400)
    net.run({"x": x, "s": labels})

    def settled(s: list[np.ndarray], steps: int, beta: float, goal: np.ndarray) -> list[np.ndarray]:
        for _ in range(steps):
            field = [below @ v.T + bias for below, v, bias in zip([rows, *s], w, b)]
            for k in range(len(s) - 1):
                field[k] += s[k + 1] @ w[k + 1]
            field[-1] += beta * (goal - s[-1])
            s = [rate + 0.5 * (1 / (1 + np.exp(-drive)) - rate) for rate, drive in zip(s, field)]
        return s

    rest = [np.zeros((4, n)) for n in sizes[1:]]
    for updates, (rows, goal) in enumerate(zip(x.reshape(-1, 4, 6), np.eye(3)[labels].reshape(-1, 4, 3))):
        free = settled(rest, 20, 0.0, goal)
        plus, rest = settled(free, 10, 0.4, goal), settled(free, 10, -0.4, goal)
        low, scale = (rest, 1 / 0.8 / 4) if sides == 2 else (free, 1 / 0.4 / 4)
        for k, rate in enumerate(rates):
            high, less = [rows, *plus], [rows, *low]
            pace = rate * scale / (1 + decay * updates)
            w[k] += pace * (high[k + 1].T @ high[k] - less[k + 1].T @ less[k])
            b[k] += pace * (high[k + 1] - less[k + 1]).sum(axis=0)
    for (pre, post), weights, bias in zip(pairs, w, b):
        assert np.abs(net[f"{pre}_to_{post}.w"] - weights).max() < 1e-10
        assert np.abs(net[f"one_to_{post}.w"].ravel() - bias).max() < 1e-10
        assert pre == "x" or np.abs(net[f"{post}_to_{pre}.w"] - weights.T).max() < 1e-10
    assert np.abs(w[0] - first).max() > 0.05

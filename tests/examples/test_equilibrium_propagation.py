"""Equilibrium propagation against a loop written from the paper."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from types import ModuleType

import numpy as np
import pytest


@pytest.mark.parametrize("sizes", [(6, 5, 3), (6, 5, 4, 3)])
def test_equilibrium_propagation(example: Callable[[str], ModuleType], sizes: tuple[int, ...]) -> None:
    """All layers take a step at once; the signs of beta are those that the circuit drew."""
    rates = (0.3, 0.2) if len(sizes) == 3 else (0.6, 0.3, 0.2)
    net = example("equilibrium_propagation").network(sizes, rates, batch_size=4)
    layers = [name for name in net.populations if name in ("x", "h", "h1", "h2", "o")]
    pairs = list(pairwise(layers))
    w = [net[f"{pre}_to_{post}.w"].copy() for pre, post in pairs]
    b, first = [np.zeros(n) for n in sizes[1:]], w[0].copy()
    random = np.random.default_rng(1)
    x, labels = random.uniform(0, 1, (400, 6)), random.integers(3, size=400)
    trace = net.run({"x": x, "s": labels}, record=["coin.rate"], elements="all")
    signs = trace["coin.rate"].reshape(100, 25, 4)[:, -1, :, None]
    rest = [np.zeros((4, n)) for n in sizes[1:]]

    def settled(s: list[np.ndarray], steps: int, nudge: np.ndarray, wanted: np.ndarray) -> list[np.ndarray]:
        for _ in range(steps):
            field = [below @ v.T + bias for below, v, bias in zip([shown, *s], w, b)]
            for k in range(len(s) - 1):
                field[k] += s[k + 1] @ w[k + 1]
            field[-1] += nudge * (wanted - s[-1])
            s = [np.clip(rate + 0.5 * (drive - rate), 0, 1) for rate, drive in zip(s, field)]
        return s

    for shown, wanted, sign in zip(x.reshape(-1, 4, 6), np.eye(3)[labels].reshape(-1, 4, 3), signs):
        free = settled(rest, 20, np.zeros((4, 1)), wanted)
        rest = settled(free, 4, 0.5 * sign, wanted)
        scale = 1 / (0.5 * sign) / 4
        for k, rate in enumerate(rates):
            high, low = ([shown, *s] for s in (rest, free))
            w[k] += rate * ((high[k + 1] * scale).T @ high[k] - (low[k + 1] * scale).T @ low[k])
            b[k] += rate * ((high[k + 1] - low[k + 1]) * scale).sum(axis=0)
    assert set(np.unique(signs)) == {-1, 1} and np.abs(w[0] - first).max() > (0.1 if len(sizes) == 3 else 0.05)
    for (pre, post), weights, bias in zip(pairs, w, b):
        assert np.abs(net[f"{pre}_to_{post}.w"] - weights).max() < 1e-10
        assert np.abs(net[f"one_to_{post}.w"].ravel() - bias).max() < 1e-10
        assert pre == "x" or np.abs(net[f"{post}_to_{pre}.w"] - weights.T).max() < 1e-10


def test_a_rate_for_each_layer_of_weights(example: Callable[[str], ModuleType]) -> None:
    """A network with more layers than rates would have layers without weights."""
    for name in ("equilibrium_propagation", "equilibrium_propagation_two_sided", "burst_plasticity"):
        rate = {"rate" if name.endswith("sided") else "rates": (0.1, 0.1)}
        with pytest.raises(ValueError, match="zip"):
            example(name).network((6, 5, 4, 3), **rate)

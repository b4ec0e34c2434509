"""Weight mirrors against a loop written from the paper, which is given the noise that the units have drawn."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np


def test_weight_mirror(example: Callable[[str], ModuleType]) -> None:
    mirror = example("weight_mirror")
    rule = mirror.MIRROR.with_parameters(rate=0.1, mirror_rate=0.05, mirror_decay=0.02)
    net = mirror.network((6, 5, 4, 3), rule, batch_size=4)
    names = ["x_to_h1", "h1_to_h2", "h2_to_o", "h2_to_h1", "o_to_h2"]
    u, v, w, q, r = first = [net[f"{name}.w"].copy() for name in names]
    u, v, w, q, r = (array.copy() for array in first)
    random = np.random.default_rng(1)
    for _ in range(10):
        x, labels = random.normal(size=(40, 6)), random.integers(3, size=40)
        net.run({"x": x, "s": labels})
        for shown, wanted in zip(x.reshape(-1, 4, 6), np.eye(3)[labels].reshape(-1, 4, 3)):
            h1 = np.tanh(shown @ u.T)
            h2 = np.tanh(h1 @ v.T)
            top = wanted - h2 @ w.T
            middle = (1 - h2**2) * (top @ r.T)
            low = (1 - h1**2) * (middle @ q.T)
            for weights, error, below in ((u, low, shown), (v, middle, h1), (w, top, h2)):
                weights += 0.1 * error.T @ below / 4
        trace = net.run(presentations=10, mode="mirror", record=["h1.rate", "h2.rate"], elements="all")
        noises = (trace[f"{name}.rate"].reshape(10, 2, 4, -1)[:, -1] for name in ("h1", "h2"))
        for one, two in zip(*noises):
            q += 0.05 * one.T @ (one @ v.T) / 4 - 0.02 * q
            r += 0.05 * two.T @ (two @ w.T) / 4 - 0.02 * r
    for name, wanted, before in zip(names, (u, v, w, q, r), first):
        assert np.abs(net[f"{name}.w"] - wanted).max() < 1e-10
        assert np.abs(wanted - before).max() > 0.05

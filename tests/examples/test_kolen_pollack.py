"""Kolen and Pollack's feedback against a loop written from the paper."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np


def test_kolen_pollack(example: Callable[[str], ModuleType]) -> None:
    net = example("kolen_pollack").network((6, 5, 3), batch_size=4)
    u, v, r = net["x_to_h.w"].copy(), net["h_to_o.w"].copy(), net["o_to_h.w"].copy()
    first = r.copy()
    random = np.random.default_rng(1)
    x, labels = random.normal(size=(800, 6)), random.integers(3, size=800)
    net.run({"x": x, "s": labels})
    for shown, wanted in zip(x.reshape(-1, 4, 6), np.eye(3)[labels].reshape(-1, 4, 3)):
        h = np.tanh(shown @ u.T)
        delta = wanted - h @ v.T
        below = (1 - h**2) * (delta @ r.T)
        u += 0.05 * below.T @ shown / 4 - 5e-4 * u
        v += 0.05 * delta.T @ h / 4 - 5e-4 * v
        r += 0.05 * h.T @ delta / 4 - 5e-4 * r
    for name, wanted in (("x_to_h", u), ("h_to_o", v), ("o_to_h", r)):
        assert np.abs(net[f"{name}.w"] - wanted).max() < 1e-10
    assert np.abs(r - first).max() > 0.05

"""Product feedback against a loop written from the equations of its source."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np


def test_product_feedback(example: Callable[[str], ModuleType]) -> None:
    net = example("product_feedback").network((6, 5, 4, 3), between=7, batch_size=4)
    names = ("x_to_h1", "h1_to_h2", "h2_to_o", "p1_to_h1", "p2_to_h2", "h2_to_p1", "o_to_p2")
    first = [net[f"{name}.w"].copy() for name in names]
    u, v, w, q, r, c, b = (array.copy() for array in first)
    random = np.random.default_rng(1)
    x, labels = random.normal(size=(800, 6)), random.integers(3, size=800)
    net.run({"x": x, "s": labels})
    for shown, wanted in zip(x.reshape(-1, 4, 6), np.eye(3)[labels].reshape(-1, 4, 3)):
        h1 = np.tanh(shown @ u.T)
        h2 = np.tanh(h1 @ v.T)
        top = wanted - h2 @ w.T
        above = top @ b.T
        middle = (1 - h2**2) * (above @ r.T)
        between = middle @ c.T
        low = (1 - h1**2) * (between @ q.T)
        for weights, post, pre in ((u, low, shown), (v, middle, h1), (w, top, h2), (q, h1, between), (r, h2, above)):
            weights += 0.05 * post.T @ pre / 4 - 5e-4 * weights
    for name, wanted, before in zip(names, (u, v, w, q, r, c, b), first):
        assert np.abs(net[f"{name}.w"] - wanted).max() < 1e-10
        assert (np.abs(wanted - before).max() > 0.02) == (name not in ("h2_to_p1", "o_to_p2"))

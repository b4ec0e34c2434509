"""Incremental predictive coding against a loop from the paper, in which errors reach the values one step later."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np


def test_incremental_predictive_coding(example: Callable[[str], ModuleType]) -> None:
    module = example("incremental_predictive_coding")
    rule = module.INCREMENTAL.with_parameters(rate=0.05)
    net = module.network((5, 4, 3), rule, settling=(12, 8), batch_size=4)
    u, v = net["x_to_d.w"].copy(), net["h_to_e.w"].copy()
    first = u.copy()
    random = np.random.default_rng(1)
    x, labels = random.normal(size=(400, 5)), random.integers(3, size=400)
    net.run({"x": x, "s": labels})
    value, answer = np.zeros((4, 4)), np.zeros((4, 3))
    d, e = np.zeros((4, 4)), np.zeros((4, 3))
    for shown, wanted in zip(x.reshape(-1, 4, 5), np.eye(3)[labels].reshape(-1, 4, 3)):
        for step in range(20):
            infers = step >= 12
            d_new, e_new = value - shown @ u.T, answer - np.tanh(value) @ v.T
            change = 0.1 * ((1 - np.tanh(value) ** 2) * (e @ v) - d)
            if infers:
                u += 0.05 * d_new.T @ shown / 4
                v += 0.05 * e_new.T @ np.tanh(value) / 4
            value, answer = value + change, wanted if infers else answer - 0.2 * e
            d, e = d_new, e_new
    assert np.abs(net["x_to_d.w"] - u).max() < 1e-10 and np.abs(u - first).max() > 0.05
    assert np.abs(net["h_to_e.w"] - v).max() < 1e-10

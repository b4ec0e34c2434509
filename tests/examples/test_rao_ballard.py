"""Rao and Ballard's network against a loop from the paper, with errors that arrive one step after they arise."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np


def test_rao_ballard(example: Callable[[str], ModuleType]) -> None:
    module = example("rao_ballard")
    net = module.network(6, 4, 5, rates=(0.2, 2.0), settling=25, batch_size=5)
    u, v = net["U0.w"].copy(), net["U1.w"].copy()
    own, first, above = u != 0, u.copy(), v.copy()
    shown = np.random.default_rng(2).normal(size=(500, 18))
    net.run(shown)
    e1, e2 = np.zeros((5, 18)), np.zeros((5, 12))
    for x in shown.reshape(-1, 5, 18):
        r, h = np.zeros((5, 12)), np.zeros((5, 5))
        for _ in range(25):
            change_r, change_h = e1 @ u - e2 - 0.1 * r, e2 @ v - 0.05 * h
            e1, e2 = x - r @ u.T, 0.3 * (r - h @ v.T)
            r, h = r + 0.05 * change_r, h + 0.05 * change_h
        u += 0.2 * (e1.T @ r / 5 * own - 0.1 * u)
        v += 2.0 * (e2.T @ h / 5 - 0.02 * v)
    assert own.sum() == 3 * 6 * 4
    assert np.abs(net["U0.w"] - u).max() < 1e-10 and np.abs(u - first).max() > 0.05
    assert np.abs(net["U1.w"] - v).max() < 1e-10 and np.abs(v - above).max() > 0.02
    assert np.abs(net["up0.w"] - u.T).max() < 1e-10 and np.abs(net["up1.w"] - v.T).max() < 1e-10

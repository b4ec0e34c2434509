"""RFLO against a loop written from the paper."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np


def test_rflo(example: Callable[[str], ModuleType]) -> None:
    """The loop is the paper's except for one thing: what an error does to recurrent weights comes one step later."""
    steps, tau, trials = 30, 10.0, 15
    module = example("rflo")
    rules = module.RECURRENT.with_parameters(rate=0.05), module.READOUT.with_parameters(rate=0.02)
    net = module.rflo(7, steps, *rules, outputs=2)
    w, out, back = net["h_to_h.w"].copy(), net["h_to_y.w"].copy(), net["B.w"].copy()
    before, first = w.copy(), np.ravel(net["h.first"])
    wanted = np.random.default_rng(3).normal(size=(trials, steps, 2))
    net.run({"wanted": wanted})
    for trial in wanted:
        h, p, pending = first.copy(), np.zeros_like(w), None
        for target in trial:
            error = target - out @ h
            u, change = w @ h, 0.05 * (back @ error)[:, None] * p
            out += 0.02 * np.outer(error, h)
            p = (1 - 1 / tau) * p + np.outer(1 - np.tanh(u) ** 2, h) / tau
            h = h + (np.tanh(u) - h) / tau
            w += 0.0 if pending is None else pending
            pending = change
    assert np.abs(net["h_to_h.w"] - w).max() < 1e-10
    assert np.abs(net["h_to_y.w"] - out).max() < 1e-10
    assert np.abs(w - before).max() > 0.01

"""RFLO against a loop written from the paper."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest


@pytest.mark.parametrize("form", ["AFTER_TRIAL", "EVERY_STEP"])
def test_rflo(example: Callable[[str], ModuleType], form: str) -> None:
    """The loop is the paper's; where weights change in every step, those of recurrent weights come one step later."""
    steps, tau, trials = 30, 10.0, 15
    module = example("rflo")
    recurrent, readout = getattr(module, form)
    rules = recurrent.with_parameters(rate=0.05), readout.with_parameters(rate=0.02)
    net = module.rflo(7, steps, rules, outputs=2)
    w, out, back = net["h_to_h.w"].copy(), net["h_to_y.w"].copy(), net["B.w"].copy()
    before, first = w.copy(), np.full(7, 0.1)
    wanted = np.random.default_rng(3).normal(size=(trials, steps, 2))
    net.run({"wanted": wanted})
    for trial in wanted:
        h, p, changes, changes_out = first.copy(), np.zeros_like(w), [np.zeros_like(w)], []
        for target in trial:
            error, u = target - out @ h, w @ h
            if form == "EVERY_STEP":
                w, out = w + changes[-1], out + 0.02 * np.outer(error, h)
            changes.append(0.05 * (back @ error)[:, None] * p)
            changes_out.append(0.02 * np.outer(error, h))
            p = (1 - 1 / tau) * p + np.outer(1 - np.tanh(u) ** 2, h) / tau
            h = h + (np.tanh(u) - h) / tau
        if form == "EVERY_STEP":
            w = w + changes[-1]
        else:
            w, out = w + sum(changes), out + sum(changes_out)
    assert np.abs(net["h_to_h.w"] - w).max() < 1e-10
    assert np.abs(net["h_to_y.w"] - out).max() < 1e-10
    assert np.abs(w - before).max() > 0.01

"""FORCE learning against a loop written from the paper."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
from brian2 import ms


def test_force(example: Callable[[str], ModuleType]) -> None:
    """The loop is the paper's except for one thing: what the readout is reaches the units one step later."""
    module, steps = example("force"), 300
    net = module.force(units=20, density=0.3)
    j, feedback = net["J.w"], net["feedback.w"][:, 0]
    x = np.ravel(net["h.v"]).copy()
    r, z = np.tanh(x), 0.0
    p, w = np.eye(20), np.zeros(20)
    wanted = module.pattern(steps)
    trace = net.run({"wanted": wanted}, steps * ms, record=["z.rate"])
    for step, f in enumerate(wanted[:, 0]):
        before, late = r, z
        z = w @ before
        x = x + (j @ before + feedback * late - x) / module.TAU
        r = np.tanh(x)
        k = p @ before
        share = 1 + before @ k
        p = p - np.outer(k, k) / share
        w = w + (f - z) * k / share
        assert abs(trace["z.rate"][step, 0] - z) < 1e-10
    assert np.abs(net["P.w"] - p).max() < 1e-10
    assert np.abs(net["w.w"] - w).max() < 1e-10
    assert np.abs(w).max() > 0.01

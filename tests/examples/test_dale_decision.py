"""The excitatory-inhibitory network against a loop written from the papers."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np


def test_dale_decision(example: Callable[[str], ModuleType]) -> None:
    """There are 12 trials of 63 steps in batches of two, without noise; errors act on recurrent weights two steps later."""
    module, N = example("dale_decision"), 10
    net = module.decision(N, module.RFLO.with_parameters(rate=0.04), sigma=0.0, batch_size=2)
    w_in, w, out, back = (net[f"{name}.w"].copy() for name in ("u_to_h", "h_to_h", "h_to_z", "B"))
    first, signs = w.copy(), np.where(np.arange(N) < 8, 1, -1)
    assert np.all(w * signs >= 0) and np.all(out[:, 8:] == 0)
    shown, wanted = module.trials(np.array([1, -2, 16, -16, 8, -1, 4, 2, -8, 16, -4, 1]), seed=1)
    net.run({"u": shown, "wanted": wanted})
    asked = (*range(1, 6), *range(46, 61))
    for u, target in zip(shown.reshape(6, 2, 63, 3), wanted.reshape(6, 2, 63, 2)):
        v, r, low_u, low_r = np.zeros((2, N)), np.zeros((2, N)), np.zeros((2, 3)), np.zeros((2, N))
        eligible, errors = {0: (v, low_u, low_r)}, {}
        for step in range(1, 63):
            before = r
            v = v + 0.2 * (before @ w.T + u[:, step] @ w_in.T - v)
            r, low_u, low_r = np.maximum(v, 0), low_u + 0.2 * (u[:, step] - low_u), low_r + 0.2 * (before - low_r)
            eligible[step] = (v > 0, low_u, low_r)
            if step - 1 in errors:
                above, of_u, of_r = eligible[step - 2]
                credit = (errors[step - 1] @ back.T) * above
                w_in = np.maximum(0, w_in + 0.04 * credit.T @ of_u / 2)
                w = signs * np.maximum(0, signs * (w + 0.04 * credit.T @ of_r / 2))
                np.fill_diagonal(w, 0)
            if step in asked:
                errors[step] = target[:, step] - before @ out.T
                out = np.maximum(0, out + 0.003 * errors[step].T @ before / 2) * (signs > 0)
    for name, weights in (("u_to_h", w_in), ("h_to_h", w), ("h_to_z", out)):
        assert np.abs(net[f"{name}.w"] - weights).max() < 1e-10
    assert np.abs(w - first).max() > 0.01 and np.any((w == 0) & (first != 0))

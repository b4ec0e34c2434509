"""Node perturbation with eligibility traces against a loop written from the paper, which is given the same pushes."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np


def test_miconi(example: Callable[[str], ModuleType]) -> None:
    module, units, span, batch_size, count = example("miconi"), 12, 5, 4, 120
    rate, bound, pace, tau, steps = 20.0, 2e-3, 0.25, 15.0, 5 * span + 3
    net = module.network(units, span, batch_size, rate=rate, bound=bound)
    net["h.chance"] = 0.1
    first, free, j, b = net["h.first"][0], net["h.free"][0], net["J.w"].copy(), net["B.w"].copy()
    shown = module.trials(count, np.random.default_rng(5), span)
    trace = net.run(shown, record=["h.push", "judge.cost"], elements="all")
    push = np.concatenate([np.zeros((1, batch_size, units)), trace["h.push"]])[:-1].reshape(
        -1, steps, batch_size, units
    )
    expected, before = np.ones(4), j.copy()
    clipped = 0
    for trial in range(count // batch_size):
        rows = slice(trial * batch_size, (trial + 1) * batch_size)
        changes, surprises = [], []
        for element, (u, kind, wanted) in enumerate(
            zip(*(shown[k][rows] for k in ("u", "kind", "wanted")), strict=True)
        ):
            x, mean, cost, el = first.copy(), first.copy(), 0.0, np.zeros_like(j)
            for step in range(1, steps - 1):
                r = np.tanh(x)
                if step >= 4 * span + 2:
                    cost += abs(r[0] - wanted[0]) / span
                if step < steps - 2:
                    x, mean = (
                        np.where(free, x + (j @ r + b @ u[step - 1] - x) / tau + push[trial, step, element], first),
                        mean + 0.95 * (x - mean),
                    )
                    el += np.outer(x - mean, r) ** 3
            assert abs(trace["judge.cost"][(trial + 1) * steps - 1, element, 0] - cost) < 1e-9
            surprises.append((cost - expected @ kind) * kind)
            change = -rate * (expected @ kind) * surprises[-1].sum() * el
            clipped += int((abs(change) > bound).sum())
            changes.append(np.clip(change, -bound, bound))
        j += np.mean(changes, axis=0)
        expected += pace * np.mean(surprises, axis=0)
    assert np.abs(net["J.w"] - j).max() < 1e-10
    assert np.abs(net["kind_to_judge.w"][0] - expected).max() < 1e-10
    assert np.abs(j - before).max() > 1e-3 and clipped > 10

"""Storkey's rule against a loop over synapses, written from the paper."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np


def test_storkey(example: Callable[[str], ModuleType]) -> None:
    module, n = example("storkey"), 12
    net = module.memory(n, module.STORKEY)
    patterns = np.where(np.random.default_rng(1).random((8, n)) < 0.5, -1.0, 1.0)
    net.run(patterns, mode="store")
    w = np.zeros((n, n))
    for s in patterns:
        old = w.copy()
        for i in range(n):
            for j in (j for j in range(n) if j != i):
                here = sum(old[i, k] * s[k] for k in range(n) if k not in (i, j))
                there = sum(old[j, k] * s[k] for k in range(n) if k not in (i, j))
                w[i, j] += (s[i] * s[j] - s[i] * there - here * s[j]) / n
    assert np.abs(net["h_to_h.w"] - w).max() < 1e-10
    assert np.abs(w).max() > 0.2
    trace, state = net.run(-patterns[:1], mode="recall", record=["h.rate"]), -patterns[0]
    for step in range(1, 21):
        state = np.where(w @ state >= 0, 1.0, -1.0)
        assert np.array_equal(trace["h.rate"][step], state)


def test_hopfield(example: Callable[[str], ModuleType]) -> None:
    module = example("storkey")
    net = module.memory(6, module.HOPFIELD)
    patterns = np.where(np.random.default_rng(1).random((4, 6)) < 0.5, -1.0, 1.0)
    net.run(patterns, mode="store")
    assert np.abs(net["h_to_h.w"] - (patterns.T @ patterns - 4 * np.eye(6)) / 6).max() < 1e-10

"""Sparse coding against a loop from the papers, in which errors reach the causes one step after they arise."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np


def test_sparse_coding(example: Callable[[str], ModuleType]) -> None:
    module = example("sparse_coding")
    random = np.random.default_rng(3)
    truth = random.normal(size=(8, 5)) / np.sqrt(8)
    net = module.network(8, 5, module.SPARSE.with_parameters(rate=0.1), settling=30, batch_size=10)
    phi, variance = net["phi.w"].copy(), np.full(5, 0.1)
    first = phi.copy()
    shown = module.images(1.5 * truth, 300, random)
    net.run(shown)
    silent, a, e = 0.0, np.zeros((10, 5)), np.zeros((10, 8))
    for x in shown.reshape(-1, 10, 8):
        for _ in range(30):
            u = a + 0.1 * e @ phi
            e = x - a @ phi.T
            a = np.sign(u) * np.maximum(np.abs(u) - 0.1 * 0.1, 0)
        variance += 0.05 * (np.mean(a**2, axis=0) - variance)
        growth = 0.01 * np.clip(variance / 0.1 - 1, -1, 1)
        phi = phi + 0.1 * e.T @ a / 10 + growth * phi
        silent += np.mean(a == 0) / 30
    assert np.abs(net["phi.w"] - phi).max() < 1e-10 and np.abs(phi - first).max() > 0.02
    assert np.abs(net["up.w"] - phi.T).max() < 1e-10
    assert 0.1 < silent < 0.95

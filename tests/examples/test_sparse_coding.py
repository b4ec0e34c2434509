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
    phi = net["phi.w"].copy()
    first = phi.copy()
    shown = module.images(1.5 * truth, 300, random)
    net.run(shown)
    silent, a, e, drive = 0.0, np.zeros((10, 5)), np.zeros((10, 8)), np.zeros((10, 5))
    for x in shown.reshape(-1, 10, 8):
        for _ in range(30):
            drive = e @ phi
            u = a + 0.1 * drive
            e = x - a @ phi.T
            a = np.sign(u) * np.maximum(np.abs(u) - 0.1 * 0.1, 0)
        phi = phi + 0.1 * (e.T @ a / 10 - phi * np.mean(a * drive, axis=0))
        silent += np.mean(a == 0) / 30
    assert np.abs(net["phi.w"] - phi).max() < 1e-10 and np.abs(phi - first).max() > 0.02
    assert np.abs(net["up.w"] - phi.T).max() < 1e-10
    assert np.abs(np.linalg.norm(phi, axis=0) - 1).max() < 0.1
    assert 0.1 < silent < 0.95

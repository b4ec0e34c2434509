"""The chain of synaptic variables against a loop written from the paper."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np


def test_benna_fusi(example: Callable[[str], ModuleType]) -> None:
    module, m, alpha = example("benna_fusi"), 4, 0.5
    net = module.storing(5, 3, module.chain(m, alpha))
    random = np.random.default_rng(2)
    x, y = (np.where(random.random((200, size)) < 0.5, -1.0, 1.0) for size in (5, 3))
    net.run({"x": x, "y": y})
    u = np.zeros((m + 2, 3, 5))
    for pre, post in zip(x, y):
        flow = [alpha * 2.0**-k * (u[k + 1] - u[k]) for k in range(m + 1)]  # from k + 1 to k; none comes from 0
        flow[0] = -np.outer(post, pre)
        u[1 : m + 1] += [(flow[k] - flow[k - 1]) / 2.0 ** (k - 1) for k in range(1, m + 1)]
    assert np.abs(net["chain.w"] - u[1]).max() < 1e-10
    for k in (2, 3, 4):
        assert np.abs(net[f"chain.u{k}"] - u[k]).max() < 1e-10
    assert np.abs(u[m]).max() > 0.05

"""Predictive coding against a loop from the paper."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest


@pytest.mark.parametrize(("learned", "precision"), [(False, 1.0), (True, 1.0), (False, 0.25)])
def test_predictive_coding(example: Callable[[str], ModuleType], learned: bool, precision: float) -> None:
    """The loop is the paper's, with errors that reach the values one step after they arise."""
    module = example("predictive_coding")
    rule = module.CODING.with_parameters(rate=0.2, decay=1e-3)
    net = module.network((5, 4, 3), learned, rule, settling=(12, 12), precision=precision, batch_size=4)
    net["h1.step"], net["o.step"] = 0.15, 0.15
    u, v = net["W1.w"].copy(), net["W2.w"].copy()
    r = net["R2.w"].copy() if learned else v.T
    first = u.copy()
    random = np.random.default_rng(1)
    x, labels = random.normal(size=(400, 5)), random.integers(3, size=400)
    net.run({"x": x, "s": labels})
    value, answer, below, above = (np.zeros((4, n)) for n in (4, 3, 4, 3))
    for shown, wanted in zip(x.reshape(-1, 4, 5), np.eye(3)[labels].reshape(-1, 4, 3)):
        for step in range(24):
            change = 0.15 * ((1 - np.tanh(value) ** 2) * (above @ r.T) - below)
            held = wanted if step >= 12 else answer - 0.15 * above
            below, above = value - shown @ u.T, precision * (answer - np.tanh(value) @ v.T)
            value, answer = value + change, held
        u += 0.2 * below.T @ shown / 4 - 1e-3 * u
        v += 0.2 * above.T @ np.tanh(value) / 4 - 1e-3 * v
        r = r + 0.2 * np.tanh(value).T @ above / 4 - 1e-3 * r if learned else v.T
    assert np.abs(net["W1.w"] - u).max() < 1e-10 and np.abs(u - first).max() > 0.05
    assert np.abs(net["W2.w"] - v).max() < 1e-10
    assert not learned or np.abs(net["R2.w"] - r).max() < 1e-10


def test_it_settles_where_the_energy_is_least(example: Callable[[str], ModuleType]) -> None:
    """There the values change no more: f'(v) W^T e above is e, and the errors are those of the values."""
    module = example("predictive_coding")
    net = module.network(
        (5, 4, 4, 3), rule=module.CODING.with_parameters(rate=0.0, decay=0.0), settling=(40, 1500), batch_size=4
    )
    random = np.random.default_rng(2)
    net.run({"x": random.normal(size=(4, 5)), "s": random.integers(3, size=4)})
    v1, v2, v3 = net["h1.v"], net["h2.v"], net["o.v"]
    e1 = v1 - net["x.rate"] @ net["W1.w"].T
    e2, e3 = v2 - np.tanh(v1) @ net["W2.w"].T, v3 - np.tanh(v2) @ net["W3.w"].T
    assert np.abs(e1 - (1 - np.tanh(v1) ** 2) * (e2 @ net["W2.w"])).max() < 1e-6
    assert np.abs(e2 - (1 - np.tanh(v2) ** 2) * (e3 @ net["W3.w"])).max() < 1e-6
    assert np.abs(e1).max() > 0.01 and np.abs(net["e2.rate"] - e2).max() < 1e-6

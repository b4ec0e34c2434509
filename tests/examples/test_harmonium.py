"""The harmonium against a loop of contrastive divergence, and its likelihood against a sum over all states."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from types import ModuleType

import numpy as np


def sigmoid(u: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-u))


def test_harmonium(example: Callable[[str], ModuleType]) -> None:
    """What was drawn is what the circuit drew; everything else is computed here."""
    module = example("harmonium")
    net = module.harmonium(6, 4, rate=0.2, batch_size=5)
    w, b, c = net["W.w"].copy(), np.zeros(6), np.zeros(4)
    first = w.copy()
    data = np.random.default_rng(3).integers(2, size=(500, 6)).astype(float)
    data[:, 1] = data[:, 0]
    trace = net.run(data, record=["h.rate", "v.rate"], elements="all")
    hidden = trace["h.rate"].reshape(100, 5, 5, 4)[:, 1]
    visible = trace["v.rate"].reshape(100, 5, 5, 6)[:, 2]
    for v0, v1 in zip(data.reshape(-1, 5, 6), visible):
        p0, p1 = sigmoid(v0 @ w.T + c), sigmoid(v1 @ w.T + c)
        w += 0.2 * (p0.T @ v0 - p1.T @ v1) / 5
        b += 0.2 * np.mean(v0 - v1, axis=0)
        c += 0.2 * np.mean(p0 - p1, axis=0)
    assert np.abs(net["W.w"] - w).max() < 1e-10 and np.abs(w - first).max() > 0.2
    assert np.abs(net["back.w"] - w.T).max() < 1e-10
    assert np.abs(net["b.w"].ravel() - b).max() < 1e-10 and np.abs(net["c.w"].ravel() - c).max() < 1e-10
    assert set(np.unique(hidden)) == {0, 1} and set(np.unique(visible)) == {0, 1}


def test_drawn_states_have_their_probabilities(example: Callable[[str], ModuleType]) -> None:
    """The visible units of the phase `down`, given the hidden ones, are within five standard deviations."""
    net = example("harmonium").harmonium(3, 2, rate=0.0, batch_size=20)
    net["W.w"], net["back.w"] = [[1, -2, 0.5], [0.3, 1, -1]], np.transpose([[1, -2, 0.5], [0.3, 1, -1]])
    net["b.w"] = [[0.5], [0], [-0.5]]
    trace = net.run(np.ones((4000, 3)), record=["h.rate", "v.rate"], elements="all")
    hidden = trace["h.rate"].reshape(200, 5, 20, 2)[:, 1].reshape(-1, 2)
    visible = trace["v.rate"].reshape(200, 5, 20, 3)[:, 2].reshape(-1, 3)
    wanted = sigmoid(hidden @ net["W.w"] + net["b.w"].ravel())
    error = (visible - wanted).sum(axis=0) / np.sqrt((wanted * (1 - wanted)).sum(axis=0))
    assert np.abs(error).max() < 5
    p = sigmoid(net["W.w"].sum(axis=1))
    assert np.abs((hidden - p).sum(axis=0) / np.sqrt(4000 * p * (1 - p))).max() < 5


def test_likelihood(example: Callable[[str], ModuleType]) -> None:
    module = example("harmonium")
    net = module.harmonium(4, 3)
    random = np.random.default_rng(4)
    w, b, c = random.normal(size=(3, 4)), random.normal(size=4), random.normal(size=3)
    net["W.w"], net["b.w"], net["c.w"] = w, b[:, None], c[:, None]
    states = {v: sum(np.exp(h @ w @ v + b @ v + c @ h) for h in np.array(list(product((0, 1), repeat=3))))
              for v in product((0, 1), repeat=4)}  # fmt: skip
    images = module.bars_and_stripes(2)
    wanted = np.mean([np.log(states[tuple(v)] / sum(states.values())) for v in images.astype(int)])
    assert abs(module.log_likelihood(net, images) - wanted) < 1e-10

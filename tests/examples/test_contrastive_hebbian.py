"""Contrastive Hebbian learning against a loop written from the papers."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
from two_phases import Settling


@pytest.mark.parametrize("symmetric", [True, False])
def test_contrastive_hebbian(example: Callable[[str], ModuleType], symmetric: bool) -> None:
    net = example("contrastive_hebbian").network((6, 5, 3), symmetric, rate=0.3, batch_size=4)
    first, second, back = (net[f"{name}.w"].copy() for name in ("x_to_h", "h_to_o", "o_to_h"))
    loop = Settling([first.copy(), second], back.copy(), [np.zeros(5), np.zeros(3)], np.zeros((4, 5)), np.zeros((4, 3)))
    random = np.random.default_rng(1)
    x, labels = random.uniform(0, 1, (400, 6)), random.integers(3, size=400)
    net.run({"x": x, "s": labels})
    for shown, wanted in zip(x.reshape(-1, 4, 6), np.eye(3)[labels].reshape(-1, 4, 3)):
        loop.settle(shown, 0.1)
        h, o = loop.h, loop.o
        loop.settle(shown, 0.1, wanted)
        loop.up[0] += 0.3 / 0.1 * (loop.h - h).T @ shown / 4
        change = 0.3 * (loop.o.T @ loop.h - o.T @ h) / 4
        loop.up[1] += change
        loop.down += change.T if symmetric else 0
        loop.biases[0] += 0.3 / 0.1 * (loop.h - h).mean(axis=0)
        loop.biases[1] += 0.3 * (loop.o - o).mean(axis=0)
    for name, wanted in (("x_to_h", loop.up[0]), ("h_to_o", loop.up[1]), ("o_to_h", loop.down)):
        assert np.abs(net[f"{name}.w"] - wanted).max() < 1e-10
    for name, wanted in (("one_to_h", loop.biases[0]), ("one_to_o", loop.biases[1])):
        assert np.abs(net[f"{name}.w"].ravel() - wanted).max() < 1e-10
    assert np.abs(loop.up[0] - first).max() > 0.1
    assert np.array_equal(net["o_to_h.w"], net["h_to_o.w"].T if symmetric else back)

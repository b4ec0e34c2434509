"""GeneRec against a loop written from the paper."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
from two_phases import Settling


@pytest.mark.parametrize("feedback", ["symmetric", "learned", "random"])
def test_generec(example: Callable[[str], ModuleType], feedback: str) -> None:
    net = example("generec").network((6, 5, 3), feedback, rate=0.3, batch_size=4)
    first, second, back = (net[f"{name}.w"].copy() for name in ("x_to_h", "h_to_o", "o_to_h"))
    assert np.array_equal(back, second.T) == (feedback == "symmetric")
    loop = Settling([first.copy(), second], back.copy(), [np.zeros(5), np.zeros(3)], np.zeros((4, 5)), np.zeros((4, 3)))
    random = np.random.default_rng(1)
    x, labels = random.uniform(0, 1, (400, 6)), random.integers(3, size=400)
    net.run({"x": x, "s": labels})
    for shown, wanted in zip(x.reshape(-1, 4, 6), np.eye(3)[labels].reshape(-1, 4, 3)):
        loop.settle(shown, 1.0)
        h, o = loop.h, loop.o
        loop.settle(shown, 1.0, wanted)
        loop.up[0] += 0.3 * (loop.h - h).T @ shown / 4
        loop.up[1] += 0.3 * (loop.o - o).T @ h / 4
        loop.down += 0 if feedback == "random" else 0.3 * (loop.h - h).T @ o / 4
        loop.biases[0] += 0.3 * (loop.h - h).mean(axis=0)
        loop.biases[1] += 0.3 * (loop.o - o).mean(axis=0)
    for name, wanted in (("x_to_h", loop.up[0]), ("h_to_o", loop.up[1]), ("o_to_h", loop.down)):
        assert np.abs(net[f"{name}.w"] - wanted).max() < 1e-10
    for name, wanted in (("one_to_h", loop.biases[0]), ("one_to_o", loop.biases[1])):
        assert np.abs(net[f"{name}.w"].ravel() - wanted).max() < 1e-10
    assert np.abs(loop.up[0] - first).max() > 0.1

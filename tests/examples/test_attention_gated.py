"""Attention-gated reinforcement learning against a loop written from the paper."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest


def test_attention_gated(example: Callable[[str], ModuleType]) -> None:
    """The choices are those that the circuit made; all else is computed here."""
    net = example("attention_gated").network((6, 5, 3), beta=0.3, batch_size=4)
    random = np.random.default_rng(1)
    x, labels = random.normal(size=(400, 6)), random.integers(3, size=400)
    v, bias, w, back = (net[f"{name}.w"].copy() for name in ("x_to_h", "one_to_h", "h_to_o", "o_to_h"))
    first = v.copy()
    trace = net.run({"x": x, "s": labels}, record=["o.won"], elements="all")
    won = trace["o.won"].reshape(100, -1, 4, 3)[:, -1]
    assert np.array_equal(won.sum(axis=2), np.ones((100, 4)))
    for shown, right, choice in zip(x.reshape(-1, 4, 6), labels.reshape(-1, 4), won):
        y = 1 / (1 + np.exp(-(shown @ v.T + bias.T)))
        a = y @ w.T
        z = (np.exp(a) / np.exp(a).sum(axis=1, keepdims=True))[np.arange(4), choice.argmax(axis=1)]
        f = np.where(choice.argmax(axis=1) == right, (1 - z) / z, -1.0)[:, None]
        attended = f * (choice @ back.T) * y * (1 - y)
        w, back = w + 0.3 * (f * choice).T @ y / 4, back + 0.3 * y.T @ (f * choice) / 4
        v, bias = v + 0.3 * attended.T @ shown / 4, bias + 0.3 * attended.mean(axis=0)[:, None]
    for name, wanted in (("x_to_h", v), ("one_to_h", bias), ("h_to_o", w), ("o_to_h", back)):
        assert np.abs(net[f"{name}.w"] - wanted).max() < 1e-10, name
    assert np.abs(v - first).max() > 0.1


def test_choices_have_the_chances_of_the_paper(example: Callable[[str], ModuleType]) -> None:
    """Of 4,000 choices for one input, the shares are within four standard errors."""
    net = example("attention_gated").network((2, 3, 4), batch_size=200)
    net["h_to_o.w"] = 3 * net["h_to_o.w"]
    x = np.full((200, 2), 0.5)
    h = 1 / (1 + np.exp(-(x[:1] @ net["x_to_h.w"].T)))
    chance = np.exp(h @ net["h_to_o.w"].T)[0]
    chance /= chance.sum()
    counts = np.zeros(4)
    for _ in range(20):
        before = net.state()
        net.run({"x": x, "s": np.zeros(200, int)}, 1)
        counts += net["o.won"].sum(axis=0)
        net.set_state({k: v for k, v in before.items() if k.endswith(".w")})
    assert counts / 4000 == pytest.approx(chance, abs=4 * np.sqrt(0.25 / 4000))

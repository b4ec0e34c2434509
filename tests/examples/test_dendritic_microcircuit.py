"""The dendritic microcircuit against Euler's method on the paper's equations, in both modes."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np


def f(u: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-u))


def fields(w: dict[str, np.ndarray], x: np.ndarray, p: np.ndarray, o: np.ndarray, i: np.ndarray) -> list[np.ndarray]:
    """Return what arrives in the basal and apical dendrites, at the outputs and at the interneurons."""
    return [x @ w["W"].T, f(o) @ w["R"].T + f(i) @ w["Q"].T, f(p) @ w["W_out"].T, f(p) @ w["V"].T]


State = tuple[np.ndarray, np.ndarray, np.ndarray]


def settled(
    w: dict[str, np.ndarray], shown: np.ndarray, state: State, wanted: np.ndarray | None
) -> tuple[State, State]:
    """Return the rates of pyramidal units, outputs and interneurons after 15 steps, and before the last of them."""
    before = state
    for _ in range(15):
        before = p, o, i = state
        basal, apical, to_o, to_i = fields(w, shown, *before)
        nudged = 0.0 if wanted is None else 0.8 * (wanted - o)
        state = (
            p + 0.2 * (-0.1 * p + (basal - p) + 0.8 * (apical - p)),
            o + 0.2 * (-0.1 * o + (to_o - o) + nudged),
            i + 0.2 * (-0.1 * i + (to_i - i) + 0.8 * (o - i)),
        )
    return state, before


def learn(w: dict[str, np.ndarray], shown: np.ndarray, state: State, before: State, *, taught: bool) -> None:
    """Let interneurons learn always, upward weights with a teacher, and the weights that cancel feedback without one."""
    p, o, i = state
    basal, apical, to_o, to_i = fields(w, shown, *before)
    w["V"] += 0.4 * (f(i) - f(to_i / 1.1)).T @ f(p) / 4
    if taught:
        w["W"] += 2.0 * (f(p) - f(basal / 1.9)).T @ shown / 4
        w["W_out"] += 0.3 * (f(o) - f(to_o / 1.1)).T @ f(p) / 4
    else:
        w["Q"] -= 0.2 * apical.T @ f(i) / 4


def test_dendritic_microcircuit(example: Callable[[str], ModuleType]) -> None:
    net = example("dendritic_microcircuit").network((5, 4, 3), (2.0, 0.3, 0.4, 0.2), settling=15, batch_size=4)
    w = {name: net[f"{name}.w"].copy() for name in ("W", "W_out", "V", "Q", "R")}
    first = {name: value.copy() for name, value in w.items()}
    random = np.random.default_rng(1)
    x, y = random.uniform(-1, 1, (400, 5)), random.uniform(-1, 1, (400, 3))
    net.run({"x": x[:200]}, mode="self_prediction")
    net.run({"x": x[200:], "y": y[200:]}, mode="learning")
    state: State = (np.zeros((4, 4)), np.zeros((4, 3)), np.zeros((4, 3)))
    for trial, (shown, wanted) in enumerate(zip(x.reshape(-1, 4, 5), y.reshape(-1, 4, 3))):
        taught = trial >= 50
        state, before = settled(w, shown, state, wanted if taught else None)
        learn(w, shown, state, before, taught=taught)
    for name, value in w.items():
        assert np.abs(net[f"{name}.w"] - value).max() < 1e-10
        assert name == "R" or np.abs(value - first[name]).max() > 0.05


def test_dendritic_microcircuit_with_classes(example: Callable[[str], ModuleType]) -> None:
    """It begins in the self-predicting state, and each presentation is free first, and then taught."""
    net = example("dendritic_microcircuit").network((5, 4, 3), (2.0, 0.3, 0.4, 0.2), 15, batch_size=4, classes=True)
    w = {name: net[f"{name}.w"].copy() for name in ("W", "W_out", "V", "Q", "R")}
    assert np.array_equal(w["V"], w["W_out"]) and np.array_equal(w["Q"], -w["R"])
    random = np.random.default_rng(1)
    x, labels = random.uniform(0, 1, (400, 5)), random.integers(3, size=400)
    net.run({"x": x, "y": labels})
    state: State = (np.zeros((4, 4)), np.zeros((4, 3)), np.zeros((4, 3)))
    for shown, label in zip(x.reshape(-1, 4, 5), labels.reshape(-1, 4)):
        for taught in (False, True):
            state, before = settled(w, shown, state, 4.0 * np.eye(3)[label] - 2 if taught else None)
            learn(w, shown, state, before, taught=taught)
    for name, value in w.items():
        assert np.abs(net[f"{name}.w"] - value).max() < 1e-10

"""E-prop's rate form against loops written from the paper."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np

ALPHA, RHO, BETA = np.exp(-1 / 5), np.exp(-1 / 60), 0.3


def z_of(v: np.ndarray, a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rate and its derivative."""
    above = v - BETA * a
    z = np.tanh(np.maximum(above, 0))
    return z, (above > 0) * (1 - z**2)


def test_eprop(example: Callable[[str], ModuleType]) -> None:
    """There are 20 presentations of 21 steps in batches of two; an error acts on recurrent weights two steps after its rate."""
    net = example("eprop").eprop(5, outputs=2, wait=8, batch_size=2)
    w_in, w, out, back = (net[f"{name}.w"].copy() for name in ("x_to_h", "h_to_h", "h_to_y", "B"))
    first, recall, random = w_in.copy(), range(14, 19), np.random.default_rng(3)
    shown, wanted = random.normal(size=(40, 21, 3)), random.choice([-1.0, 1.0], (40, 2))
    net.run({"x": shown, "wanted": wanted})
    for x, target in zip(shown.reshape(20, 2, 21, 3), wanted.reshape(20, 2, 2)):
        v, a, z, slope = np.zeros((4, 2, 5))
        ev, ea = np.zeros((2, 2, 5, 8))
        eligible, errors = {0: ev}, {}
        for step in range(1, 21):
            before, old = z, slope[:, :, None]
            arriving = np.concatenate([x[:, step], before], axis=1)
            ev, ea = ALPHA * ev + arriving[:, None], old * ev + (RHO - BETA * old) * ea
            v, a = ALPHA * v + x[:, step] @ w_in.T + before @ w.T, RHO * a + before
            z, slope = z_of(v, a)
            eligible[step] = slope[:, :, None] * (ev - BETA * ea)
            if step - 1 in errors:
                credit = errors[step - 1] @ back.T
                change = 0.1 * np.mean(credit[:, :, None] * eligible[step - 2], axis=0)
                w_in, w = w_in + change[:, :3], w + (1 - np.eye(5)) * change[:, 3:]
            if step in recall:
                errors[step] = target - before @ out.T
                out = out + 0.02 * errors[step].T @ before / 2
    for name, weights in (("x_to_h", w_in), ("h_to_h", w * (1 - np.eye(5))), ("h_to_y", out)):
        assert np.abs(net[f"{name}.w"] - weights).max() < 1e-10
    assert np.abs(w_in - first).max() > 0.05


def test_eprop_is_the_gradient_where_units_do_not_project_to_each_other(example: Callable[[str], ModuleType]) -> None:
    """There are no recurrent weights, and feedback is the readout's transpose; the derivative is taken by differences."""
    module, rate = example("eprop"), 1e-7
    rule, fixed = module.EPROP.with_parameters(rate=rate), module.READOUT.with_parameters(rate=0.0)
    net = module.eprop(4, outputs=2, wait=8, batch_size=1, rule=rule, readout=fixed)
    net["h_to_h.w"] = 0.0
    net["B.w"] = net["h_to_y.w"].T
    w_in, out = net["x_to_h.w"].copy(), net["h_to_y.w"].copy()
    x, target = np.random.default_rng(1).normal(size=(21, 3)), np.array([1.0, -1.0])
    net.run({"x": x[None], "wanted": target[None]})

    def loss(w: np.ndarray) -> float:
        v, a, z, total = np.zeros(4), np.zeros(4), np.zeros(4), 0.0
        for step in range(1, 19):
            total += 0.5 * np.sum((target - out @ z) ** 2) if step >= 14 else 0.0
            v, a = ALPHA * v + w @ x[step], RHO * a + z
            z, _ = z_of(v, a)
        return total

    for at in np.ndindex(*w_in.shape):
        nudge = np.zeros_like(w_in)
        nudge[at] = 1e-5
        gradient = (loss(w_in + nudge) - loss(w_in - nudge)) / 2e-5
        assert abs((net["x_to_h.w"] - w_in)[at] / rate + gradient) < 1e-5

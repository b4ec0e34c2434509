"""Wilson and Cowan's populations against a loop written from the paper."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
from brian2 import ms

INPUTS = np.array([0.5, 1.25, 1.8, 2.5])


def derivatives(e: np.ndarray, i: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return tau times the derivatives without noise."""

    def s(x: np.ndarray, a: float, theta: float) -> np.ndarray:
        return 1 / (1 + np.exp(-a * (x - theta))) - 1 / (1 + np.exp(a * theta))

    k_e, k_i = 1 - 1 / (1 + np.exp(1.3 * 4)), 1 - 1 / (1 + np.exp(2 * 3.7))
    return (
        -e + (k_e - e) * s(16 * e - 12 * i + INPUTS, 1.3, 4.0),
        -i + (k_i - i) * s(15 * e - 3 * i, 2.0, 3.7),
    )


def test_wilson_cowan(example: Callable[[str], ModuleType]) -> None:
    """There are four inputs in one run without noise, of which two cycle."""
    net = example("wilson_cowan").wilson_cowan(INPUTS)
    net.run(200 * ms)
    e, i = np.zeros(4), np.zeros(4)
    for _ in range(2000):
        de, di = derivatives(e, i)
        e, i = e + 0.01 * de, i + 0.01 * di
    assert np.abs(net["E.rate"][:, 0] - e).max() < 1e-10
    assert np.abs(net["I.rate"][:, 0] - i).max() < 1e-10
    assert np.ptp(e) > 0.1


def test_noise_of_wilson_cowan(example: Callable[[str], ModuleType]) -> None:
    """What is left when the loop's step is taken from the circuit's is white, of size 1, and each population has its own."""
    net = example("wilson_cowan").wilson_cowan(INPUTS, sigma=0.05)
    trace = net.run(200 * ms, record=["E.rate", "I.rate"], elements="all")
    e, i = trace["E.rate"][:, :, 0], trace["I.rate"][:, :, 0]
    de, di = derivatives(e[:-1], i[:-1])
    noise = np.stack([np.diff(e, axis=0) - 0.01 * de, np.diff(i, axis=0) - 0.01 * di]) / (0.05 * np.sqrt(0.01))
    flat = noise.transpose(0, 2, 1).reshape(8, -1)
    bound = 5 / np.sqrt(flat.shape[1])
    assert np.abs(flat.mean(axis=1)).max() < bound
    assert np.abs(np.cov(flat) - np.eye(8)).max() < 1.5 * bound
    assert np.abs(np.mean(flat[:, 1:] * flat[:, :-1], axis=1)).max() < bound

"""The largest signal of a population, and the winner, by one window over all units, against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc
from recircuit.circuits.backends.cpp.compiler import missing_compiler

UNIT = rc.Neuron("""
    basal : 1 (compartment)
    won   : 1 (compartment)
    best  : 1 (broadcast)
    rate  = basal                : 1
    near  = int(basal >= .9*best) : 1
""")
COMPETITIVE = rc.Rule("competitive", source="Rumelhart and Zipser 1985", forward="dw = .1*won_post*(x_pre - w)")
X = np.concatenate([np.random.default_rng(0).random((7, 4)), np.ones((1, 4)), np.zeros((1, 4))])


def circuit(batch_size: int = 2, **options: Any) -> rc.Circuit:
    """Return competing units: the one with the largest field learns, as a unit that always sends 1 projects back to it."""
    net = rc.Circuit(batch_size=batch_size, seed=1, **options)
    x, h = net.stimulus("x", 4), net.population("h", 5, UNIT)
    top = net.population("top", 1, rc.Neuron("basal : 1 (compartment)\nrate = basal : 1\nhere = 1.0 : 1"))
    net.connect(x, h, rule=COMPETITIVE, weights=rc.uniform(0, 1))
    up = net.connect(h, top, connectivity=rc.MaxPool.of_all(5))
    net.connect(top, h, into="won", sends="here", weights=up.T)
    net.broadcast(top, "best")
    net.phases("show", 4 * ms, "plasticity", 1 * ms)
    return net


def expected(w: np.ndarray, batch_size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    won, near = np.zeros((2, batch_size, 5))
    for first in range(0, len(X), batch_size):
        x = X[first : first + batch_size]
        field = x @ w.T
        won[: len(x)] = np.eye(5)[field.argmax(axis=1)]
        near[: len(x)] = field >= 0.9 * field.max(axis=1, keepdims=True)
        w = w + 0.1 * (won[: len(x), :, None] * (x[:, None, :] - w)).mean(axis=0)
    return w, won, near


def compare(backend: str, batch_size: int = 2, **options: Any) -> None:
    net = circuit(batch_size, **options)
    w, won, near = expected(net["x_to_h.w"], batch_size)
    net.run(X, backend=backend)
    active = len(X) % batch_size or batch_size
    assert np.abs(net["x_to_h.w"] - w).max() < 1e-12
    assert np.array_equal(net["h.won"][:active], won[:active]) and np.array_equal(net["h.near"][:active], near[:active])


@pytest.mark.parametrize("backend", ["numpy", "interpreter"])
def test_the_winner_learns_alone(backend: str) -> None:
    """The first of equal signals wins; the last batch is not full."""
    compare(backend)


def test_the_reference_form_has_the_same_winner() -> None:
    compare("numpy", 1)
    compare("numpy", 1, lowering="reference")


@pytest.mark.skipif(bool(missing_compiler()), reason="no compiler")
def test_cpp_has_the_same_winner() -> None:
    compare("cpp")


def test_cuda_has_the_same_winner(on_cpu: None) -> None:
    pytest.importorskip("brian2cuda")
    compare("cuda")

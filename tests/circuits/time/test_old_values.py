"""A name, state or trace that is given the value of another keeps it, whatever is done to the other afterwards."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc
from recircuit.circuits.backends.cpp.compiler import missing_compiler
from recircuit.testing import check_rule

#: A chain of variables in each synapse, of which each moves towards its neighbours as they were before the update.
CHAIN = rc.Rule(
    "chain", source="a test, after Benna and Fusi 2016", state=("u", "v"), traces=("el", "last"),
    forward="""
    first = w
    middle = u
    third = v
    dw = x_post*x_pre + .25*(middle - first)
    u += .25*(first - middle)
    u += .1*(third - middle)
    v = first
    v += .1*middle
    last = el
    el += x_post*x_pre
    dw = .01*last*x_pre
    """,
)  # fmt: skip
X, Y = np.random.default_rng(0).normal(size=(5, 3)), np.random.default_rng(1).normal(size=(5, 2))
STRUCTURES: dict[str, Any] = {"dense": rc.Dense(), "some": np.array([[1, 0, 1], [0, 1, 1]], bool)}


def circuit(kind: str, batch_size: int = 2, **options: Any) -> rc.Circuit:
    net = rc.Circuit(batch_size=batch_size, **options)
    x, y = net.stimulus("x", 3), net.stimulus("y", 2, rc.Neuron("drop : 1 (compartment)\nrate : 1"))
    net.connect(x, y, into="drop", rule=CHAIN, weights=1.0, connectivity=STRUCTURES[kind], name="p")
    net.phases("plasticity", 1 * ms)
    return net


def expected(kind: str, batch_size: int) -> dict[str, np.ndarray]:
    there = STRUCTURES[kind] if kind == "some" else np.ones((2, 3))
    w, u, v, el = 1.0 * there, np.zeros((2, 3)), np.zeros((2, 3)), np.zeros((batch_size, 2, 3))
    for first in range(0, 5, batch_size):
        x, y = X[first : first + batch_size], Y[first : first + batch_size]
        each, old = y[:, :, None] * x[:, None, :] * there, (w, u, v, el[: len(x)].copy())
        w = w + each.mean(axis=0) + 0.25 * (old[1] - old[0]) + 0.01 * (old[3] * x[:, None, :]).mean(axis=0)
        u = u + 0.25 * (old[0] - old[1]) + 0.1 * (old[2] - old[1])
        v = old[0] + 0.1 * old[1]
        el[: len(x)] += each
    return {"p.w": w, "p.u": u, "p.v": v, "p.el": el}


def compare(backend: str, kind: str, batch_size: int = 2, **options: Any) -> None:
    net = circuit(kind, batch_size, **options)
    net.run({"x": X, "y": Y}, backend=backend)
    for key, value in expected(kind, batch_size).items():
        assert np.abs(net[key] - value).max() < 1e-12, key


@pytest.mark.parametrize("kind", STRUCTURES)
@pytest.mark.parametrize("backend", ["numpy", "interpreter"])
def test_old_values_are_kept(backend: str, kind: str) -> None:
    compare(backend, kind)


@pytest.mark.parametrize("kind", STRUCTURES)
def test_the_reference_form_keeps_them(kind: str) -> None:
    compare("numpy", kind, 1)
    compare("numpy", kind, 1, lowering="reference")


@pytest.mark.skipif(bool(missing_compiler()), reason="no compiler")
def test_cpp_keeps_them() -> None:
    compare("cpp", "some")


def test_cuda_keeps_them(on_cpu: None) -> None:
    pytest.importorskip("brian2cuda")
    compare("cuda", "some")


def test_check_rule_agrees() -> None:
    assert check_rule(CHAIN).ok


@pytest.mark.parametrize("backend", ["numpy", "interpreter"])
def test_units_keep_old_values_too(backend: str) -> None:
    unit = rc.Neuron("n = n + 1 : 1 (stored)\nbefore = n : 1 (stored)\nearlier = before : 1 (stored)\nrate = n : 1")
    net = rc.Circuit()
    net.population("h", 2, unit)
    trace = net.run(4 * ms, record=["h.n", "h.before", "h.earlier"], backend=backend)
    assert [trace[f"h.{k}"][:, 0].tolist() for k in ("n", "before", "earlier")] == [
        [1, 2, 3, 4],
        [0, 1, 2, 3],
        [0, 0, 1, 2],
    ]

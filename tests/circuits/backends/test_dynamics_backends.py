"""Latches, continuous rules, closed pathways, delays, and traces that transmit: cpp, and cuda by its stand-in, do as numpy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2 import Hz, ms

import recircuit as rc
from recircuit.circuits import Convolution
from recircuit.circuits.backends.cpp.compiler import missing_compiler

RNG = np.random.default_rng(8)
SHOWN = RNG.random((12, 9))
DELAYS = RNG.integers(0, 5, (4, 9)) * ms
OF_UNITS = np.tile(RNG.integers(0, 5, 9), (9, 1)) * ms
RULE = rc.Rule(
    "traced", source="a test", forward="dm/dt = (free_post*x_pre - m)/tau\ndw/dt = eta*clip(m*x_post, -1, 1)",
    traces=("m",), parameters=dict(eta=30 * Hz, tau=7 * ms),
)  # fmt: skip
LINES = """
    basal : 1 (compartment)
    drive : 1 (compartment)
    drate/dt = (tanh(basal + drive) - rate)/tau : 1 (during free)
    free = rate                                 : 1 (after free)
"""


def circuit(**options: Any) -> rc.Circuit:
    net = rc.Circuit(batch_size=3, seed=6, **options)
    x = net.stimulus("x", 9, during="free", closed="zero")
    h = net.population("h", 4, rc.Neuron(LINES, tau=3 * ms))
    c = net.population("c", 9, rc.Neuron(LINES, tau=2 * ms))
    net.connect(x, h, rule=RULE, delay=DELAYS, learns="rest")
    net.connect(x, c, connectivity=Convolution((1, 3, 3), 1, 3), delay=2 * ms)
    net.connect(x, c, into="drive", delay=OF_UNITS, name="by_pairs")
    inner = net.connect(h, h, into="drive", rule=RULE, delay=7 * ms, during="free", closed="zero", learns="rest")
    for name, traces in (("by_traces", inner.again("m")), ("by_traces_back", -inner.transposed("m"))):
        net.connect(h, h, name=name, into="drive", weights=traces, delay=1 * ms, during="free", closed="zero")
    net.phases("free", 4 * ms, "rest", 2 * ms)
    return net


RECORD = ["x.rate", "h.rate", "h.free", "h.drive", "c.rate", "x_to_h.w", "x_to_h.m", "h_to_h.m"]


def compare(backend: str) -> None:
    nets = circuit(), circuit()
    kernels = {o.name: type(o.kernel).__name__ for o in nets[0].lowered().operations}
    assert kernels["propagate_x_to_h"] == "DelayedPropagate" and kernels["late_by_pairs"] == "LateSignals"
    assert kernels["propagate_by_traces"] == kernels["propagate_by_traces_back"] == "TracedPropagate"
    left, right = (net.run(SHOWN, record=RECORD, backend=b) for net, b in zip(nets, ("numpy", backend)))
    for name in RECORD:
        np.testing.assert_allclose(right[name], left[name], rtol=1e-10, atol=1e-13, err_msg=name)
    for key, value in nets[0].state().items():
        np.testing.assert_allclose(nets[1][key], value, rtol=1e-10, atol=1e-13, err_msg=key)
    assert np.abs(nets[0]["h.drive"]).max() == 0 < np.abs(left["h.drive"]).max()


def test_the_interpreter_does_the_same() -> None:
    compare("interpreter")


@pytest.mark.skipif(bool(missing_compiler()), reason="no compiler")
def test_cpp_does_the_same() -> None:
    compare("cpp")


def test_cuda_does_the_same(on_cpu: None) -> None:
    pytest.importorskip("brian2cuda")
    compare("cuda")


def test_a_saved_circuit_goes_on_with_signals_under_way(tmp_path: Path) -> None:
    net = circuit()
    net.run(SHOWN)
    net.save(tmp_path / "saved")
    again = rc.Circuit.load(tmp_path / "saved")
    for one in (net, again):
        one.run(SHOWN)
    for key, value in net.state().items():
        np.testing.assert_array_equal(again[key], value, err_msg=key)
    assert str(again) == str(net)
    again["x_to_h.eta"] = 3 * Hz


def test_an_evaluation_leaves_signals_under_way() -> None:
    net = circuit()
    net.run(SHOWN)
    before = net.state()
    net.outputs(SHOWN, read="h.rate", output="h")
    for key, value in net.state().items():
        np.testing.assert_array_equal(value, before[key], err_msg=key)

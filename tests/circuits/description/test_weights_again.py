"""Synapses that transmit a second signal, by their weights or by a state of their rule."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc

SQUARES = rc.Rule("squares", source="this test", state=("square",), forward="dw = .1*x_post*x_pre; square = w**2")
UNIT = rc.Neuron("""
    basal : 1 (compartment)
    size  : 1 (compartment)
    twice : 1 (compartment)
    rate  = tanh(basal) : 1
""")


def network(
    size: int = 1, rows: np.ndarray | None = None, **options: object
) -> tuple[rc.Circuit, rc.Projection, rc.Population, rc.Population]:
    net = rc.Circuit(batch_size=size, seed=1, **options)
    x = net.stimulus("x", 3, rc.Neuron("rate : 1\nunity = 1 : 1"))
    h = net.population("h", 2, UNIT)
    up = net.connect(x, h, rule=SQUARES, connectivity=rows)
    return net, up, x, h


@pytest.mark.parametrize("rows", [None, np.array([[True, False, True], [True, True, False]])])
@pytest.mark.parametrize(
    ("size", "lowering", "backend"),
    [(2, "dense", "numpy"), (2, "dense", "interpreter"), (1, "reference", "numpy")],
)
def test_synapses_transmit_again(size: int, lowering: str, backend: str, rows: np.ndarray | None) -> None:
    net, up, x, h = network(size, rows, lowering=lowering)
    net.connect(x, h, name="sizes", into="size", sends="unity", weights=up.again("square"))
    net.connect(x, h, name="twice", into="twice", sends="unity", weights=2 * up.again())
    net.phases("show", 2 * ms, "plasticity", 1 * ms, "rest", 1 * ms)
    shown = np.random.default_rng(0).normal(size=(6, 3))
    w = net["x_to_h.w"].copy()
    net.run(shown, backend=backend)
    for x_rows in shown.reshape(-1, size, 3):
        w += 0.1 * np.tanh(x_rows @ w.T).T @ x_rows / size * (1 if rows is None else rows)
    np.testing.assert_allclose(net["x_to_h.w"], w, atol=1e-14)
    np.testing.assert_allclose(net["h.size"], np.tile((w**2).sum(axis=1), (size, 1)), atol=1e-14)
    np.testing.assert_allclose(net["h.twice"], np.tile(2 * w.sum(axis=1), (size, 1)), atol=1e-14)


def test_what_synapses_transmit_again_is_shown_and_saved(tmp_path) -> None:
    net, up, x, h = network()
    sizes = net.connect(x, h, name="sizes", into="size", sends="unity", weights=up.again("square"))
    net.phases("show", 2 * ms, "plasticity", 1 * ms)
    assert "square of x_to_h" in str(net.summary()) and sizes.local and not up.T.local
    net.run(np.ones((1, 3)))
    net.save(tmp_path / "again.safetensors")
    loaded = rc.Circuit.load(tmp_path / "again.safetensors")
    for circuit in (net, loaded):
        circuit.run(np.ones((2, 3)))
    np.testing.assert_array_equal(loaded["h.size"], net["h.size"])


def test_weights_that_do_not_fit_are_refused() -> None:
    net, up, x, h = network()
    other = net.population("other", 2, UNIT)
    with pytest.raises(rc.RecircuitError, match="run from 'x' to 'h', and its synapses transmit again between the same units"):
        net.connect(x, other, weights=up.again())
    with pytest.raises(rc.RecircuitError, match=r"no variable 'sqare' that could be the weights; they have \['w', 'square'\]"):
        net.connect(x, h, into="size", name="sizes", weights=up.again("sqare"))
    with pytest.raises(rc.RecircuitError, match="have no rule of their own"):
        net.connect(x, h, into="size", name="sizes", weights=up.again(), rule=SQUARES)

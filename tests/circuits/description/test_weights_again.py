"""Synapses that transmit a second signal, by their weights or by a state or trace of their rule."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc

SQUARES = rc.Rule("squares", source="this test", state=("square",), forward="dw = .1*x_post*x_pre; square = w**2")
FAST = rc.Rule("fast", source="Ba et al. 2016", traces=("fast",), forward="fast = .9*fast + .2*x_post*x_pre")
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
    assert "sizes: x.unity -> h.size, (2, 3), square of x_to_h\n" in f"{net}\n"
    assert "square of x_to_h" in str(net.summary()) and sizes.local and not up.T.local
    net.run(np.ones((1, 3)))
    net.save(tmp_path / "again.safetensors")
    loaded = rc.Circuit.load(tmp_path / "again.safetensors")
    for circuit in (net, loaded):
        circuit.run(np.ones((2, 3)))
    np.testing.assert_array_equal(loaded["h.size"], net["h.size"])


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    ("size", "lowering", "backend"),
    [(3, "dense", "numpy"), (3, "dense", "interpreter"), (1, "reference", "numpy")],
)
def test_traces_transmit_in_each_batch_element(size: int, lowering: str, backend: str, masked: bool) -> None:
    """Fast weights, forwards into one compartment and backwards into another, with a factor."""
    there = np.random.default_rng(5).random((4, 4)) < 0.6
    net = rc.Circuit(batch_size=size, seed=1, lowering=lowering)
    unit = """
        basal : 1 (compartment)
        drive : 1 (compartment)
        back  : 1 (compartment)
        rate  = tanh(basal + drive + back) : 1 (stored)
    """
    x, h = net.stimulus("x", 4, every=1 * ms), net.population("h", 4, rc.Neuron(unit))
    net.connect(x, h, into="drive", weights=1.0, connectivity=rc.OneToOne())
    memory = net.connect(h, h, into="back", weights=0.0, rule=FAST, connectivity=there if masked else None)
    net.connect(h, h, name="recall", weights=memory.again("fast"))
    net.connect(h, h, name="backwards", into="back", weights=-0.5 * memory.transposed("fast"))
    shown = np.random.default_rng(0).normal(size=(size, 20, 4))
    net.run({"x": shown}, 20 * ms, backend=backend)
    fast, rates = np.zeros((size, 4, 4)), np.zeros((size, 4))
    for step in range(20):
        recalled, back = np.einsum("bji,bi->bj", fast, rates), np.einsum("bij,bi->bj", fast, rates)
        rates = np.tanh(recalled + shown[:, step] - 0.5 * back)
        fast = (0.9 * fast + 0.2 * rates[:, :, None] * rates[:, None, :]) * (there if masked else 1)
    np.testing.assert_allclose(net["h.rate"], rates, atol=1e-13)
    np.testing.assert_allclose(net["h_to_h.fast"], fast, atol=1e-13)
    np.testing.assert_allclose(net["backwards.w"], -0.5 * fast.swapaxes(1, 2), atol=1e-13)


def test_traces_that_cannot_transmit_are_refused() -> None:
    net = rc.Circuit()
    x, h = net.stimulus("x", 9), net.population("h", 9, UNIT)
    windows = net.connect(x, h, rule=FAST, weights=0.1, connectivity=rc.Local((1, 3, 3), 1, 3))
    with pytest.raises(
        rc.RecircuitError, match="traces transmit between all pairs of units, or those of a mask; got Local"
    ):
        net.connect(x, h, into="size", name="recall", weights=windows.again("fast"))
    dense = net.connect(x, h, name="dense", rule=FAST, weights=0.1)
    with pytest.raises(rc.RecircuitError, match="traces transmit with one delay for all synapses"):
        net.connect(x, h, into="size", name="recall", weights=dense.again("fast"), delay=np.ones((9, 9)) * ms)


def test_a_pool_does_not_transmit_again() -> None:
    """It would remember the largest of the second signal in place of the first."""
    net = rc.Circuit()
    x, h = net.stimulus("x", 4, rc.Neuron("rate : 1\nunity = 1 : 1")), net.population("h", 1, UNIT)
    pool = net.connect(x, h, connectivity=rc.MaxPool.of_all(4))
    with pytest.raises(
        rc.RecircuitError, match="'x_to_h' selects the largest signal of each window, and has no weights"
    ):
        net.connect(x, h, name="again", into="size", sends="unity", weights=pool.again())


def test_weights_that_do_not_fit_are_refused() -> None:
    net, up, x, h = network()
    other = net.population("other", 2, UNIT)
    with pytest.raises(
        rc.RecircuitError, match="run from 'x' to 'h', and its synapses transmit again between the same units"
    ):
        net.connect(x, other, weights=up.again())
    with pytest.raises(
        rc.RecircuitError, match=r"no variable 'sqare' that could be the weights; they have \['w', 'square'\]"
    ):
        net.connect(x, h, into="size", name="sizes", weights=up.again("sqare"))
    with pytest.raises(rc.RecircuitError, match="have no rule of their own"):
        net.connect(x, h, into="size", name="sizes", weights=up.again(), rule=SQUARES)

"""A piece of a data set shows the rates that the whole shows, or is refused, and so is what no stimulus can show."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc
from recircuit.circuits.inputs.rows import ORDER, dataset_inputs
from recircuit.circuits.lowering import memory

SHAPE = (8, 6)
X = np.random.default_rng(0).integers(0, 256, SHAPE, dtype=np.uint8)
Y = np.arange(8) % 2
BYTES = rc.Dataset.from_arrays("bytes", X, Y, X, Y, scale=1 / 16, offset=-0.5)
FLOATS = rc.Dataset.from_arrays("floats", X / 255, Y, X / 255, Y, scale=3.0, offset=0.25)


def circuit(**options: Any) -> rc.Circuit:
    net = rc.Circuit(**options)
    net.connect(net.stimulus("x", SHAPE[1]), net.population("h", 2, rc.pyramidal()))
    net.phases("feedforward", 2 * ms)
    return net


def shown(given: Any) -> np.ndarray:
    net = circuit(batch_size=len(X))
    net.run(given, 1)
    return net["x.rate"]


@pytest.mark.parametrize("data", [BYTES, FLOATS, FLOATS.standardised(), BYTES.standardised()])
def test_a_data_set_and_its_rates_show_the_same(data: rc.Dataset) -> None:
    assert np.allclose(shown(data), data.rates(data.x_train), rtol=1e-6)
    assert np.array_equal(shown(data), shown({"x": data.rates(data.x_train)}))


def test_floats_of_a_data_set_are_rates_already() -> None:
    assert (FLOATS.scale, FLOATS.offset) == (1.0, 0.0)
    assert np.allclose(FLOATS.x_test, X / 255 * 3.0 + 0.25, rtol=1e-6)
    assert np.array_equal(shown(FLOATS), shown({"x": FLOATS.x_train}))


def closed_loop(net: rc.Circuit, row: np.ndarray) -> None:
    with net.live() as loop:
        loop.present({"x": row})


@pytest.mark.parametrize("piece", [BYTES.x_test, BYTES.x_test[:3], BYTES.x_test.copy()[[1, 2]], np.concatenate([X, X])])
def test_bytes_without_a_scale_are_refused_wherever_data_is_given(piece: np.ndarray) -> None:
    net = circuit()
    given = (lambda: net.run(piece, 1), lambda: net.run({"x": piece}, 1), lambda: net.outputs(piece, read="h.rate"),
             lambda: closed_loop(net, piece[0]), lambda: rc.train(net, piece, progress=False))  # fmt: skip
    for give in given:
        with pytest.raises(rc.RecircuitError, match="data.rates"):
            give()


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_a_closed_loop_names_the_stimulus_that_is_no_number(value: float) -> None:
    net = circuit(precision="float32")
    with warnings.catch_warnings(), net.live() as live:
        warnings.simplefilter("error")
        before = live.present({"x": np.ones(6)}, read=["x.rate"])
        with pytest.raises(rc.RecircuitError, match="stimulus 'x': got NaN, infinity, or more than float32"):
            live.present({"x": np.array([0, 0, 0, 0, 0, value])})
        again = live.present(read=["x.rate"])
    assert np.array_equal(before["x.rate"], again["x.rate"]), "what was refused has been shown"


def test_a_call_of_a_closed_loop_takes_all_stimuli_or_none() -> None:
    net = circuit()
    net.stimulus("y", 2)
    with net.live() as live:
        with pytest.raises(rc.RecircuitError, match="takes the shape"):
            live.present({"x": np.ones(6), "y": np.ones(5)})
        assert not live.present(read=["x.rate"])["x.rate"].any()


def test_what_makes_an_object_is_refused_on_one(tmp_path: Any) -> None:
    net = circuit()
    net.save(tmp_path / "net.safetensors")
    for call in (lambda: net.load(tmp_path / "net.safetensors"), lambda: BYTES.from_arrays("d", X, Y, X, Y)):
        with pytest.raises(rc.RecircuitError, match="makes a new object"):
            call()
    assert np.array_equal(rc.Circuit.load(tmp_path / "net.safetensors")["x_to_h.w"], net["x_to_h.w"])


@pytest.mark.parametrize("weights", ["normal", b"1", 1j, object(), True, {}, np.array(["a"]), [[1], [1, 2]]])
def test_weights_that_are_no_numbers_are_refused_where_they_are_given(weights: Any) -> None:
    net = circuit()
    with pytest.raises(rc.RecircuitError, match="weights are a number"):
        net.connect(net["x"], net["h"], weights=weights, name="q")


def many_samples(net: rc.Circuit) -> np.ndarray:
    """Return samples that need no memory as they are, and fill it when they are copied."""
    return np.broadcast_to(np.ones((1, net["x"].size)), (10**12, net["x"].size))


@pytest.mark.parametrize("asks", [
    lambda net: net.run({"x": many_samples(net)}, 1),
    lambda net: net.run(presentations=2**30),
    lambda net: net.predict(many_samples(net)),
    lambda net: net.outputs(many_samples(net)),
    lambda net: net.evaluate((many_samples(net), np.broadcast_to(0, 10**12))),
    lambda net: rc.train(net, (many_samples(net), np.broadcast_to(0, 10**12)), 1, progress=False),
])  # fmt: skip
def test_more_samples_than_fit_into_memory_are_refused_before_they_fill_it(asks: Any, monkeypatch) -> None:
    monkeypatch.setattr(memory, "available", lambda: 2**33)
    net = rc.layered([6, 2])
    with pytest.raises(rc.RecircuitError, match=r"need .* GiB, and 8.00 GiB are free. Give fewer samples"):
        asks(net)


def test_bytes_that_stay_bytes_need_no_more_memory(monkeypatch) -> None:
    """The same data as floating-point numbers would not fit."""
    net = rc.layered([6, 2])
    monkeypatch.setattr(memory, "SMALL", 0)
    monkeypatch.setattr(memory, "available", lambda: X.size * 5 + ORDER * len(X) - 1)
    assert dataset_inputs(net, BYTES, "test").count == len(X)
    with pytest.raises(rc.RecircuitError, match="Give fewer samples"):
        dataset_inputs(net, FLOATS, "test")


def test_more_answers_than_fit_into_memory_are_refused_before_the_run(monkeypatch) -> None:
    net = rc.layered([6, 2])
    program, order = net.program(), np.zeros((5, 1), np.int32)
    monkeypatch.setattr(memory, "SMALL", 0)
    monkeypatch.setattr(memory, "available", lambda: 8 * 5 * 6 - 1)
    with pytest.raises(rc.RecircuitError, match="run: the answers of 5 presentations need"):
        program.run(net.timetable("evaluate"), order, collect={"x.rate": 0})
    assert program.get("clock.timestep") == 0

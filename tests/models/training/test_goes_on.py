"""Training goes on where it was, and what is measured touches nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc
from recircuit.circuits.state.moment import Moment, same_bits
from recircuit.models.training.run_files import RunFiles

NOISY = rc.Rule(
    "noisy",
    source="here",
    forward="dw = rate*error_post*x_pre + .01*randn()",
    feedback="dw = rate*error_pre*x_post",
    parameters={"rate": 0.2},
)


def blobs(test_seed: int = 1) -> rc.Dataset:
    rng, other = np.random.default_rng(0), np.random.default_rng(test_seed)
    x, y = rng.normal(size=(40, 6)), rng.integers(0, 3, 40)
    return rc.Dataset.from_arrays("blobs", x, y, other.normal(size=(17, 6)), other.integers(0, 3, 17), classes=3)


def slow(seed: int = 0) -> rc.Circuit:
    return rc.layered([6, 5, 3], "urfb", tau=3 * ms, settling=2.0, batch_size=4, seed=seed)


def noisy() -> rc.Circuit:
    rule = NOISY.with_momentum(0.5).with_rate_decay(0.01)
    return rc.layered([6, 5, 3], rule, tau=3 * ms, settling=2.0, batch_size=4, seed=2, precision="float64")


def assert_same(a: Moment, b: Moment) -> None:
    assert a.state.keys() == b.state.keys() and a.epoch == b.epoch
    assert [k for k in a.state if not same_bits(a.state[k], b.state[k])] == []
    assert a.noise is not None and b.noise is not None and np.array_equal(a.noise.content, b.noise.content)


def test_the_test_set_does_not_reach_the_circuit() -> None:
    ends = []
    for test_seed in (1, 2):
        net = slow()
        rc.train(net, blobs(test_seed), epochs=3, backend="numpy")
        ends.append(net.moment())
    assert_same(*ends)


def test_measures_do_not_reach_the_circuit() -> None:
    ends = []
    for measures in ((), ("gradient",)):
        net = noisy()
        rc.train(net, blobs(), epochs=2, backend="numpy", measures=measures)
        ends.append(net.moment())
    assert_same(*ends)


def test_three_calls_are_one() -> None:
    parts, whole = noisy(), noisy()
    rows = [rc.train(parts, blobs(), backend="numpy").rows[0] for _ in range(3)]
    history = rc.train(whole, blobs(), epochs=3, backend="numpy")
    assert_same(parts.moment(), whole.moment())
    assert [row["epoch"] for row in rows] == history["epoch"].tolist() == [1, 2, 3]
    assert [row["test_error"] for row in rows] == history["test_error"].tolist()
    parts.reset()
    assert parts.epoch == 0
    rc.train(parts, blobs(), epochs=3, backend="numpy")
    assert_same(parts.moment(), whole.moment())


def test_a_run_of_a_circuit_that_was_trained_before_is_resumed(tmp_path: Path) -> None:
    whole, half, fresh = noisy(), noisy(), noisy()
    rc.train(whole, blobs(), epochs=4, backend="numpy")
    rc.train(half, blobs(), epochs=1, backend="numpy")
    rc.train(half, blobs(), epochs=1, backend="numpy", out=tmp_path)
    history = rc.train(fresh, blobs(), epochs=3, backend="numpy", out=RunFiles(tmp_path, resume=True))
    assert_same(whole.moment(), fresh.moment())
    assert history["epoch"].tolist() == [2, 3, 4]


@pytest.mark.cpp
def test_epochs_go_on_from_numpy_to_cpp() -> None:
    parts, whole = noisy(), noisy()
    for backend in ("numpy", "cpp", "numpy"):
        rc.train(parts, blobs(), backend=backend)
    rc.train(whole, blobs(), epochs=3, backend="numpy")
    a, b = parts.moment(), whole.moment()
    for key, value in b.state.items():
        np.testing.assert_allclose(a.state[key], value, rtol=1e-9, atol=1e-12)


def test_reset_keeps_a_time_constant_that_turns_settling_on() -> None:
    net = rc.layered([6, 5, 3], "urfb", batch_size=4)
    net["h1.tau"] = 3 * ms
    rc.train(net, blobs(), backend="numpy")
    first = net.state()
    net.reset()
    assert float(net["h1.tau"]) == pytest.approx(0.003)
    rc.train(net, blobs(), backend="numpy")
    assert [k for k, v in net.state().items() if not same_bits(v, first[k])] == []

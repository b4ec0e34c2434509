"""Closed loops: single calls are what a run of all of them is, and nothing is done between them that a run does not do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brian2 import ms
from networks import distance

import recircuit as rc

BACKENDS = ["numpy", "interpreter", pytest.param("cpp", marks=pytest.mark.cpp)]


def network(batch_size: int = 2, **options: Any) -> rc.Circuit:
    net = rc.layered([4, 3, 2], "urfb", batch_size=batch_size, seed=5, **options)
    net["h1_to_o.rate"] = net["x_to_h1.rate"] = 0.3
    return net


def samples(count: int, batch_size: int = 2) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    return random.normal(size=(count, batch_size, 4)), random.integers(0, 2, (count, batch_size))


@pytest.mark.parametrize("backend", BACKENDS)
def test_calls_are_presentations(backend: str) -> None:
    """With learning on, the weights after 12 calls are those of a run of 12 presentations, bit for bit."""
    x, labels = samples(12)
    loop, run = network(), network()
    teacher = next(p.name for p in loop.populations.values() if p.clamp is not None and p.clamp.kind == "labels")
    with loop.live(backend=backend) as live:
        seen = [live.present({"x": a, teacher: b}, read=["o.rate", "h1.basal"]) for a, b in zip(x, labels)]
    trace = run.run(
        {"x": x.reshape(-1, 4), teacher: labels.reshape(-1)}, record=["o.rate", "h1.basal"], backend=backend
    )
    ends = slice(run.timetable().length - 1, None, run.timetable().length)
    for name in ("o.rate", "h1.basal"):
        assert np.array_equal([s[name][0] for s in seen], trace[name][ends])
    assert {k: v for k, v in loop.state().items() if not np.array_equal(v, run.state()[k])} == {}


@pytest.mark.parametrize("backend", BACKENDS)
def test_without_learning_only_evaluation_phases_run(backend: str) -> None:
    x, _ = samples(5)
    net = network()
    before = net["x_to_h1.w"]
    with net.live(learn=False, backend=backend) as live:
        seen = [live.present({"x": a}, read="o.rate")["o.rate"] for a in x]
    assert np.array_equal(net["x_to_h1.w"], before)
    evaluated = network().run({"x": x.reshape(-1, 4)}, learn=False, record=["o.rate"], backend=backend)
    each = evaluated.steps // 5
    assert np.array_equal(np.array(seen)[:, 0], evaluated["o.rate"][each - 1 :: each])


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_run_in_between_is_no_part_of_the_loop_and_the_loop_goes_on(backend: str) -> None:
    net = rc.Circuit()
    x = net.stimulus("x", 1)
    h = net.population("sum", 1, rc.Neuron("basal : 1 (compartment)\nrate = rate + basal : 1 (during run)"))
    net.connect(x, h, weights=1.0)
    net.phases("run", 1 * ms)
    with net.live(backend=backend) as live:
        assert live.present({"x": [2]}, read=["sum.rate"])["sum.rate"] == 2
        net.run({"x": [10, 20]})
        assert live.present(read=["sum.rate"])["sum.rate"] == 34  # x still shows what the loop has shown last
        assert live.present({"x": 1}, read=["x.rate", "sum.rate"])["sum.rate"] == 35
    assert net["sum.rate"] == 35
    net.run(presentations=1)  # the first of the data of the run
    assert net["sum.rate"] == 45


@pytest.mark.parametrize("backend", ["numpy", pytest.param("cpp", marks=pytest.mark.cpp)])
def test_a_stream_goes_on_step_by_step(backend: str) -> None:
    net = rc.Circuit(batch_size=2)
    x, h = net.stimulus("x", 2), net.population("h", 3, rc.pyramidal(tau=5 * ms))
    net.connect(x, h)
    rows = np.random.default_rng(0).normal(size=(9, 2, 2))
    rate = np.zeros((2, 3))
    with net.live(backend=backend) as live:
        for row in rows:
            rate = rate + (np.clip(row @ net["x_to_h.w"].T, -1, 1) - rate) / 5
            assert distance(live.present({"x": row}, read=["h.rate"])["h.rate"], rate) < 1e-12
    assert net["clock.timestep"] == 9


def test_what_is_read_is_a_copy() -> None:
    net = network()
    with net.live() as live:
        first = live.present({"x": np.ones(4)}, read=["x.rate"])["x.rate"]
        live.present({"x": np.zeros(4)}, read=["x.rate"])
    assert np.array_equal(first, np.ones((2, 4)))


def test_an_array_is_no_name_of_what_is_read() -> None:
    net = network()
    with net.live() as live:
        live.present({"x": np.ones(4)}, read=("x.rate",))
        with pytest.raises(rc.RecircuitError, match="read is a list of names"):
            live.present({"x": np.ones(4)}, read=(np.zeros(3),))
        assert np.array_equal(live.present({}, read=("x.rate",))["x.rate"], np.ones((2, 4)))


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no stimulus": ({"h1": 1}, "'h1' is not a stimulus"),
    "shape": ({"x": np.ones(3)}, r"'x' takes the shape \(4,\) or \(2, 4\)"),
    "label": ({"s": 2}, "whole numbers from 0 to 1"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused_in_words(what: str) -> None:
    net = rc.Circuit(batch_size=2)
    net.stimulus("x", 4)
    net.supervisor("s", 2)
    net.phases("run", 1 * ms)
    given, message = REFUSED[what]
    with net.live() as live, pytest.raises(rc.RecircuitError, match=message):
        live.present(given)


@pytest.mark.parametrize("backend", ["numpy", pytest.param("cpp", marks=pytest.mark.cpp)])
def test_what_diverges_is_named(backend: str) -> None:
    net = rc.Circuit()
    x, h = (
        net.stimulus("x", 1),
        net.population("h", 1, rc.Neuron("basal : 1 (compartment)\nrate = 1/basal : 1 (during run)")),
    )
    net.connect(x, h, weights=1.0)
    net.phases("run", 1 * ms)
    with net.live(backend=backend) as live:
        with pytest.raises(rc.RecircuitError, match="h.rate became NaN or infinite in a closed loop. Nothing learns"):
            live.present({"x": 0})
        with pytest.raises(rc.RecircuitError, match="live: stimulus 'x': got NaN, infinity"):
            live.present({"x": np.nan})


# --- parameters of each element or unit -------------------------------------------------------------------------------

LEAK = "basal : 1 (compartment)\ndv/dt = (basal - v)/tau : 1\nrate = tanh(gain*v) : 1"


def leaky(batch_size: int, tau: Any = 5 * ms) -> rc.Circuit:
    net = rc.Circuit(batch_size=batch_size)
    x, h = net.stimulus("x", 3, every=1 * ms), net.population("h", 4, rc.Neuron(LEAK, tau=tau, gain=2.0))
    net.connect(x, h)
    return net


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_sweep_of_parameters_is_one_run(backend: str) -> None:
    """100 time constants, of which the first equals dt, give what 100 circuits give, here computed as a loop in NumPy."""
    net, taus = leaky(100), np.linspace(1, 40, 100)[:, None]
    net["h.tau"] = taus * ms
    data = np.random.default_rng(0).normal(size=(30, 3))
    net.run({"x": data}, backend=backend)
    v = np.zeros((100, 4))
    for row in data:
        v = v + (net["x_to_h.w"] @ row - v) / taus
    assert distance(net["h.rate"], np.tanh(2 * v)) < 1e-12
    assert net["h.tau"].shape == (100, 4) and np.allclose(net["h.tau"], taus * 1e-3)


def test_a_parameter_may_become_one_for_all_again_and_reset_keeps_it() -> None:
    net = leaky(2)
    net["h.gain"] = np.arange(8.0).reshape(2, 4)
    net.reset()
    assert np.array_equal(net["h.gain"], np.arange(8.0).reshape(2, 4))
    other = leaky(2)
    other.set_state(net.state())
    assert np.array_equal(other["h.gain"], net["h.gain"])
    net["h.gain"] = 3
    assert net["h.gain"] == 3
    with pytest.raises(rc.RecircuitError, match=r"\(2, 1\), one for each batch element"):
        net["h.tau"] = np.ones(3) * ms
    with pytest.raises(rc.RecircuitError, match="has the dimension"):
        net["h.tau"] = np.ones((2, 1))

"""Series, streams and long schedules, against NumPy loops that know nothing of the simulator."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brian2 import TimedArray, ms, second
from networks import distance

import recircuit as rc
from recircuit.circuits.answers import answered_rows
from recircuit.circuits.backends.numpy.program import NumpyProgram
from recircuit.circuits.backends.program import Interrupted, RunResult

LEAK = "basal : 1 (compartment)\ndrate/dt = (tanh(basal) - rate)/tau : 1"
DELTA = "basal : 1 (compartment)\nteacher : 1 (compartment)\nrate = basal : 1\ndelta = teacher - basal : 1"
#: In this process; cpp is marked, since it compiles.
BACKENDS = ["numpy", "interpreter", pytest.param("cpp", marks=pytest.mark.cpp)]


def network(batch_size: int = 2, *, every: Any = 1 * ms, rule: Any = None, **options: Any) -> rc.Circuit:
    """Return a series x, a leaky layer h, and a real-valued target y."""
    net = rc.Circuit(batch_size=batch_size, **options)
    x, y = net.stimulus("x", 3, every=every), net.target("y", 2, every=every)
    h = net.population("h", 4, rc.Neuron(LEAK, tau=5 * ms))
    net.connect(x, h)
    if rule:
        o = net.population("o", 2, rc.Neuron(DELTA))
        net.connect(h, o, rule=rule)
        net.connect(y, o, into="teacher", weights=1.0, connectivity=rc.OneToOne())
    return net


def leaky(w: np.ndarray, shown: np.ndarray, rate: np.ndarray) -> np.ndarray:
    """Return the rates after each step, (steps, batch, units), of dx/dt = (tanh(W x) - rate)/tau by Euler, dt/tau = 1/5."""
    found = []
    for row in shown:
        rate = rate + (np.tanh(row @ w.T) - rate) / 5
        found.append(rate)
    return np.array(found)


def random(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).normal(size=shape)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_row_is_presented_every_so_often_in_its_window(backend: str) -> None:
    """A row is presented every 2 ms of the window [2, 8) of a presentation of 9 ms; there are five samples in two elements."""
    net = rc.Circuit(batch_size=2)
    x = net.stimulus("x", 3, every=2 * ms, during="shown")
    h = net.population("h", 4, rc.Neuron(LEAK, tau=5 * ms))
    net.connect(x, h)
    net.phases("before", 2 * ms, "shown", 6 * ms, "after", 1 * ms)
    data = random(5, 3, 3)
    trace = net.run({"x": data}, record=["x.rate", "h.rate"], backend=backend)
    expected, held = [], np.zeros(3)
    for sample in data[[0, 2, 4]]:
        expected += [held, held, *np.repeat(sample, 2, axis=0), sample[-1]]
        held = sample[-1]
    assert np.array_equal(trace["x.rate"], expected)
    rates = leaky(net["x_to_h.w"], np.array(expected)[:, None], np.zeros((1, 4)))[:, 0]
    assert distance(trace["h.rate"], rates) < 1e-12
    assert np.array_equal(net["x.rate"][1], np.zeros(3))  # the last batch has one sample only


@pytest.mark.parametrize("backend", BACKENDS)
def test_regression_on_series_is_a_loop_over_steps(backend: str) -> None:
    """The delta rule acts in every step: dW = rate * mean over elements of (y - o) h."""
    rule = rc.Rule(
        "delta", source="Widrow and Hoff 1960", forward="dw = rate*delta_post*rate_pre", parameters=dict(rate=0.1)
    )
    net = network(rule=rule)
    net.phases("run", 6 * ms)
    x, y = random(4, 6, 3), random(4, 6, 2)
    w, v = net["x_to_h.w"], net["h_to_o.w"]
    net.run({"x": x, "y": y}, backend=backend)
    h = np.zeros((2, 4))
    for pair in (slice(0, 2), slice(2, 4)):
        for step in range(6):
            before, h = h, leaky(w, x[pair, step][None], h)[0]
            v = v + 0.1 * (y[pair, step] - before @ v.T).T @ h / 2
    assert distance(net["h_to_o.w"], v) < 1e-12


@pytest.mark.parametrize("backend", BACKENDS)
def test_without_phases_a_circuit_just_runs(backend: str) -> None:
    """There is a row every 2 ms, and one sample for each element; the clock, the state and the recorded times go on."""
    net = network(every=2 * ms)
    x = random(2, 10, 3)
    first = net.run({"x": x}, 8 * ms, record=["h.rate"], backend=backend)
    second_ = net.run({"x": x[:, 4:]}, record=["h.rate", "x.rate"])
    shown = np.repeat(x, 2, axis=1).transpose(1, 0, 2)
    rates = leaky(net["x_to_h.w"], shown, np.zeros((2, 4)))
    assert distance(np.concatenate([first["h.rate"], second_["h.rate"]]), rates[:, 0]) < 1e-12
    assert distance(net["h.rate"], rates[-1]) < 1e-12
    assert np.allclose([*first.t, *second_.t], np.arange(1, 21))
    assert len(net.timetable().entries) == 1 and net["clock.timestep"] == 20


def test_rules_are_open_all_the_time_in_a_stream_unless_it_is_not_to_learn() -> None:
    rule = rc.Rule("hebb", source="Hebb 1949", forward="dw = rate*rate_post*rate_pre", parameters=dict(rate=0.1))
    net = rc.Circuit()
    x, h = net.stimulus("x", 2, every=1 * ms), net.population("h", 2, rc.Neuron(LEAK, tau=5 * ms))
    net.connect(x, h, rule=rule, weights=0.5)
    data, w, rate = random(7, 2), np.full((2, 2), 0.5), np.zeros(2)
    net.run({"x": data}, 7 * ms, learn=False)
    assert np.array_equal(net["x_to_h.w"], w)
    net["h.rate"] = 0
    net.run({"x": data})
    for row in data:
        rate = rate + (np.tanh(w @ row) - rate) / 5
        w = w + 0.1 * np.outer(rate, row)
    assert distance(net["x_to_h.w"], w) < 1e-12


@pytest.mark.parametrize("backend", BACKENDS)
def test_long_phases_are_listed_once_and_computed_in_full(backend: str) -> None:
    """5,000 equal steps are a thousand rows of the timetable; series go on through them."""
    net = network(1, every=3 * ms)
    net.phases("a", 30 * ms, "b", 5000 * ms, "c", 2 * ms)
    data = random(1678, 3)
    trace = net.run({"x": data}, record=["x.rate", "h.rate"], backend=backend)
    shown = np.repeat(data, 3, axis=0)[:5032]
    assert np.array_equal(trace["x.rate"], shown)
    assert distance(trace["h.rate"], leaky(net["x_to_h.w"], shown[:, None], np.zeros((1, 4)))[:, 0]) < 1e-12
    table = net.timetable()
    assert len(table.entries) < 1200 and table.length == 5032


def test_long_phases_are_what_they_are_when_every_step_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Condensed phases give the same bits, with operations left out in most steps, a stimulus, and learning at the end."""

    def weights(long: int) -> np.ndarray:
        monkeypatch.setattr("recircuit.circuits.description.schedules.presentations.LONG", long)
        net = rc.layered([6, 5, 3], "urfb", tau=3 * ms, seed=3, batch_size=2)
        windows = {name: (a * ms, b * ms) for name, (a, b) in _stretched(net).items()}
        net.phases(**windows)
        net.run({"x": random(4, 6), "s": [0, 1, 2, 0]})
        lengths.append(len(net.timetable().entries))
        return net["h1_to_o.w"]

    lengths: list[int] = []
    assert np.array_equal(weights(20), weights(10_000))
    assert lengths[0] < lengths[1] == 4 * 150


def _stretched(net: rc.Circuit) -> dict[str, tuple[int, int]]:
    names = list(net.phased().windows)
    return {name: (150 * k, 150 * (k + 1)) for k, name in enumerate(names)}


def test_a_million_steps_are_lowered_like_a_thousand() -> None:
    net = network(1)
    net.phases("a", 1_000_000 * ms, "b", 1 * ms)
    table = net.timetable()
    assert table.length == 1_000_001 and len(table.entries) < 1200
    assert "step 1000000: b" in net.explain()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("how", ["list", "mask"])
def test_samples_of_different_lengths_show_nothing_after_their_end(how: str, backend: str) -> None:
    net = network(2)
    net.phases("run", 5 * ms)
    whole, lengths = random(4, 5, 3), [2, 5, 3, 1]
    data: Any = [sample[:n] for sample, n in zip(whole, lengths)]
    if how == "mask":
        ended = np.arange(5) >= np.array(lengths)[:, None]
        data = np.ma.array(whole, mask=np.repeat(ended[:, :, None], 3, axis=2))
    trace = net.run({"x": data}, record=["x.rate"], backend=backend)
    expected = whole * (np.arange(5) < np.array(lengths)[:, None])[:, :, None]
    assert np.array_equal(trace["x.rate"].reshape(2, 5, 3), expected[::2])


def test_functions_of_time_and_timed_arrays_are_what_all_elements_share() -> None:
    net = network(3)
    values = TimedArray(random(4, 3), dt=2 * ms)
    trace = net.run({"x": values, "y": lambda t: [t / second, 1]}, 8 * ms, record=["x.rate", "y.rate"])
    assert np.array_equal(trace["x.rate"], np.repeat(values.values, 2, axis=0))
    assert np.allclose(trace["y.rate"], np.stack([np.arange(8) * 1e-3, np.ones(8)], axis=1))
    assert np.ptp(net["x.rate"], axis=0).max() == 0
    assert np.allclose(net.run(2 * ms, record=["y.rate"])["y.rate"][:, 0], [0.008, 0.009])  # the time goes on


def test_a_function_of_time_is_the_same_in_each_presentation() -> None:
    net = network(1)
    net.phases("run", 3 * ms)
    trace = net.run({"x": lambda t: t / second, "y": random(2, 3, 2)}, record=["x.rate"])
    assert np.allclose(trace["x.rate"][:, 0], [0, 0.001, 0.002] * 2)


def test_series_are_not_copied_in_this_process() -> None:
    net = network(2)
    net.phases("run", 4 * ms)
    data = random(6, 4, 3)
    net.run({"x": data})
    assert np.shares_memory(net.program().data["x"][0], data)  # type: ignore[attr-defined]


def test_spikes_stay_bytes_and_real_targets_may_be_one_row() -> None:
    net = rc.Circuit(batch_size=2, precision="float32")
    net.stimulus("x", 2, every=1 * ms)
    net.target("y", 2)
    net.phases("run", 2 * ms)
    data = np.arange(16).reshape(4, 2, 2) % 3 == 0
    trace = net.run({"x": data, "y": random(4, 2)}, record=["x.rate", "y.rate"])
    assert np.array_equal(trace["x.rate"], data[[0, 2]].reshape(4, 2))
    assert np.allclose(trace["y.rate"], np.repeat(random(4, 2)[[0, 2]], 2, axis=0))
    assert net.program().data["x"][0].dtype == np.uint8  # type: ignore[attr-defined]


def test_a_target_is_not_presented_in_an_evaluation() -> None:
    net = network(1)
    net.phases("feedforward", 2 * ms, "rest", 1 * ms)
    trace = net.run({"x": random(3, 3), "y": np.ones((3, 2))}, learn=False, record=["y.rate"])
    assert trace.steps == 2 and not trace["y.rate"].any()


def test_which_stimuli_go_on_with_what() -> None:
    net = rc.Circuit()
    for name in "xyz":
        net.stimulus(name, 1)
    net.phases("run", 1 * ms)
    net.run({"x": 5, "y": 0})
    trace = net.run({"y": 1}, record=["x.rate", "y.rate"])
    assert trace["x.rate"] == 5 and trace["y.rate"] == 1
    assert "earlier" in trace.shown["x"] and "this run" in trace.shown["y"] and "no data" in trace.shown["z"]
    assert "x went on with the data of an earlier run" in repr(trace)


def _run(data: Any, *more: Any, **options: Any) -> Any:
    def attempt() -> None:
        net = network(2)
        if options:
            net.phases(**options)
        net.run(data, *more)

    return attempt


SERIES = dict(run=(0 * ms, 4 * ms))
REFUSED = {
    "rows for a window": (_run({"x": random(2, 3, 3)}, **SERIES), "a sample has 4 rows; got 3"),
    "width": (_run({"x": random(2, 4, 2)}, **SERIES), "series of 3 units"),
    "NaN": (_run({"x": np.full((2, 4, 3), np.nan)}, **SERIES), "NaN, infinity"),
    "a mask in the middle": (_run({"x": np.ma.masked_less(random(2, 4, 3), 0)}, **SERIES), "whole rows at the end"),
    "no time": (_run({"y": lambda t: 0}), "say for how long"),
    "nothing at all": (_run(None), "no phases yet"),
    "too little": (_run({"x": random(2, 3, 3)}, 4 * ms), "last for 3 steps"),
    "three samples": (_run({"x": random(3, 4, 3)}), "1 or 2 of them; got 3"),
    "part of a step": (_run({"x": random(2, 3, 3)}, 0.5 * ms), "0.5 steps"),
    "unit": (_run({"x": lambda t: t}, 2 * ms), "gives one number"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused_in_words(what: str) -> None:
    attempt, message = REFUSED[what]
    with pytest.raises(rc.RecircuitError, match=message):
        attempt()


def test_answers_to_series_that_are_stopped_count_the_presentations_of_all_pieces(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    net, walk, pieces = network(), NumpyProgram.walk, []
    net.phases("run", 3 * ms)

    def stopped_in_the_third(program: NumpyProgram, *given: Any, **options: Any) -> RunResult:
        pieces.append(walk(program, *given, **options))
        pieces[-1].interrupted = len(pieces) == 3
        return pieces[-1]

    monkeypatch.setattr(answered_rows, "PIECE", 1)
    monkeypatch.setattr(NumpyProgram, "walk", stopped_in_the_third)
    with pytest.raises(Interrupted, match="stopped after presentation 3"):
        net.outputs(random(10, 3, 3), read="h.rate")


def test_labels_that_are_rows_and_masked_rows() -> None:
    net = rc.Circuit(batch_size=2)
    net.supervisor("s", 3)
    net.stimulus("x", 2)
    net.phases("run", 1 * ms)
    net.run({"s": np.eye(3)[[2, 0]], "x": np.ones((2, 2))})
    assert np.array_equal(net["s.rate"], np.eye(3)[[2, 0]])
    with pytest.raises(rc.RecircuitError, match="one whole number from 0 to 2"):
        net.run({"s": np.full((2, 3), 0.5)})
    with pytest.raises(rc.RecircuitError, match="some values are masked"):
        net.run({"x": np.ma.masked_equal(np.ones((2, 2)), 1)})


def test_rows_that_an_evaluation_leaves_out_are_named() -> None:
    """The series goes on through plasticity, which an evaluation does not run; the last answer can be read."""
    net = rc.Circuit()
    x, h = net.stimulus("x", 3, every=1 * ms), net.population("h", 4, rc.Neuron(LEAK, tau=5 * ms))
    net.connect(x, h)
    for windows, step in ((dict(feedforward=(0, 4), plasticity=(4, 5)), 4), (dict(a=(1, 2), feedforward=(2, 5)), 0)):
        net.phases(**{name: (begin * ms, end * ms) for name, (begin, end) in windows.items()})
        with pytest.raises(
            rc.RecircuitError, match=f"each row of the series 'x' .*in step {step}, .*during='feedforward'"
        ):
            net.outputs(random(2, 5, 3), read="h.rate")
        assert net.outputs(random(2, 5, 3), read="h.rate", rows="last").shape == (2, 4)

"""Several schedules in one circuit: each is as in a circuit that has it alone, and pays for nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc
from recircuit.errors import RecircuitError

SHOWN = np.random.default_rng(2).random((6, 3))
HEBB = rc.Rule("hebb", source="Hebb 1949", forward="dw = .1*x_pre*x_post")
ANTI = rc.Rule("anti", source="a test", forward="dw = -.05*x_pre*x_post")
LINES = """
    basal : 1 (compartment)
    back  : 1 (compartment)
    drate/dt = (tanh(in_wake*basal + in_dream*back) - rate)/tau : 1 (during wake and dream)
    held = rate                                                 : 1 (after wake and dream)
    noted = held                                                : 1 (during note)
"""


def circuit(modes: tuple[str, ...], **options: Any) -> rc.Circuit:
    """Return a circuit: awake, the stimulus drives h, which learns from it; dreaming, h drives itself, unlearns, and
    notes it.
    """
    net = rc.Circuit(batch_size=2, seed=1, **options)
    x = net.stimulus("x", 3, during="wake and learn", closed="zero")
    h = net.population("h", 4, rc.Neuron(LINES, tau=2 * ms))
    net.connect(x, h, rule=HEBB, during="wake", learns="learn")
    net.connect(h, h, into="back", rule=ANTI, during="dream", learns="note", delay=3 * ms)
    for mode in modes:
        if mode == "day":
            net.phases("wake", 4 * ms, "learn", 1 * ms, mode=mode)
        else:
            net.phases("dream", 5 * ms, "note", 2 * ms, mode=mode)
    return net


def state(net: rc.Circuit) -> dict[str, np.ndarray]:
    return {k: v for k, v in net.state().items() if k.split(".")[1] in ("rate", "held", "noted", "w")}


def by_hand(nights: int) -> dict[str, np.ndarray]:
    """Compute a day of three presentations, and so many presentations of a night, step by step."""
    first = circuit(("day", "night"))
    w, r = first["x_to_h.w"], first["h_to_h.w"]
    rate, held, noted, field = np.zeros((2, 4)), np.zeros((2, 4)), np.zeros((2, 4)), np.zeros((2, 4))
    sent = [np.zeros((2, 4))] * 3
    for rows in SHOWN.reshape(3, 2, 3):
        for step in range(5):
            sent.append(rate)
            if step < 4:
                rate = rate + 0.5 * (np.tanh(rows @ w.T) - rate)
                held = rate if step == 3 else held
            else:
                w = w + 0.1 * np.mean(rate[:, :, None] * rows[:, None, :], axis=0)
    for _ in range(nights):
        for step in range(7):
            sent.append(rate)
            if step < 5:
                field = sent[-4] @ r.T
                rate = rate + 0.5 * (np.tanh(field) - rate)
                held = rate if step == 4 else held
            else:
                noted = held
                r = r - 0.05 * np.mean(rate[:, :, None] * rate[:, None, :], axis=0)
    return {"h.rate": rate, "h.held": held, "h.noted": noted, "x_to_h.w": w, "h_to_h.w": r}


@pytest.mark.parametrize("options", [{}, {"optimise": False}], ids=str)
@pytest.mark.parametrize("backend", ["numpy", "interpreter"])
def test_one_mode_after_the_other(backend: str, options: dict[str, Any]) -> None:
    net = circuit(("day", "night"), **options)
    net.run(SHOWN, backend=backend)
    net.run(SHOWN[:4], mode="night", backend=backend)
    for key, value in by_hand(2).items():
        np.testing.assert_allclose(net[key], value, rtol=1e-12, atol=1e-15, err_msg=key)
    assert net["clock.timestep"] == 3 * 5 + 2 * 7


def test_a_mode_has_the_steps_of_a_circuit_that_has_it_alone() -> None:
    both, alone = circuit(("day", "night")), circuit(("night",))
    table = both.timetable(mode="night")
    assert table.steps == tuple(range(7)) and len(both.timetable().steps) == 5
    assert "wake" not in both.explain(mode="night").split("x is open")[0] and "dream" in both.explain(mode="night")
    with pytest.raises(RecircuitError, match="open during .*'wake'"):
        alone.timetable()  # here no mode has that phase


def test_modes_are_saved_and_printed(tmp_path: Path) -> None:
    net = circuit(("day", "night"))
    net.save(tmp_path / "saved")
    again = rc.Circuit.load(tmp_path / "saved")
    assert "mode night: 7 steps; phases dream [0, 5), note [5, 7)" in str(net) and str(again) == str(net)
    for one in (net, again):
        one.run(SHOWN, mode="night")
    np.testing.assert_array_equal(net["h_to_h.w"], again["h_to_h.w"])


def test_a_trace_has_the_phases_of_its_mode() -> None:
    """The schedule that was declared first is the usual one, also where a later one has no name."""
    net = rc.Circuit()
    net.stimulus("x", 1)
    first, later = net.phases("wake", 2 * ms, mode="day"), net.phases("dream", 1 * ms)
    for mode, schedule in ((None, first), ("day", first), ("", later)):
        assert net.run(np.ones((1, 1)), record=["x.rate"], mode=mode).schedule is schedule


def test_a_mode_that_there_is_not_is_refused() -> None:
    with pytest.raises(RecircuitError, match="there is no 'nigth'.*night"):
        circuit(("day", "night")).run(SHOWN, mode="nigth")
    single = rc.Circuit()
    single.phases("a", 1 * ms)
    with pytest.raises(RecircuitError, match="has one schedule"):
        single.run(presentations=1, mode="night")
    with pytest.raises(RecircuitError, match="a mode is a word"):
        single.phases("a", 1 * ms, mode="two words")


def series_circuit(**options: Any) -> rc.Circuit:
    """Return a series and its target in the phase wake, of 4 ms in one mode and 3 ms in another, and z in sleep."""
    net = rc.Circuit(batch_size=2, seed=1, **options)
    x, y = net.stimulus("x", 2, every=1 * ms, during="wake"), net.target("y", 1, during="wake")
    z = net.stimulus("z", 2, during="sleep")
    h = net.population("h", 3, rc.Neuron("basal : 1 (compartment)\nrate = tanh(basal) : 1 (during wake and sleep)"))
    o = net.population(
        "o", 1,
        rc.Neuron(
            """
            basal   : 1 (compartment)
            teacher : 1 (compartment)
            rate    = basal           : 1 (during wake and sleep)
            delta   = teacher - basal : 1 (during wake)
            """
        ),
    )  # fmt: skip
    net.connect(x, h, during="wake", closed="zero")
    net.connect(z, h, during="sleep", closed="zero")
    net.connect(h, o, rule=rc.Rule("delta", source="Widrow", forward="dw = .05*delta_post*x_pre"), learns="wake")
    net.connect(y, o, into="teacher", weights=1.0, during="wake")
    net.phases("wake", 4 * ms, mode="wake")
    net.phases("sleep", 3 * ms, mode="sleep")
    net.phases("wake", 3 * ms, "sleep", 1 * ms, mode="both")
    return net


X, Y, Z = (np.random.default_rng(0).normal(size=shape) for shape in ((6, 4, 2), (6, 1), (6, 2)))


@pytest.mark.parametrize("backend", ["numpy", "interpreter"])
def test_a_series_lasts_as_long_as_its_window_in_the_mode(backend: str) -> None:
    net = series_circuit()
    rest = {"y": Y[:2], "z": Z[:2]}
    both = net.run({"x": X[:2, :3], **rest}, mode="both", record=["x.rate"], backend=backend)
    wake = net.run({"x": X[:2], **rest}, mode="wake", record=["x.rate"])
    assert np.array_equal(both["x.rate"], X[0, [0, 1, 2, 2]]) and np.array_equal(wake["x.rate"], X[0])
    with pytest.raises(RecircuitError, match="a sample has 3 rows; got 4"):
        net.run(mode="both")  # with the data of the run before
    time = net.run({"x": lambda t: float(t / ms), **rest}, mode="both", record=["x.rate"])
    assert time["x.rate"][:, 0].tolist() == [0, 1, 2, 2]


def test_a_circuit_is_trained_and_evaluated_in_a_mode() -> None:
    """Each epoch shows all samples in the first mode, then in the next, as runs in the order of the epoch do."""
    data, by_hand = {"x": X, "z": Z}, series_circuit()
    trained = series_circuit()
    history = rc.train(trained, (data, Y), epochs=2, mode=["wake", "sleep"], backend="numpy", progress=False)
    for epoch in (1, 2):
        order = rc.models.training.order.epoch_order(6, 2, by_hand.seed, epoch)
        for mode in ("wake", "sleep"):
            by_hand.run({"x": X, "y": Y, "z": Z}, order=order, mode=mode)
    np.testing.assert_array_equal(trained["h_to_o.w"], by_hand["h_to_o.w"])
    assert trained["clock.timestep"] == by_hand["clock.timestep"] == 2 * 3 * (4 + 3)
    assert history.rows[1]["train_mse"] < history.rows[0]["train_mse"]
    outputs = trained.outputs(data, read="h.rate", mode="sleep")
    np.testing.assert_allclose(outputs, np.tanh(Z @ trained["z_to_h.w"].T), rtol=1e-12)
    with pytest.raises(RecircuitError, match="a sample has 3 rows; got 4"):
        rc.train(trained, (data, Y), mode=["wake", "both"], progress=False)
    with pytest.raises(RecircuitError, match="there is no 'walk'"):
        rc.train(trained, (data, Y), mode="walk", progress=False)


def test_a_run_is_resumed_in_its_modes(tmp_path: Path) -> None:
    data, modes = ({"x": X, "z": Z}, Y), ["wake", "sleep"]
    options: dict[str, Any] = dict(backend="numpy", progress=False)
    rc.train(series_circuit(), data, 1, mode=modes, out=tmp_path / "run", **options)
    resumed, whole = series_circuit(), series_circuit()
    again = rc.RunFiles(tmp_path / "run", resume=True)
    with pytest.raises(RecircuitError, match="modes there is 'wake, sleep', here 'wake'"):
        rc.train(resumed, data, 2, mode="wake", out=again, **options)
    rc.train(resumed, data, 2, mode=modes, out=again, **options)
    rc.train(whole, data, 2, mode=modes, **options)
    np.testing.assert_array_equal(resumed["h_to_o.w"], whole["h_to_o.w"])


@pytest.mark.parametrize("backend", ["numpy", "interpreter"])
def test_a_closed_loop_is_in_a_mode(backend: str) -> None:
    net, other = series_circuit(), series_circuit()
    with net.live(mode="sleep", backend=backend) as live:
        rates = live.present({"z": Z[:2]}, read=["h.rate"])["h.rate"]
    with net.live(mode="wake", backend=backend) as live:
        live.present({"x": X[:2], "y": Y[:2]})
    np.testing.assert_allclose(rates, np.tanh(Z[:2] @ net["z_to_h.w"].T), rtol=1e-12)
    rest = {"z": Z[:2], "y": Y[:2]}
    other.run({"x": X[:2], **rest}, mode="sleep", backend=backend)
    other.run({"x": X[:2], **rest}, mode="wake")
    np.testing.assert_array_equal(net["h_to_o.w"], other["h_to_o.w"])
    with pytest.raises(RecircuitError, match="there is no 'walk'"):
        net.live(mode="walk")


def test_an_evaluation_goes_through_the_mode_that_was_declared_first() -> None:
    """It ends with that mode's own phases, and neither another mode, nor what has happened in one, changes what it says."""
    net = rc.Circuit(batch_size=2, seed=1)
    unit = rc.Neuron("basal : 1 (compartment)\nrate = in_look*basal + in_dream : 1 (during look and dream)")
    h = net.population("h", 4, unit)
    net.connect(net.stimulus("x", 3), h, during="look", weights=rc.normal(1.0))
    net.phases("look", 1 * ms, "learn", 1 * ms, evaluation="look", mode="day")
    net.phases("dream", 4 * ms, mode="night")
    net.run(presentations=3, mode="night")
    assert np.allclose(net.outputs(SHOWN, read="h.rate"), SHOWN @ net["x_to_h.w"].T)
    assert np.array_equal(net["h.rate"], np.ones((2, 4)))


def test_a_trace_says_what_a_stimulus_shows_in_the_mode_of_the_run() -> None:
    """A stimulus that is closed in all steps of a run shows nothing there: in another mode, or as a target in an evaluation."""
    net = circuit(("day", "night"))
    assert "this run" in net.run(SHOWN, mode="day").shown["x"]
    trace = net.run(presentations=1, mode="night")
    assert "closed" in trace.shown["x"] and "went on" not in repr(trace)
    assert "closed" in net.run(SHOWN, 1, mode="night").shown["x"]
    trace = net.run(presentations=1, mode="day")
    assert "earlier" in trace.shown["x"] and "x went on" in repr(trace)
    taught = rc.Circuit()
    taught.stimulus("x", 1)
    taught.target("y", 1)
    taught.phases("run", 1 * ms)
    assert "this run" in taught.run({"x": 1, "y": 1}).shown["y"]
    assert "closed" in taught.run({"x": 1, "y": 1}, learn=False).shown["y"]


def test_a_trace_has_the_phases_of_the_mode_of_the_run() -> None:
    net = circuit(("day", "night"))
    for mode in ("day", "night"):
        assert net.run(SHOWN, 1, mode=mode).schedule is net.modes[mode]
    assert net.run(SHOWN, 1).schedule is net.modes["day"]

"""What is recorded of a run: which units and batch elements, how often, in which shape; and what it is given out as."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brian2 import ms
from networks import layered, stimuli

import recircuit as rc
from recircuit.circuits.backends.numpy.program import NumpyProgram
from recircuit.circuits.backends.program import Interrupted, RunResult
from recircuit.circuits.inspection import recording
from recircuit.circuits.inspection.recording import Recording

NAMES = [
    "h1.rate",
    "h1.apical",
    "o.basal[1]",
    "h1.rate[:2]",
    "h1.rate[[4, 0]]",
    "x_to_h1.w",
    "x_to_h1.w[2, 1:3]",
    "x_to_h1.rate",
]


def net_of(batch_size: int = 3, **options: Any) -> rc.Circuit:
    return layered(batch_size=batch_size, seed=2, **options)


def check(backend: str, lowering: str = "dense", batch_size: int = 3) -> None:
    net = net_of(batch_size, lowering=lowering)
    data = stimuli(net, 2 * batch_size)
    many = net.run(data, record=NAMES, elements="all", backend=backend)
    whole, w = many["h1.rate"], many["x_to_h1.w"]
    assert whole.shape == (many.steps, batch_size, 5) and w.shape == (many.steps, 5, 6)
    assert np.array_equal(whole[-1], net["h1.rate"]) and np.array_equal(w[-1], net["x_to_h1.w"])
    assert np.array_equal(many["h1.apical"][-1], net["h1.apical"])
    assert np.array_equal(many["o.basal[1]"][-1], net["o.basal"][:, 1])
    assert np.array_equal(many["h1.rate[:2]"], whole[:, :, :2])
    assert np.array_equal(many["h1.rate[[4, 0]]"], whole[:, :, [4, 0]])
    assert np.array_equal(many["x_to_h1.w[2, 1:3]"], w[:, 2, 1:3])
    assert many["x_to_h1.rate"].shape == (many.steps, 1)
    again = net_of(batch_size, lowering=lowering)
    last = batch_size - 1
    one = again.run(data, record=NAMES, elements=last, every=2 * ms, backend=backend)
    assert np.array_equal(one["h1.rate"], whole[1::2, last]) and np.array_equal(one["x_to_h1.w"], w[1::2])
    np.testing.assert_allclose(one.t, many.t[1::2])


def traced(lowering: str, batch_size: int, connectivity: Any = None) -> rc.Circuit:
    """Return a circuit whose synapses have a trace."""
    net = rc.Circuit(batch_size=batch_size, seed=2, lowering=lowering)
    rule = rc.Rule("r", source="this test", forward="el = .5*el + x_pre*x_post\ndw = .1*el", traces=("el",))
    h = net.population("h", 2, rc.Neuron("basal : 1 (compartment)\nrate = tanh(basal) : 1 (during p)"))
    net.connect(net.stimulus("x", 4), h, rule=rule, connectivity=connectivity, weights=0.5, learns="p")
    net.phases("p", 3 * ms)
    return net


@pytest.mark.parametrize("elements", [0, 2, [0, 2], [1], "all"])
def test_a_trace_of_synapses_is_recorded_in_its_elements(elements: Any) -> None:
    names, chosen = (
        ["x_to_h.el", "x_to_h.el[1]", "x_to_h.el[[1, 0], [3, 1]]"],
        [0, 1, 2] if elements == "all" else elements,
    )
    net, data = traced("dense", 3), np.random.default_rng(0).normal(size=(5, 4))
    trace = net.run(data, record=names, elements=elements)
    last = net["x_to_h.el"][chosen]
    np.testing.assert_array_equal(trace[names[0]][-1], last)
    np.testing.assert_array_equal(trace[names[1]][-1], last[..., 1, :])
    np.testing.assert_array_equal(trace[names[2]][-1], last[..., [1, 0], :][..., [3, 1]])
    assert trace.to_dataframe().shape == (6, last.size + last.size // 2 + last.size // 2)
    table = trace.to_xarray()
    assert table[names[0]].dims == ("time", *(["element"] * np.ndim(chosen)), "x_to_h_post", "x_to_h_pre")


def test_a_trace_of_one_element_is_that_of_the_reference_form_and_of_a_mask() -> None:
    data = np.random.default_rng(0).normal(size=(2, 4))
    there = np.array([[1, 0, 1, 1], [0, 1, 0, 1]], dtype=bool)
    found = [traced(form, 1, there).run(data, record=["x_to_h.el"])["x_to_h.el"] for form in ("dense", "reference")]
    assert found[0].shape == (6, 2, 4) and found[0][-1, 1].tolist()[0] == 0
    np.testing.assert_allclose(found[0], found[1], atol=1e-14)


@pytest.mark.parametrize("backend", ["numpy", "interpreter"])
def test_units_elements_weights_and_times(backend: str) -> None:
    check(backend)


def test_units_elements_weights_and_times_of_the_reference_form() -> None:
    check("numpy", "reference", 1)


@pytest.mark.slow
@pytest.mark.parametrize("lowering, batch_size", [("dense", 3), ("reference", 1)])
def test_units_elements_weights_and_times_compiled(lowering: str, batch_size: int) -> None:
    check("cpp", lowering, batch_size)


def test_time_goes_on_from_run_to_run() -> None:
    net = net_of()
    data = stimuli(net, 3)
    first, second = (net.run(data, record="o.rate", every=3 * ms) for _ in range(2))
    each = net.phased().steps
    times = [float(t) for t in range(1, 2 * each + 1) if t % 3 == 0]
    np.testing.assert_allclose(np.concatenate([first.t, second.t]), times)
    assert second.begin == each
    low, high = second.plot().axes[0].get_xlim()
    assert (low, high) == (each, second.t[-1])


def test_a_long_recording_is_gathered_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    data = stimuli(net_of(), 12)
    whole = net_of().run(data, record=NAMES, elements=[2, 0], every=2 * ms)
    monkeypatch.setattr(recording, "PIECE", 1)
    pieces = net_of().run(data, record=NAMES, elements=[2, 0], every=2 * ms)
    assert all(np.array_equal(whole[name], pieces[name]) for name in NAMES) and np.array_equal(whole.t, pieces.t)


def test_a_long_recording_that_is_stopped_counts_the_presentations_of_all_pieces(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data, walk, pieces = stimuli(net_of(), 12), NumpyProgram.walk, []
    whole = net_of().run(data, record=["h1.rate"])

    def stopped_in_the_third(program: NumpyProgram, *given: Any, **options: Any) -> RunResult:
        pieces.append(walk(program, *given, **options))
        pieces[-1].interrupted = len(pieces) == 3
        return pieces[-1]

    monkeypatch.setattr(recording, "PIECE", 1)
    monkeypatch.setattr(NumpyProgram, "walk", stopped_in_the_third)
    with pytest.raises(Interrupted, match="stopped after presentation 3.*`trace`") as stopped:
        net_of().run(data, record=["h1.rate"])
    trace = stopped.value.trace
    assert trace is not None
    assert len(trace.t) == whole.steps * 3 // 4 and np.array_equal(trace["h1.rate"], whole["h1.rate"][: len(trace.t)])


def test_a_recording_that_does_not_fit_is_refused_before_the_run() -> None:
    net = net_of()
    wanted = Recording.of(net, net.program().variables, ["h1.rate", "x_to_h1.w"])
    wanted.check_memory(100, free=100 * (5 + 30) * 8)
    with pytest.raises(rc.RecircuitError, match=r"100 steps need .*Most of it is for x_to_h1.w.*every="):
        wanted.check_memory(100, free=100 * (5 + 30) * 8 - 1)
    Recording.of(net, net.program().variables, ["h1.rate[0]"], every=10 * ms).check_memory(100, free=80)
    with pytest.raises(rc.RecircuitError, match="record: .* steps need"):
        net.run(stimuli(net, 3), record="h1.rate", order=np.broadcast_to(np.arange(3), (10**12, 3)))


@pytest.mark.parametrize("options, message", [
    (dict(record=["h1"]), "expected the name of a variable"),
    (dict(record=[3]), "expected the name of a variable"),
    (dict(record=3), "expected a list of names"),
    (dict(record=["h1.rate[9]"]), "has indices that h1.rate does not have"),
    (dict(record=["h1.rate[0, 1]"]), "has indices that h1.rate does not have"),
    (dict(record=["h1.rate[a]"]), "picks units by numbers"),
    (dict(record=["h1.rate[1.5]"]), "picks units by numbers"),
    (dict(record=["h1.rate["]), "expected the name"),
    (dict(record=["h1.nothing"]), "has no 'nothing'"),
    (dict(record=["h1.rate"], elements=3), "from 0 to 2"),
    (dict(record=["h1.rate"], elements=[]), "from 0 to 2"),
    (dict(record=["h1.rate"], elements="some"), "from 0 to 2"),
    (dict(record=["h1.rate"], every=.3 * ms), "a time of whole steps"),
    (dict(record=["h1.rate"], every=2), "a time of whole steps"),
    (dict(record=["h1.rate"], every=[1, 2] * ms), "a time of whole steps"),
])  # fmt: skip
def test_what_cannot_be_recorded_is_refused(options: dict[str, Any], message: str) -> None:
    net = net_of()
    with pytest.raises(rc.RecircuitError, match=message):
        net.run(stimuli(net, 3), **options)


# --- tables -----------------------------------------------------------------------------------------------------------


def leaky() -> rc.Trace:
    net = rc.Circuit(batch_size=2)
    x = net.stimulus("x", 3)
    h = net.population("h", 2, rc.Neuron("basal : 1 (compartment)\ndv/dt = (basal*mV - v)/tau : volt", tau=5 * ms))
    net.connect(x, h, weights=1.0)
    net.phases("p", 4 * ms)
    return net.run(np.arange(6.0).reshape(2, 3), record=["h.v", "h.v[1]", "x_to_h.w", "x.rate[1:]"], elements=[0, 1])


def test_a_trace_as_xarray() -> None:
    pytest.importorskip("xarray")
    trace = leaky()
    table = trace.to_xarray()
    assert dict(table["h.v"].sizes) == {"time": 4, "element": 2, "h_unit": 2}
    assert table["h.v"].attrs["units"] == "V" and table["time"].attrs["units"] == "ms"
    np.testing.assert_array_equal(table["h.v"].sel(time=3, element=1).values, trace["h.v"][2, 1])
    assert dict(table["x_to_h.w"].sizes) == {"time": 4, "x_to_h_post": 2, "x_to_h_pre": 3}
    assert table["h.v[1]"].dims == ("time", "element")
    assert float(table["h.v"].isel(time=-1)[1, 0]) == pytest.approx(12e-3 * (1 - 0.8**4))
    alone = layered(batch_size=2)
    found = alone.run(stimuli(alone, 2), record=["h1.rate", "h1.apical"]).to_xarray()
    assert found["h1.rate"].dims == found["h1.apical"].dims == ("time", "unit")


def test_a_trace_as_a_table_of_pandas() -> None:
    pytest.importorskip("pandas")
    trace = leaky()
    table = trace.to_dataframe()
    assert table.shape == (4, 2 * 2 + 2 + 6 + 2 * 2) and table.index.tolist() == [1, 2, 3, 4]
    np.testing.assert_array_equal(table[("h.v", 1, 0)], trace["h.v"][:, 1, 0])
    np.testing.assert_array_equal(table[("x_to_h.w", 0, (1, 2))], trace["x_to_h.w"][:, 1, 2])
    np.testing.assert_array_equal(table[("x.rate", 1, 2)], trace["x.rate[1:]"][:, 1, 1])


def test_a_table_of_a_library_that_is_not_there_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(rc.RecircuitError, match=r"pandas is not installed.*recircuit\[tables\]"):
        leaky().to_dataframe()


def test_an_expression_of_a_parameter_that_units_share_is_recorded() -> None:
    net = rc.Circuit(batch_size=2)
    x = net.stimulus("x", 3)
    text = "basal : 1 (compartment)\nrate = c*basal : 1 (during a)\nratio = rate/c : 1"
    h = net.population("h", 3, rc.Neuron(text, c=4.0))
    net.connect(x, h, weights=np.eye(3))
    net.phases("a", 2 * net.dt)
    trace = net.run([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], record=["h.ratio", "h.c"], elements=[0, 1])
    assert np.array_equal(trace["h.ratio"], [[[1, 2, 3], [4, 5, 6]]] * 2) and np.all(trace["h.c"] == 4)


def test_a_name_that_is_given_twice_is_recorded_once() -> None:
    net = net_of()
    trace = net.run(stimuli(net, 3), record=["h1.rate", "h1.rate"])
    assert list(trace) == ["h1.rate"] and len(trace["h1.rate"]) == trace.steps


def test_labels_of_an_earlier_run_are_not_those_of_new_samples() -> None:
    net, data = rc.layered([2, 3, 2]), np.ones((4, 2))

    def classes(*given: Any, **options: Any) -> list[int]:
        return np.ravel(net.run(*given, **options).classes).tolist()

    assert classes({"x": data, "s": np.array([0, 1, 1, 0])}) == [0, 1, 1, 0]
    assert classes(learn=False) == [0, 1, 1, 0]
    assert net.run({"x": data}, learn=False).classes is None
    assert classes({"x": data}) == [0, 1, 1, 0]  # the supervisor presents them again

"""What a circuit does and says: declaring, running, recording, noise, state, drawing; and what it refuses, in words."""

from __future__ import annotations

import gc
import signal
from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from brian2 import Hz, ms, mV
from brian2.utils.logger import catch_logs
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from networks import anything, layered, stimuli

import recircuit as rc
from recircuit.circuits import Masked, OneToOne
from recircuit.circuits.inputs import as_inputs
from recircuit.circuits.inspection.diagram_layout import Box, lay_out
from recircuit.models.networks.feedback_alignment import Pseudoinverse, feedback_alignment

DATA = stimuli(layered(), 6)


def noisy(equations: str, size: int = 20_000, seed: int = 0, **parameters: Any) -> rc.Circuit:
    net = rc.Circuit(seed=seed)
    net.population("h", size, rc.Neuron(equations, **parameters))
    net.phases("p", 1 * ms)
    return net


# --- phases, latches, time --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("learns", [None, "error"])
@pytest.mark.parametrize("last", ["plasticity", "plasticty"])
def test_a_rule_that_learns_in_every_step_is_named_where_no_phase_is_plasticity(
    last: str, learns: str | None, recwarn: pytest.WarningsRecorder
) -> None:
    net = rc.Circuit()
    x, o = net.stimulus("x", 3), net.population("o", 2, rc.SquaredOutput())
    net.connect(x, o, rule=rc.urfb, learns=learns)
    net.phases("error", 1 * ms, last, 1 * ms)
    net.run(stimuli(net, 1))
    messages = [str(w.message) for w in recwarn if "learn in every step" in str(w.message)]
    assert len(messages) == (last == "plasticty" and learns is None)
    assert all("x_to_o" in text and "'plasticty'" in text and "learns=" in text for text in messages)


def test_what_is_closed_is_held() -> None:
    net = rc.Circuit()
    net.population("h", 1, rc.Neuron("rate = rate + 1 : 1 (during a and c)\nlast = rate : 1 (during b)"))
    net.phases("a", 2 * ms, "b", 1 * ms, "c", 1 * ms)
    trace = net.run(presentations=2, record=["h.rate", "h.last"])
    assert trace["h.rate"][:, 0].tolist() == [1, 2, 2, 3, 4, 5, 5, 6]
    assert trace["h.last"][:, 0].tolist() == [0, 0, 2, 2, 2, 2, 5, 5]


def test_all_equations_read_the_state_before_the_step() -> None:
    net = rc.Circuit()
    net.population("h", 1, rc.Neuron("a = b : 1 (during p)\nb = a : 1 (during p)\nrate = a - b : 1 (during p)"))
    net.phases("p", 3 * ms)
    net["h.a"], net["h.b"] = 1, 2
    trace = net.run(presentations=1, record=["h.a", "h.b", "h.rate"])
    assert trace["h.a"][:, 0].tolist() == [2, 1, 2]
    assert trace["h.b"][:, 0].tolist() == [1, 2, 1]
    assert trace["h.rate"][:, 0].tolist() == [-1, 1, -1]


def test_phase_indicators() -> None:
    net = rc.Circuit()
    net.population("h", 1, rc.Neuron("rate = rate + 10*in_b + in_a : 1 (during a and b)"))
    net.phases(a=(0 * ms, 2 * ms), b=(1 * ms, 4 * ms))
    assert net.run(presentations=1, record="h.rate")["h.rate"][:, 0].tolist() == [1, 12, 22, 32]


@pytest.mark.parametrize("lowering", ["dense", "reference"])
@pytest.mark.parametrize("optimise", [True, False])
def test_equations_may_read_the_time(optimise: bool, lowering: str) -> None:
    """What reads t changes although nothing that it reads was written."""
    net = rc.Circuit(optimise=optimise, lowering=lowering)
    x = net.population("x", 1, rc.Neuron("wave = sin(2*pi*f*t) : 1\nrate = wave : 1 (during p)", f=100 * Hz))
    y = net.population("y", 1, rc.Neuron("basal : 1 (compartment)\nrate : 1"))
    net.connect(x, y, sends="wave", weights=2.0)
    net.phases("p", 5 * ms)
    trace = net.run(presentations=2, record=["x.rate", "y.basal"])
    wave = np.sin(2 * np.pi * 100 * np.arange(10) * 1e-3)
    np.testing.assert_allclose(trace["x.rate"][:, 0], wave, atol=1e-12)
    np.testing.assert_allclose(trace["y.basal"][:, 0], 2 * wave, atol=1e-12)
    with pytest.raises(rc.RecircuitError, match="reads the time"):
        net.run(presentations=1, record="x.wave")


def test_an_evaluation_runs_its_phases_only_and_teaches_nothing() -> None:
    net = layered(batch_size=2)
    before = net.state()
    trace = net.run(DATA, learn=False, record=["o.basal", "o.rate"])
    after = net.state()
    assert trace.steps == 3 * 2 and not trace["o.rate"].any() and trace["o.basal"].any()
    assert all(np.array_equal(before[k], after[k]) for k in net.state(weights_only=True))
    assert not after["s.rate"].any() and after["x_to_h1.updates"] == 0


def test_a_constant_is_a_bias() -> None:
    net = rc.Circuit(batch_size=2)
    bias = net.constant("bias", value=0.5)
    h = net.population("h", 3, rc.pyramidal("linear"))
    net.connect(bias, h, weights=np.arange(3.0)[:, None])
    net.phases("feedforward", 1 * ms)
    net.run(presentations=2)
    assert net["h.rate"].tolist() == [[0, 0.5, 1]] * 2


def test_a_stimulus_with_equations_of_its_own() -> None:
    net = rc.Circuit()
    model = rc.Neuron("input : 1\nrate = tanh(input) : 1 (during p)")
    net.stimulus("x", 2, model, clamps="input")
    net.phases("p", 1 * ms)
    net.run([[0.5, -1.0]])
    np.testing.assert_allclose(net["x.rate"], np.tanh([[0.5, -1.0]]))


@pytest.mark.parametrize("sizes", [(1, 1), (1, 1, 1), (3, 1, 1, 2)])
@pytest.mark.parametrize("batch_size", [1, 2])
def test_width_one(sizes: tuple[int, ...], batch_size: int) -> None:
    net = layered(sizes, batch_size=batch_size)
    net.run(stimuli(net, 5))
    assert all(np.isfinite(v).all() for v in net.state().values())


def test_a_layer_by_itself() -> None:
    """A population to which nothing projects has a field of 0."""
    net = rc.Circuit(batch_size=3)
    net.population("h", 2, rc.pyramidal("logistic"))
    net.phases("feedforward", 1 * ms)
    net.run(presentations=1)
    assert net["h.rate"].tolist() == [[0.5, 0.5]] * 3


def test_several_projections_into_one_compartment_add_up() -> None:
    net = rc.Circuit()
    a, b = net.stimulus("a", 2), net.stimulus("b", 3)
    h = net.population("h", 1, rc.pyramidal("linear"))
    net.connect(a, h, weights=1.0)
    net.connect(b, h, weights=10.0)
    net.phases("feedforward", 1 * ms)
    trace = net.run({"a": [[1.0, 2]], "b": [[1.0, 0, 2]]}, record=["h.basal", "h.basal_a", "h.basal_b"])
    assert [trace[n].item() for n in trace] == [33, 3, 30]


# --- recordings -------------------------------------------------------------------------------------------------------


def test_expressions_are_recorded_as_they_were() -> None:
    net = layered(batch_size=2)
    names = ["h1.basal", "h1.basal_x", "h1.x", "h1.rate", "o.H", "o.basal", "o.supervision", "o.control", "o.target"]
    trace = net.run(DATA, record=names)
    assert np.array_equal(trace["h1.basal"], trace["h1.basal_x"]) and np.array_equal(trace["h1.x"], trace["h1.rate"])
    assert np.array_equal(trace["o.H"], trace["o.basal"] + trace["o.supervision"] + trace["o.control"])
    assert np.array_equal(trace["o.target"], trace["o.supervision"] / 40)
    clipped = np.clip(trace["h1.basal"], -1, 1)
    assert np.array_equal(trace["h1.rate"][0::8], clipped[0::8])


def test_any_expression_of_brian2_is_recorded() -> None:
    net = rc.Circuit()
    net.population("h", 3, rc.Neuron(
        """
        v : volt
        a = clip(v/mV, -1, 1) + int(v > 0*mV and not v > 2*mV) : 1
        b = exp(-a**2)*pi + abs(a)*dt/ms + k : 1
        rate = b : 1 (during p)
        """,
        k=3,
    ))  # fmt: skip
    net.phases("p", 1 * ms)
    net["h.v"] = [-3, 0.5, 5] * mV
    trace = net.run(presentations=1, record=["h.a", "h.b", "h.rate"])
    np.testing.assert_array_equal(trace["h.a"][0], [-1, 1.5, 1])
    np.testing.assert_allclose(trace["h.b"], trace["h.rate"])


def test_what_is_recorded_is_the_first_batch_element() -> None:
    net = layered(batch_size=3)
    trace = net.run(DATA, record=["x.rate", "o.basal"])
    np.testing.assert_array_equal(trace["x.rate"][::8], DATA["x"][[0, 3]])
    np.testing.assert_allclose(trace["o.basal"][-1], net["o.basal_h1"][0])


def test_weights_and_the_state_of_synapses_are_recorded_whole() -> None:
    """They are whole whatever the batch elements are, and also where there are as many as post units."""
    for batch_size in (1, 5):
        net = layered((6, 5, 3), rc.urfb.with_momentum(0.9), batch_size=batch_size)
        trace = net.run(stimuli(net, 10), record=["x_to_h1.w", "x_to_h1.velocity", "x_to_h1.rate", "o_to_t.w"])
        assert [trace[n].shape[1:] for n in trace] == [(5, 6), (5, 6), (1,), (3,)]
        assert np.array_equal(trace["x_to_h1.w"][-1], net["x_to_h1.w"])
        assert np.array_equal(trace["x_to_h1.velocity"][-1], net["x_to_h1.velocity"])


def test_time_is_that_of_the_end_of_each_step() -> None:
    net = layered(dt=0.5 * ms, tau=0.5 * ms)
    trace = net.run(DATA, record="o.rate")
    assert trace.steps == 6 * 16 and len(trace) == 1 and list(trace) == ["o.rate"]
    np.testing.assert_allclose(trace.t[[0, 1, -1]], [0.5, 1, 48])
    assert "6 presentations, 96 steps" in repr(trace)


# --- state ------------------------------------------------------------------------------------------------------------


def test_parameters_of_a_rule_act_at_once() -> None:
    net, half = layered(), layered()
    start = net["x_to_h1.w"]
    half["x_to_h1.rate"] = 0.5
    net.run(DATA, 1)
    half.run(DATA, 1)
    np.testing.assert_allclose(half["x_to_h1.w"] - start, (net["x_to_h1.w"] - start) / 2, atol=1e-15)
    half["x_to_h1.rate"] = 0
    kept = half["x_to_h1.w"]
    half.run(DATA, 1)
    assert np.array_equal(half["x_to_h1.w"], kept) and half["x_to_h1.updates"] == 2


def test_a_time_constant_of_the_built_circuit_acts() -> None:
    """It also acts where it turns step-by-step mode off and on, for which there is other code."""
    net = layered(lengths=(4, 4))
    rates = []
    for tau in (1, 4, 1):
        net["h1.tau"] = tau * ms
        net["h1.rate"] = 0
        assert net["h1.tau"] == pytest.approx(tau * 1e-3)
        trace = net.run(DATA, 1, record=["h1.rate", "h1.basal"], learn=False)
        target = np.clip(trace["h1.basal"][0], -1, 1)
        rates.append(trace["h1.rate"] / target)
    np.testing.assert_allclose(rates[0], 1)
    np.testing.assert_allclose(rates[1][:, 0], 1 - 0.75 ** np.arange(1, 5))
    np.testing.assert_allclose(rates[2], 1)


def test_the_state_survives_a_change_of_the_circuit() -> None:
    net = layered()
    net.run(DATA)
    net["o.mu"] = 0.3
    before = net.state()
    net.phases("feedforward", 3 * ms, "error", 4 * ms, "feedback", 1 * ms, "plasticity", 1 * ms)
    net.connect(net["x"], net["o"], weights=0.0)
    after = net.state()
    assert all(np.array_equal(before[k], after[k]) for k in before)
    assert "o.mu" in after and after["o.mu"] == 0.3 and "mu = 0.3" in str(net)


def test_state_goes_into_another_circuit() -> None:
    one, other = layered(seed=1, forward=Masked(0.5)), layered(seed=2, forward=Masked(0.5))
    one.run(DATA)
    one["o.S"] = 2.0
    other.set_state(one.state())
    for net in (one, other):
        net.run(DATA)
    left, right = one.state(), other.state()
    assert all(np.array_equal(left[k], right[k]) for k in left)
    assert set(one.state(weights_only=True)) == {k for k in left if "_to_" in k}


def test_missing_synapses_cannot_be_set() -> None:
    for rule in (rc.urfb, rc.frfb):
        net = layered(rule=rule, forward=Masked(0.5), feedback=Masked(0.5))
        exists = {k: net[k] != 0 for k in ("x_to_h1.w", "o_to_h1.w")}
        for key, there in exists.items():
            net[key] = 2.0
            assert np.array_equal(net[key], 2.0 * there)


def test_variables_are_read_and_set_by_owner_too() -> None:
    net = layered()
    net["h1"]["rate"] = 0.5
    net["x_to_h1"]["w"] = np.ones((5, 6))
    assert net["h1"]["x"].tolist() == [[0.5] * 5] and net["x_to_h1"]["w"].sum() == 30
    copy = net["h1.rate"].copy()
    copy[:] = 7
    assert net["h1.rate"].max() == 0.5


def test_compartments_and_expressions_are_computed_for_all_batch_elements() -> None:
    net = rc.Circuit(batch_size=2, seed=1)
    x, y = net.stimulus("x", 3), net.constant("y", 2, value=0.5)
    model = "basal : 1 (compartment)\ndu/dt = (basal - u)/tau : 1\nrate = tanh(gain*u) : 1\nerror = -rate : 1"
    h = net.population("h", 4, rc.Neuron(model, tau=2 * ms, gain=3))
    net.connect(x, h)
    net.connect(y, h)
    net.phases("on", 5 * ms)
    data = np.random.default_rng(0).normal(size=(2, 3))
    net.run(data)
    assert np.allclose(h["basal"], data @ net["x_to_h.w"].T + 0.5 * net["y_to_h.w"].sum(axis=1), atol=1e-15)
    assert np.array_equal(net["h.error"], -np.tanh(3 * net["h.u"])) and h["x"].shape == (2, 4)
    with pytest.raises(rc.RecircuitError, match="'h.error' is not stored"):
        net["h.error"] = 1.0


@pytest.mark.parametrize(
    ("equation", "broadcast_phase", "what"), [("in_late", "early", "h.rate"), ("1", "late", "the broadcast 'b'")]
)
def test_a_phase_that_there_is_not_is_found_before_anything_is_built(
    equation: str, broadcast_phase: str, what: str
) -> None:
    net = rc.Circuit()
    h = net.population("h", 1, rc.Neuron(f"rate = {equation} : 1 (during early)"))
    net.broadcast(h, "b", during=broadcast_phase)
    net.phases("early", 1 * ms)
    with catch_logs() as logs:
        with pytest.raises(rc.RecircuitError, match=rf"{what} is open during \['late'\]"):
            net.run(presentations=1)
        gc.collect()
    assert not logs


def test_data_are_presented_again_where_none_are_given() -> None:
    net = layered(batch_size=3)
    net.run(DATA)
    trace = net.run(presentations=3, record="x.rate")
    assert trace.rows.tolist() == [[0, 1, 2], [3, 4, 5], [0, 1, 2]]
    np.testing.assert_array_equal(trace["x.rate"][::8], DATA["x"][[0, 3, 0]])


def test_bytes_are_scaled_as_they_are_presented() -> None:
    from recircuit.circuits.inputs import Rows

    net = rc.Circuit(batch_size=2)
    net.stimulus("x", 2)
    net.phases("p", 1 * ms)
    net.run({"x": Rows(np.array([[0, 255], [51, 102]], np.uint8), 1 / 255, -0.5)})
    np.testing.assert_allclose(net["x.rate"], [[-0.5, 0.5], [-0.3, -0.1]])
    net.run({"x": Rows(np.array([[255, 255]], np.uint8), 1 / 255, -0.5)})
    assert net["x.rate"].tolist() == [[0.5, 0.5], [0, 0]], "an empty batch element is silent"


def test_the_same_seed_gives_the_same_bits() -> None:
    runs = []
    for seed in (3, 3, 4):
        net = layered((6, 5, 4, 3), batch_size=3, seed=seed, precision="float32")
        net.run(DATA)
        runs.append(net.state())
    assert all(np.array_equal(runs[0][k], runs[1][k]) for k in runs[0])
    assert not np.array_equal(runs[0]["x_to_h1.w"], runs[2]["x_to_h1.w"])


def test_an_interrupt_ends_after_the_presentation_under_way() -> None:
    net = layered()
    program = net.program("numpy")
    as_inputs(net, DATA).load(program)

    def interrupt(done: int) -> None:
        if done == 2:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt) as stopped:
        program.run(net.timetable(), np.arange(6)[:, None], progress=interrupt, trace=["o.rate"])
    result = stopped.value.result  # type: ignore[attr-defined]
    assert result.interrupted and result.presentations == 2 and len(result.traces["o.rate"]) == 16
    assert not program.run(net.timetable(), np.arange(6)[:, None]).interrupted


def test_what_diverges_is_named_at_once() -> None:
    net = layered(rule=rc.urfb.with_parameters(rate=1e200), transfer="linear")
    with pytest.raises(rc.RecircuitError, match=r"h1.rate became NaN or infinite in presentation \d"):
        net.run(DATA)


# --- noise ------------------------------------------------------------------------------------------------------------


def moments(net: rc.Circuit, presentations: int = 1) -> tuple[float, float]:
    net.run(presentations=presentations)
    return float(net["h.rate"].mean()), float(net["h.rate"].std())


@pytest.mark.parametrize(
    "equation, mean, sd",
    [
        ("rate = 2*randn() + 1 : 1 (during p)", 1, 2),
        ("rate = rand() : 1 (during p)", 0.5, 12**-0.5),
        ("rate = randn() - randn() : 1 (during p)", 0, 2**0.5),
        ("drate/dt = (1 + randn() - rate)/tau : 1", 1, 1),  # in step-by-step mode
        ("rate = int(rand() < .25) : 1 (during p)", 0.25, 0.1875**0.5),
    ],
)
def test_noise_has_its_mean_and_deviation(equation: str, mean: float, sd: float) -> None:
    got = moments(noisy(equation, **(dict(tau=1 * ms) if "tau" in equation else {})))
    assert got == (pytest.approx(mean, abs=5 * sd / 20_000**0.5), pytest.approx(sd, rel=0.03))


def test_white_noise_makes_an_ornstein_uhlenbeck_process() -> None:
    got = moments(noisy("drate/dt = (.3 - rate)/tau + sd*sqrt(2/tau)*xi : 1", sd=0.5, tau=20 * ms), 200)
    wanted = 0.5 / (1 - 0.05 / 2) ** 0.5  # Euler's, for dt = tau/20
    assert got == (pytest.approx(0.3, abs=0.02), pytest.approx(wanted, rel=0.03))


def test_the_same_seed_draws_the_same_noise_and_every_presentation_new() -> None:
    equation = "rate = randn() : 1 (during p)"
    a, b, other = (noisy(equation, 50, seed) for seed in (1, 1, 2))
    traces = [net.run(presentations=3, record="h.rate")["h.rate"] for net in (a, b, other)]
    assert np.array_equal(traces[0], traces[1]) and not np.array_equal(traces[0], traces[2])
    assert len(np.unique(traces[0])) == 150


def test_circuits_alternate_without_disturbing_each_other_or_numpy() -> None:
    equation = "rate = randn() : 1 (during p)"
    alone = noisy(equation, 5).run(presentations=4, record="h.rate")["h.rate"]
    a, b = noisy(equation, 5), noisy(equation, 5)
    np.random.seed(7)
    parts = [(a.run(presentations=2, record="h.rate"), b.run(presentations=2, record="h.rate")) for _ in range(2)]
    assert np.random.rand() == np.random.RandomState(7).rand()
    for one in zip(*parts):
        assert np.array_equal(np.concatenate([t["h.rate"] for t in one]), alone)


def test_noise_of_the_synapses_is_shared_by_the_batch_elements() -> None:
    rule = rc.Rule("walk", source="test", forward="dw = .1*randn()")
    nets = [layered((6, 5, 3), rule, batch_size=batch_size) for batch_size in (1, 4)]
    starts = [net["x_to_h1.w"] for net in nets]
    for net in nets:
        net.run(DATA, 1)
    left, right = (net["x_to_h1.w"] - start for net, start in zip(nets, starts))
    np.testing.assert_allclose(left, right, rtol=1e-9)
    assert 0.05 < left.std() < 0.2


# --- looking ----------------------------------------------------------------------------------------------------------


def test_a_circuit_describes_itself() -> None:
    net = layered((6, 5, 3), rc.bp, batch_size=4)
    text = str(net)
    for part in (
        "batch size 4", "float64", "feedforward [0, 2)", "h1: 5 units", "drate/dt = (clip(basal, -1, 1) - rate)/tau",
        "s: 3 units, clamped to labels", "h1_to_o: h1.rate -> o.basal, (3, 5), bp, forward", "not local (control)",
        "dw = rate*error_post*x_pre",
    ):  # fmt: skip
        assert part in text, part
    assert "&lt;" not in text and "-&gt; o.basal" in net._repr_html_()
    assert "propagate_x_to_h1" in net.explain() and "left out" in net.explain()
    assert "learn" not in net.explain("evaluate")


DRAWN: dict[str, Callable[[], rc.Circuit]] = {
    "a network": lambda: layered((784, 500, 10), batch_size=100),
    "five layers": lambda: layered((784, 100, 100, 100, 100, 10), rc.bp, output=rc.SoftmaxOutput()),
    "the hinge circuit alone": lambda: hinge_alone(),
    "squared error": lambda: layered(output=rc.SquaredOutput()),
    "error and modulatory neurons": lambda: feedback_alignment((30, 40, 20, 10), answer="tanh"),
    "pseudobackprop": lambda: feedback_alignment((30, 40, 20, 10), feedback=Pseudoinverse()),
    "one population": lambda: noisy("rate = randn() : 1 (during p)"),
    **{f"anything, {seed}": lambda seed=seed: anything(seed) for seed in range(8)},
}


def hinge_alone() -> rc.Circuit:
    net = rc.Circuit()
    net.population("o", 10, rc.HingeOutput())
    return net


def overlap(a: Box, b: Box) -> bool:
    near = abs(a.x - b.x) < (a.width + b.width) / 2
    return near and abs(a.y - b.y) < (a.height + b.height) / 2


@pytest.mark.parametrize("what", DRAWN)
def test_a_diagram_shows_everything_and_nothing_overlaps(what: str) -> None:
    net = DRAWN[what]()
    boxes, edges = lay_out(net)
    assert [(a.name, b.name) for a, b in combinations(boxes, 2) if overlap(a, b)] == []
    assert len([e for e in edges if e.projection is not None]) == len(net.projections)
    figure = net.diagram()
    (axes,) = figure.axes
    written = [text.get_text() for text in axes.texts]
    for name, population in net.populations.items():
        assert written.count(name) >= 1 and all(c in written for c in population.neuron.compartments)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    inside = axes.get_window_extent(renderer)
    for text in axes.texts:
        box = text.get_window_extent(renderer)
        assert inside.x0 <= box.x0 and box.x1 <= inside.x1, f"{text.get_text()!r} is cut off"


def test_companions_stand_beside_and_layers_above_one_another() -> None:
    boxes, edges = lay_out(layered((6, 5, 4, 3), output=rc.HingeOutput()))
    by_name = {box.name: box for box in boxes}
    assert [by_name[n].layer for n in ("x", "h1", "h2", "o", "t", "s")] == [0, 1, 2, 3, 3, 3]
    assert by_name["t"].main is by_name["s"].main is by_name["o"]
    assert by_name["t"].y == by_name["s"].y == by_name["o"].y > by_name["h2"].y > by_name["h1"].y > by_name["x"].y
    assert by_name["x"].x == by_name["h1"].x == by_name["o"].x
    kinds = {e.projection.name: e.kind for e in edges if e.projection is not None}
    assert kinds["x_to_h1"] == "feedforward" and kinds["o_to_h2"] == "feedback" and kinds["t_to_o"] == "one to one"
    assert by_name["h1"].ports == {"basal": "bottom", "apical": "top"}


def test_error_and_modulatory_neurons_stand_beside_the_units_that_they_serve() -> None:
    """As in Lillicrap et al. 2016, Supp. Fig. 4, B is then drawn downwards, as feedback is."""
    boxes, edges = lay_out(feedback_alignment((30, 40, 20, 10)))
    at = {box.name: box for box in boxes}
    for name, main in {"e": "o", "m2": "h2", "m1": "h1"}.items():
        assert at[name].main is at[main] and at[name].y == at[main].y and at[name].x > at[main].x
    kinds = {edge.projection.name: edge.kind for edge in edges if edge.projection is not None}
    assert kinds["e_to_m2"] == kinds["m2_to_m1"] == "feedback"


def test_units_that_serve_each_other_are_drawn_apart() -> None:
    net = rc.Circuit()
    a, b = net.population("a", 3, rc.pyramidal()), net.population("b", 3, rc.pyramidal())
    for pre, post in ((a, b), (b, a), (a, a)):
        net.connect(pre, post, into="apical", connectivity=OneToOne(), weights=1.0)
    boxes, _ = lay_out(net)
    assert None in [box.main for box in boxes] and not overlap(*boxes)


def test_a_diagram_names_rules_and_controls() -> None:
    messages = [t.get_text() for t in layered((6, 5, 3), rc.bp).diagram().axes[0].texts]
    assert messages.count("bp (not local)") == 2 and "h1_to_oᵀ (not local)" in messages and "plasticity" in messages
    bare = [t.get_text() for t in layered((6, 5, 3), rc.urfb).diagram(labels=False, phases=False).axes[0].texts]
    assert "urfb" not in bare and "plasticity" not in bare


def legend_of(panel: Axes) -> list[str]:
    legend = panel.get_legend()
    assert legend is not None
    return [text.get_text() for text in legend.get_texts()]


def test_a_trace_has_a_panel_for_each_variable() -> None:
    net = layered((6, 15, 3))
    trace = net.run(DATA, 2, record=["o.rate", "h1.rate", "x_to_h1.w"])
    figure = trace.plot()
    assert [panel.get_ylabel() for panel in figure.axes] == trace.names
    counts = [len(panel.get_lines()) - 1 for panel in figure.axes]  # one line parts the presentations
    assert counts == [3, 15, 90]
    assert [len(legend_of(panel)) for panel in figure.axes] == [3, 10, 10]
    assert figure.axes[-1].get_xlabel() == "time (ms)" and figure.axes[-1].get_xlim() == (0, 16)
    named = [t.get_text() for t in figure.axes[0].texts]
    assert named[:4] == ["feedforward", "error", "feedback", "plasticity"]
    line = figure.axes[0].get_lines()[1]
    np.testing.assert_array_equal(np.asarray(line.get_ydata())[1:], trace["o.rate"][:, 0])


def test_a_part_of_a_trace_is_drawn_as_asked() -> None:
    net = layered((6, 15, 3))
    trace = net.run(DATA, 3, learn=False, record=["o.basal", "h1.rate"])
    figure = trace.plot("h1.rate", units=[4, 2], labels={"h1.rate": [f"unit {k}" for k in range(15)]})
    (panel,) = figure.axes
    assert legend_of(panel) == ["unit 4", "unit 2"]
    assert {t.get_text() for t in panel.texts} == {"feedforward"}
    with pytest.raises(rc.RecircuitError, match="'o.rate' was not recorded"):
        trace.plot(["o.rate"])
    with pytest.raises(rc.RecircuitError, match="nothing to draw"):
        net.run(DATA, 1).plot()


# --- refused, in words ------------------------------------------------------------------------------------------------


def neuron(equations: str, **parameters: Any) -> Callable[[], Any]:
    return lambda: rc.Neuron(equations, **parameters)


def built(equations: str, **parameters: Any) -> Callable[[], Any]:
    return lambda: noisy(equations, 2, **parameters).run(presentations=1)


def connected(**options: Any) -> Callable[[], Any]:
    def make() -> None:
        net = rc.Circuit()
        x, h = net.stimulus("x", 3), net.population("h", 2, rc.pyramidal())
        net.connect(x, h, **options)
        net.phases("feedforward", 1 * ms, "plasticity", 1 * ms)
        net.program()

    return make


def shown(batch_size: int = 1, **changes: Any) -> Callable[[], Any]:
    data = {k: changes.pop(k, v) for k, v in DATA.items()}
    return lambda: layered(batch_size=batch_size).run(data, **changes)


def given(key: str, value: Any, **options: Any) -> Callable[[], Any]:
    return lambda: layered(**options).__setitem__(key, value)


def phases(*pairs: Any, **windows: Any) -> Callable[[], Any]:
    return lambda: rc.Circuit().phases(*pairs, **windows)


def duplicate() -> None:
    net = rc.Circuit()
    net.stimulus("x", 2)
    net.population("x", 2, rc.pyramidal())


def twice() -> None:
    net = layered()
    net.connect(net["x"], net["h1"])


def turned_round() -> None:
    net = rc.Circuit()
    h = net.population("h", 2, rc.Neuron("back : 1 (compartment)\nerror = back : 1\nrate = back : 1"))
    net.connect(
        h, net.population("g", 2, rc.Neuron("told : 1 (compartment)\nrate = told : 1")), into="told", rule=rc.urfb
    )


def foreign() -> None:
    rc.Circuit().connect(layered()["x"], layered()["h1"])


def wide_broadcast() -> None:
    net = layered()
    net.broadcast(net["h1"], "loss")


def transposed(problem: str) -> Callable[[], Any]:
    def make() -> None:
        net = rc.Circuit()
        x, h, y = net.stimulus("x", 2), net.population("h", 2, rc.pyramidal()), net.population("y", 2, rc.pyramidal())
        up = net.connect(x, h)
        if problem == "no partner":
            net.connect(y, h, into="apical", rule=rc.bp)
        elif problem == "of another":
            net.connect(h, y, weights=up.T)
        elif problem == "foreign":
            other = rc.Circuit()
            other.connect(
                other.stimulus("x", 2), other.population("h", 2, rc.pyramidal()), weights=up.elsewhere(flipped=False)
            )
        else:
            up = net.connect(h, y)
            options: dict[str, Any] = {"rule": rc.urfb} if problem == "plastic" else {}
            options |= {"autapses": False} if problem == "without autapses" else {}
            back = net.connect(y, h, into="apical", weights=up.T, **options)
            net.connect(h, y, name="again", weights=back.T)

    return make


READS_THETA = rc.Rule("r", source="test", forward="dw = theta_post*x_pre")
READS_LOSS = rc.Rule("r", source="test", forward="dw = loss*x_pre", broadcasts=("loss",))
HEBB = rc.Rule("hebb", source="test", forward="dw = x_pre*x_post")

REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    # sizes
    "width 0": (lambda: rc.Circuit().population("h", 0, rc.pyramidal()), "'h': the size is .* at least 1; got 0"),
    "width 0 of an output": (lambda: rc.Circuit().population("o", 0, rc.HingeOutput()), "at least 1; got 0"),
    "width 0 of a stimulus": (lambda: rc.Circuit().stimulus("x", 0), "at least 1; got 0"),
    "width 1.5": (lambda: rc.Circuit().population("h", 1.5, rc.pyramidal()), "whole number"),  # type: ignore[arg-type]
    "batch_size 0": (lambda: rc.Circuit(batch_size=0), "batch_size is a whole number"),
    "batch_size True": (lambda: rc.Circuit(batch_size=True), "batch_size is a whole number"),
    "dt a number": (lambda: rc.Circuit(dt=1), "dt is a time above 0"),  # type: ignore[arg-type]
    "dt 0": (lambda: rc.Circuit(dt=0 * ms), "dt is a time above 0"),
    "dt in volts": (lambda: rc.Circuit(dt=1 * mV), "dt is a time above 0"),
    "precision": (lambda: rc.Circuit(precision="half"), "'float32' or 'float64'; got 'half'"),
    "lowering": (lambda: rc.Circuit(lowering="sparse"), "'dense' or 'reference'"),
    "seed": (lambda: rc.Circuit(seed=-1), "seed is a whole number"),
    "plain batch elements": (
        lambda: rc.Circuit(lowering="reference", batch_size=2),
        "one batch element, got batch_size=2",
    ),
    # names
    "two of a name": (duplicate, "'x' is used already"),
    "two words": (lambda: rc.Circuit().stimulus("hidden layer", 2), "a name is a word"),
    "a word of Python": (lambda: rc.Circuit().stimulus("lambda", 2), "a name is a word"),
    "shadowed": (neuron("order : 1"), "'order' is taken"),
    "shadowed parameter": (neuron("rate = active : 1 (during p)", active=1), "'active' is taken"),
    "time": (neuron("t : 1"), "'t' is taken"),
    "a word of C++": (neuron("double : 1"), "'double' is taken: it is a word of C"),
    "a word of Python in equations": (neuron("class : 1"), "'class' is a Python keyword"),
    "a function": (neuron("sin : 1"), "'sin' is the name of a function"),
    "a unit": (neuron("volt : 1"), "'volt' is the name of a unit"),
    "an indicator": (neuron("in_p : 1"), "'in_p' is taken"),
    # models and equations
    "a word for a model": (
        lambda: rc.Circuit().population("h", 3, "pyramidal"),
        r"expected rc.Neuron\(equations\), an output circuit or a part",
    ),
    "a class for a model": (
        lambda: rc.Circuit().population("h", 3, rc.HingeOutput),
        r"expected rc.Neuron\(equations\), an output circuit or a part",
    ),
    "not text": (lambda: rc.Neuron(3), "expected text"),  # type: ignore[arg-type]
    "undefined": (neuron("rate = basal + apical : 1 (during p)"), "'rate' reads 'apical', 'basal', which nothing"),
    "unknown function": (built("rate = thanh(3) : 1 (during p)"), "no function `thanh`.*Did you mean `tanh`"),
    "cannot be read": (neuron("rate = = 3 : 1"), "Each line reads"),
    "a bracket": (neuron("drate/dt = (3 - rate/tau : 1", tau=1 * ms), r"'\(' was never closed"),
    "no dimension": (neuron("rate = 3"), "Each line reads"),
    "twice": (neuron("a = 1 : 1\na = 2 : 1"), "'a' is defined twice"),
    "in a circle": (neuron("a = b : 1\nb = a : 1"), "cycle"),
    "a flag": (neuron("rate : 1 (compartmnt)"), "'compartmnt'.*'compartment'"),
    "another flag": (neuron("rate = 3 : 1 (rarely during p)"), "'rarely during p' is not known"),
    "a compartment in volts": (neuron("basal : volt (compartment)"), "'basal' has a dimension"),
    "a parameter twice": (neuron("a : 1", a=3), "given as a parameter and defined"),
    "a parameter that is text": (neuron("rate = a : 1 (during p)", a="x"), "a is a number or a quantity"),
    "another parameter": (lambda: rc.pyramidal().with_parameters(mu=1), r"\['mu'\] are not among \['tau'\]"),
    "tau without unit": (built("drate/dt = (1 - rate)/tau : 1", tau=3), r"has the dimension 1, expected s\^-1"),
    "volts": (built("v : volt\nrate = v : 1 (during p)"), "the right-hand side of 'rate' has the dimension"),
    "volts and numbers": (built("v : volt\nrate = 1 + v : 1 (during p)"), "inconsistent units"),
    "volts in an expression": (
        built("v : volt\na = 1 + v : 1\nrate = a : 1 (during p)"),
        "'1' has unit 1; 'v' has unit",
    ),
    "noise used twice": (built("a = randn() : 1\nrate = a - a : 1 (during p)"), "population_h"),
    "method": (
        built("drate/dt = (1 - rate)/tau : 1", tau=3 * ms, method="magic"),
        "method is one of euler.*got 'magic'",
    ),
    "transfer": (
        lambda: rc.pyramidal("tahn"),
        r"'tahn' is not known. Did you mean `tanh`\? Expected one of clip, tanh",
    ),
    "slope": (lambda: rc.pyramidal("basal % 2"), "give derivative="),
    "unknown transfer": (lambda: rc.pyramidal("foo(basal)"), "no function `foo`"),
    "clip of two": (lambda: rc.pyramidal("clip(basal, 1)"), "`clip` takes 3 values"),
    "clamped to what is not there": (lambda: rc.Circuit().stimulus("x", 2, clamps="gain"), "'gain' is not a parameter"),
    # projections
    "compartment": (connected(into="dendrite"), r"'h' has no compartment 'dendrite'; it has \['basal', 'apical'\]"),
    "sends": (connected(sends="spikes"), "'x' has no 'spikes' to send"),
    "of another circuit": (foreign, "a population of this circuit"),
    "by name": (lambda: layered().connect("x", "h1"), "a population of this circuit; got 'x'"),  # type: ignore[arg-type]
    "two projections": (
        twice,
        "the name 'x_to_h1' is used already, by another projection between these populations. Give this one a name",
    ),
    "feedback into another compartment": (
        turned_round,
        r"its forward equation.*Its feedback equation fits: give rule=my_rule",
    ),
    "a rule's name": (connected(rule="urbf"), "no rule 'urbf'.*Did you mean `urfb`"),
    "the post unit lacks": (connected(rule=READS_THETA), "reads theta_post, but 'h' has no 'theta'; it has"),
    "the pre unit lacks": (connected(rule=rc.urfb.feedback), "reads error_pre, but 'x' has no 'error'"),
    "no broadcast": (connected(rule=READS_LOSS), "reads the broadcast 'loss'.*circuit.broadcast"),
    "broadcast of many": (wide_broadcast, "a broadcast is a population of one unit, and 'h1' has 5"),
    "broadcast by name": (lambda: layered().broadcast("h1", "loss"), "a population of this circuit"),  # type: ignore
    "nothing sends": (built("loss : 1 (broadcast)\nrate = loss : 1 (during p)"), "which nothing sends"),
    "weights of one dimension": (
        connected(weights=np.zeros(3)),
        r"whether it is for pre or post units.*values\[None, :\]",
    ),
    "weights' shape": (
        connected(weights=np.zeros((3, 2))),
        r"shape \(2, 3\) \(post, pre\) were expected; got \(3, 2\)",
    ),
    "weights NaN": (connected(weights=np.nan), "NaN or infinity"),
    "weights by name": (connected(weights="glorot"), "weights are a number"),
    "weights with a unit": (connected(weights=1 * mV), "plain numbers without a unit; got 1. \\* mvolt"),
    "one to one": (connected(connectivity=OneToOne()), "populations of one size; got 3 and 2"),
    "a structure's class": (connected(connectivity=Masked), "connectivity is one such as Dense"),
    "a probability": (lambda: Masked(0), r"in \(0, 1\]; got 0"),
    "no partner": (transposed("no partner"), "no such projection yet. Connect it first"),
    "another's transpose": (transposed("of another"), "x_to_h.T run from 'h' to 'x'"),
    "a plastic transpose": (transposed("plastic"), "have no rule of their own"),
    "a transpose of a transpose": (transposed("twice"), "the weights of 'y_to_h' are those of 'h_to_y'"),
    "a transpose of another circuit": (transposed("foreign"), "'x_to_h' is a projection of another circuit"),
    "autapses of a transpose": (transposed("without autapses"), "so are their autapses. Omit autapses"),
    # phases
    "no phases": (lambda: rc.Circuit().run(presentations=1), "no phases yet"),
    "a projection's phase": (connected(during="feedfoward"), r"\['feedfoward'\], but the circuit's phases are"),
    "a rule's phase": (connected(rule=HEBB, learns="learning"), r"the rule of 'x_to_h' is open during \['learning'\]"),
    "an equation's phase": (built("rate = 1 : 1 (during q)"), r"h.rate is open during \['q'\]"),
    "an indicator's phase": (built("rate = in_q : 1 (during p)"), r"\['q'\]"),
    "an indicator in an expression": (neuron("y = in_p : 1"), "computed wherever it is read"),
    "odd arguments": (phases("p", 1 * ms, "q"), "got 3 arguments, expected pairs"),
    "none": (phases(), "got 0 arguments"),
    "the wrong way round": (phases(1 * ms, "p"), "expected the name of a phase"),
    "named twice": (phases("p", 1 * ms, "p", 1 * ms), "'p' is named twice"),
    "no whole steps": (phases("p", 1.5 * ms), "which is 1.5 steps of 1. ms"),
    "no time at all": (phases("p", 0 * ms), "at least one"),
    "a number for a time": (phases("p", 3), "is a time such as 4\\*ms; got 3"),
    "volts for a time": (phases("p", 3 * mV), "is a time such as 4\\*ms"),
    "pairs and windows": (phases("p", 3 * ms, q=(0 * ms, 1 * ms)), "not both"),
    "no window": (phases(q=1 * ms), r"q is a pair \(begin, end\)"),
    "words for a window": (phases(q=("a", "b")), "is a time"),
    "a window backwards": (phases(q=(2 * ms, 1 * ms)), "before it begins"),
    "a name that reads as two": (phases("a and b", 1 * ms), "'a and b' cannot be the name of a phase"),
    "a name of nothing": (phases("", 1 * ms), "'' cannot be the name of a phase"),
    "no phases of a pathway": (connected(during=[]), r"got \[\], which names none"),
    "no phases of a rule": (connected(rule=HEBB, learns=""), "got '', which names none"),
    "evaluation": (phases("p", 1 * ms, evaluation=["q"]), r"evaluation names \['q'\]"),
    # data
    "data's width": (shown(x=np.zeros((6, 4))), "'x': it has 6 units, so that .* whose rows have 4"),
    "NaN in data": (shown(x=np.full((6, 6), np.nan)), "'x': the data hold NaN"),
    "text for data": (shown(x=[["a"] * 6] * 6), "expected numbers"),
    "ragged data": (shown(x=[[1], [1, 2]]), "different lengths"),
    "no rows": (shown(x=np.zeros((0, 6)), s=[]), "expected one row or more"),
    "a label too large": (shown(s=[0, 1, 2, 3, 0, 1]), "labels are whole numbers from 0 to 2; got values from 0 to 3"),
    "a negative label": (shown(s=[0, 1, 2, -1, 0, 1]), "from -1 to 2"),
    "half a label": (shown(s=[0, 1, 2, 0.5, 0, 1]), "whole numbers"),
    "a label NaN": (shown(s=[0, 1, 2, np.nan, 0, 1]), "whole numbers"),
    "fewer labels": (shown(s=[0, 1]), r"different numbers of rows: {'x': 6, 's': 2}"),
    "no such stimulus": (lambda: layered().run({"y": [1]}), r"\['y'\] are not stimuli of the circuit; those are"),
    "one array for two": (lambda: layered().run(DATA["x"]), "give a mapping"),
    "nothing to show": (lambda: layered().run(), "how many presentations"),
    "presentations": (shown(presentations=-1), "presentations is a whole number; got -1"),
    "order's shape": (shown(order=[0, 1]), r"shape \(presentations, 1\); got \[0, 1\]"),
    "order of fractions": (shown(order=[[0.5]]), "whole numbers"),
    "a row that is not there": (shown(order=[[7]]), "row 7 of 'x', which has 6"),
    "a hole in the order": (shown(3, order=[[0, -1, 1]]), "only at the end"),
    "an empty presentation": (
        shown(3, order=[[-1, -1, -1]]),
        "only at the end of a row, and not in all places",
    ),
    "another negative": (shown(3, order=[[1, 2, -5]]), "-1 marks"),
    "backend": (shown(backend="gpu"), "no backend 'gpu'. There are numpy, .*cpp"),
    # reading and setting
    "record a typo": (shown(record=["h1.rat"]), "'h1' has no 'rat'; it has"),
    "record no variable": (shown(record=["h1"]), "such as 'h.rate', or .*; got 'h1'"),
    "record what nobody has": (shown(record=["q.rate"]), "'q.rate' is not stored"),
    "record of a projection": (shown(record=["x_to_h1.weights"]), "'x_to_h1.weights' is not stored; there are"),
    "a trace's key": (lambda: layered().run(DATA, record="h1.rate")["h1.x"], "'h1.x' was not recorded"),
    "no such part": (lambda: layered()["q"], "there is no 'q'; there are"),
    "no such variable": (lambda: layered()["h1.q"], "'h1' has no 'q'; it has"),
    "a value's shape": (given("h1.rate", np.zeros(7)), r"has the shape \(1, 5\); got \(7,\)"),
    "text for a value": (given("h1.rate", "a"), "is set to numbers"),
    "NaN for a value": (given("x_to_h1.w", np.nan), "NaN or infinity"),
    "a time constant in volts": (given("h1.tau", 5 * mV), "h1.tau has the dimension s"),
    "a time constant without unit": (given("h1.tau", 5), "h1.tau has the dimension s"),
    "mode": (lambda: layered().timetable("test"), "'train' or 'evaluate'"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused_in_words(what: str) -> None:
    attempt, message = REFUSED[what]
    with pytest.raises(rc.RecircuitError, match=message) as refusal:
        attempt()
    assert "\n" not in str(refusal.value) and "0x" not in str(refusal.value)


def test_a_refused_declaration_leaves_the_circuit_as_it_was() -> None:
    net = layered()
    before = str(net)
    with pytest.raises(rc.RecircuitError):
        net.connect(net["x"], net["o"], into="nowhere")
    with pytest.raises(rc.RecircuitError):
        net.population("p", 2, rc.HingeOutput())  # its t and s are there already
    assert str(net) == before
    net.run(DATA)

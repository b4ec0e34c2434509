"""Measures: their formulas on arrays, and on running circuits against NumPy."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from brian2 import ms
from networks import distance, layered, stimuli, weights
from reference import amit, lansdell

import recircuit as rc
from recircuit.circuits import Masked
from recircuit.cli import main
from recircuit.errors import RecircuitError, UsageError
from recircuit.models.analysis import measures
from recircuit.models.analysis import weight_alignment as metrics
from recircuit.models.analysis.gradient_snapshot import matrix, snapshot
from recircuit.models.networks import recirculation
from recircuit.models.networks.node_perturbation import Perturbation, node_perturbation

SIZES = (6, 5, 4, 3)
RNG = np.random.default_rng(0)

# --- formulas ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(4, 7), (5, 5), (7, 4)])
def test_the_pseudoinverse_meets_all_conditions_and_nothing_else_does(shape: tuple[int, int]) -> None:
    w = RNG.normal(size=shape)
    inverse = np.linalg.pinv(w)
    assert max(measures.penrose(inverse, w)) < 1e-12 and measures.pseudoinverse_distance(inverse, w) < 1e-12
    assert measures.pseudoinverse_distance(2 * inverse, w) == pytest.approx(1)
    assert max(measures.penrose(w.T, w)[2:]) < 1e-12 < min(measures.penrose(w.T, w)[:2])
    left = inverse + (RNG.normal(size=inverse.shape) @ (np.eye(shape[0]) - w @ inverse))  # RW as it was
    first, second, third, fourth = measures.penrose(left, w)
    if shape[0] > shape[1]:
        assert max(first, second, fourth) < 1e-12 and third > 0.1


def test_the_trace_is_that_of_the_product() -> None:
    r, w = RNG.normal(size=(3, 5)), RNG.normal(size=(5, 3))
    assert measures.trace(r, w) == pytest.approx(np.trace(r @ w))


def test_signals_are_compared_column_by_column() -> None:
    g = np.array([[1.0, 0], [0, 2], [3, 0]])
    s = np.array([[1.0, 1], [0, 5], [0, 0]])
    assert measures.signal_angle(s, g) == pytest.approx(45 / 2)  # 45 and 0; the silent batch element is left out
    assert measures.signal_angle(-g, g) == pytest.approx(180)
    assert np.isnan(measures.signal_angle(0 * g, g))
    assert measures.signal_error(s, g) == pytest.approx(np.sqrt((1 + 9 + 9) / 14))
    assert measures.signal_signs(s, g) == 1 and measures.signal_signs(-s, g) == 0
    assert np.isnan(measures.signal_signs(0 * s, g))


def test_rates_and_saturation() -> None:
    x = np.array([[0.0, 1], [2, 1]])
    assert measures.rate_statistics(x) == {"mean": 1, "sd": pytest.approx(np.sqrt(0.5)), "spread": 0.5}
    assert measures.saturated([[0, 0.04], [0.06, -1]]) == 0.5 and measures.saturated([[0.3]], below=0.3) == 1


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(RecircuitError, match=r"n_lower, n_upper"):
        measures.penrose(np.ones((2, 3)), np.ones((2, 3)))
    with pytest.raises(RecircuitError, match=r"batch, units"):
        measures.signal_angle(np.ones((2, 3)), np.ones((3, 2)))


# --- running circuits -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("transfer", ["tanh", "logistic", "linear", "clip"])
@pytest.mark.parametrize("connectivity", [None, Masked(0.6)], ids=["", "masked"])
def test_the_gradient_of_a_snapshot_is_the_textbooks(transfer: str, connectivity: Masked | None) -> None:
    net = layered(SIZES, transfer=transfer, batch_size=5, output=rc.SquaredOutput(), forward=connectivity)
    data = stimuli(net, 10)
    ups, _ = weights(net)
    x, labels = data["x"][:5], data["s"][:5]
    fields, _ = amit.forward(ups, x, transfer)
    wanted = amit.deltas([w.T for w in ups[1:]], fields, amit.mse_delta(fields[-1], labels), transfer)
    found = snapshot(net, data).gradients()
    assert list(found) == ["h1", "h2"]
    assert all(distance(got, want) < 1e-8 for got, want in zip(found.values(), wanted))


def test_backpropagation_follows_the_gradient_and_feedback_alignment_does_not_yet() -> None:
    names = ["gradient", "signal_error", "signal_signs", "trace"]
    exact = layered(SIZES, rc.bp, transfer="tanh", batch_size=6)
    found = measures.measure(exact, names, stimuli(exact, 6))
    for layer in ("h1", "h2"):
        assert found[f"{layer}_gradient"] < 1e-5 and found[f"{layer}_signal_error"] < 1e-8
        assert found[f"{layer}_signal_signs"] == 1
    assert found["h2_trace"] == pytest.approx(np.sum(exact["h2_to_o.w"] ** 2))
    random = layered(SIZES, rc.frfb, transfer="tanh", batch_size=6)
    assert measures.measure(random, "gradient", stimuli(random, 6))["h1_gradient"] > 20


def test_the_gradient_is_taken_when_the_weights_learn() -> None:
    """Recirculation overwrites rates and errors later in the presentation."""
    net = recirculation.recirculating((6, 5, 4, 3), batch_size=4, precision="float64", feedback_weights=rc.glorot())
    data = stimuli(net, 4)
    for low, up in (("h1", "h2"), ("h2", "o")):
        net[f"{up}_to_{low}.w"] = net[f"{low}_to_{up}.w"].T
    found = measures.measure(net, ["gradient", "signal_error"], data)
    assert max(found.values()) < 1e-5


@pytest.mark.parametrize("rule", [rc.urfb, rc.bp, rc.frfb], ids=lambda r: r.name)
def test_measuring_changes_no_bit(rule: rc.Rule) -> None:
    measured, left = layered(SIZES, rule, batch_size=3), layered(SIZES, rule, batch_size=3)
    data = stimuli(measured, 9)
    measured.run(data)
    left.run(data)
    found = measures.measure(measured, measures.MEASURES, data)
    assert all(np.isfinite(list(found.values()))) and len(found) > 20
    a, b = measured.state(), left.state()
    assert all(np.array_equal(a[k], b[k]) for k in b)
    for net in (measured, left):
        net.run(data)
    a, b = measured.state(), left.state()
    assert all(np.array_equal(a[k], b[k]) for k in b)


@pytest.mark.cpp
@pytest.mark.slow
def test_a_compiled_circuit_is_measured_alike_and_goes_on_as_if_it_had_not_been() -> None:
    found, states = {}, {}
    for backend, asked in (("numpy", True), ("cpp", True), ("cpp", False)):
        net = layered(SIZES, rc.urfb, batch_size=3, precision="float64", transfer="tanh")
        net.program(backend)
        data = stimuli(net, 9)
        net.run(data)
        if asked:
            found[backend] = measures.measure(net, measures.MEASURES, data)
        net.run(data)
        states[backend, asked] = net.state()
        net.close()
    assert found["cpp"] == pytest.approx(found["numpy"], rel=1e-9, abs=1e-5)
    a, b = states["cpp", True], states["cpp", False]
    assert all(np.array_equal(a[k], b[k]) for k in b)


def test_operations_are_counted_by_pathway() -> None:
    net = layered(SIZES, rc.urfb, output=rc.SquaredOutput(), batch_size=7)
    w, back = 6 * 5 + 5 * 4 + 4 * 3, 5 * 4 + 4 * 3
    found = measures.operations(net)
    assert (found["forward"], found["feedback"], found["learning"]) == (w, back, w + back)
    assert found["lateral"] == 3  # the supervisor's synapses
    asked = measures.operations(net, "evaluate")
    assert asked["forward"] == w and asked["feedback"] == asked["learning"] == 0


def test_operations_of_a_long_phase_are_counted_in_each_of_its_steps() -> None:
    """This holds where one row of the timetable stands for many equal steps."""
    net = rc.Circuit(optimise=False)
    net.connect(net.stimulus("x", 4), net.population("h", 3, rc.pyramidal()), weights=0.1)
    net.phases("feedforward", 5000 * ms)
    assert net.timetable().repeats
    found = measures.operations(net)
    assert found["forward"] == 5000 * 4 * 3
    assert sum(found.values()) == net.timetable().work()


def test_feedback_that_skips_layers_stands_for_the_product_of_the_weights_above() -> None:
    net = node_perturbation(SIZES, feedback="direct", precision="float64")
    product = net["h2_to_o.w"] @ net["h1_to_h2.w"]
    chain = metrics.feedback_pairs(net)["h1"][1]
    assert [p.name for p in chain] == ["h1_to_h2", "h2_to_o"]
    assert distance(metrics.forward_matrix(chain), product) < 1e-12
    found = measures.measure(net, "trace", stimuli(net, 1))
    assert found["h1_trace"] == pytest.approx(np.trace(net["o_to_h1.w"] @ product))
    assert metrics.alignment(net)["h1"].angle == pytest.approx(metrics.angle(net["o_to_h1.w"], product))


def test_a_circuit_with_biases_noise_and_two_windows_is_measured_in_its_clean_one() -> None:
    net = node_perturbation(SIZES, batch_size=5, perturbation=Perturbation(10.0), precision="float64")
    data = stimuli(net, 5)
    W, names = [net[f"{a}_to_{b}.w"] for a, b in (("x", "h1"), ("h1", "h2"), ("h2", "o"))], ("h1", "h2", "o")
    b = [net[f"one_to_{k}.w"][:, 0] for k in names]
    reference = lansdell.Network(W, b, ["logistic", "logistic", "linear"], [net["h2_to_h1.w"], net["o_to_h2.w"]])
    target = np.eye(3)[data["s"]]
    fields, _ = reference.forward(data["x"])
    wanted = [g * s for g, s in zip(reference.gradients(data["x"], target), reference.slopes(fields))]
    found = snapshot(net, data).gradients()
    assert list(found) == ["h1", "h2"]
    assert all(distance(got, want) < 1e-8 for got, want in zip(found.values(), wanted))
    angles = [measures.signal_angle(e, g) for e, g in zip(reference.errors(data["x"], target)[0], wanted)]
    measured = measures.measure(net, "gradient", data)
    assert [measured[f"{h}_gradient"] for h in ("h1", "h2")] == pytest.approx(angles, abs=1e-5)


def test_a_snapshot_of_series_is_of_the_first_samples() -> None:
    net = rc.Circuit(batch_size=2, precision="float64")
    x, y = net.stimulus("x", 3, every=1 * ms), net.target("y", 2, every=1 * ms)
    o = net.population(
        "o", 2, rc.Neuron("basal : 1 (compartment)\nwanted : 1 (compartment)\nerror = wanted - basal : 1")
    )
    net.connect(x, o, rule=rc.Rule("delta", source="here", forward="dw = .1*error_post*x_pre"))
    net.connect(y, o, into="wanted", weights=1.0, connectivity=rc.OneToOne())
    net.phases("plasticity", 4 * ms)
    series = RNG.normal(size=(5, 4, 3))
    shot = snapshot(net, {"x": series, "y": np.ones((5, 4, 2))})
    assert np.array_equal(shot.values["x.rate"], series[:2, 0])


def test_a_trace_is_no_matrix() -> None:
    net = rc.Circuit()
    x, h = net.stimulus("x", 2), net.population("h", 2, rc.pyramidal())
    fast = rc.Rule("fast", source="this test", traces=("fast",), forward="fast = x_post*x_pre")
    recall = net.connect(x, h, name="recall", into="apical", weights=net.connect(x, h, rule=fast).again("fast"))
    with pytest.raises(RecircuitError, match="'recall' transmits by a trace"):
        matrix(recall)


def test_an_unknown_measure_and_a_circuit_that_does_not_learn_are_refused() -> None:
    net = layered(SIZES)
    with pytest.raises(UsageError, match="Did you mean `penrose`"):
        measures.measure(net, ["penros"])
    still = rc.Circuit()
    still.connect(still.stimulus("x", 3), still.population("h", 2, rc.pyramidal()))
    still.phases("feedforward", still.dt)
    with pytest.raises(RecircuitError, match="learns"):
        measures.measure(still, "gradient", {"x": np.ones((1, 3))})


def test_train_writes_measures_and_refuses_what_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    runs = {}
    for name, asked in (
        ("reference", []),
        ("measured", ["--measure", "penrose,gradient", "--measure", "trace,penrose"]),
    ):
        call = ["train", "digits", "--layers", "64-12-10", "--epochs", "2", "--backend", "numpy", "--out", name]
        with pytest.raises(SystemExit) as ended:
            main([*call, *asked])
        assert not ended.value.code
        with (tmp_path / name / "metrics.csv").open() as file:
            runs[name] = list(csv.DictReader(file))
    added = [*(f"h1_penrose_{k}" for k in range(1, 5)), "h1_gradient", "h1_trace"]
    assert [*runs["measured"][0]] == [*runs["reference"][0], *added]
    assert [r["h1_angle"] for r in runs["measured"]] == [r["h1_angle"] for r in runs["reference"]]
    with pytest.raises(SystemExit) as ended:
        main(["train", "digits", "--measure", "trace,penros"])
    output = capsys.readouterr().err
    assert ended.value.code == 2
    assert f"did you mean penrose? Expected {', '.join(measures.MEASURES)}; got 'trace,penros'" in output

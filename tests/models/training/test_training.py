"""Training: the same numbers as a loop written from the paper, and stopped at any moment it goes on exactly."""

from __future__ import annotations

import os
import resource
import signal
import threading
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2 import ms
from reference import amit

import recircuit as rc
from recircuit.circuits.answers.readout import Readout
from recircuit.circuits.backends.divergence import Diverged
from recircuit.circuits.backends.numpy.program import NumpyProgram
from recircuit.circuits.backends.program import Program
from recircuit.errors import RecircuitError, UsageError
from recircuit.models.analysis import weight_alignment as metrics
from recircuit.models.networks.layered import unlearned
from recircuit.models.training import epochs as training
from recircuit.models.training.checkpoint import About
from recircuit.models.training.loop import TrainingInterrupted
from recircuit.models.training.machine import choose
from recircuit.models.training.order import epoch_order, in_batches
from recircuit.models.training.run_files import WEIGHTS, RunFiles

BATCH_SIZE = 10
NOISY = rc.Rule(
    "noisy",
    source="here",
    forward="dw = rate*error_post*x_pre + .01*randn()",
    feedback="dw = rate*error_pre*x_post",
    parameters={"rate": 0.2},
)


def blobs(n_train: int = 57, n_test: int = 23, seed: int = 0) -> rc.Dataset:
    """Return three clouds in five dimensions, as data; 57 samples leave batch elements of the last batch empty."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(3, 5))
    y = rng.integers(0, 3, n_train + n_test)
    x = (centres[y] + 0.4 * rng.normal(size=(len(y), 5))).astype(np.float32)
    return rc.Dataset.from_arrays("blobs", x[:n_train], y[:n_train], x[n_train:], y[n_train:], classes=3)


def network(rule: rc.Rule | str = "urfb", sizes=(5, 4, 3), **options) -> rc.Circuit:
    options = {"batch_size": BATCH_SIZE, "precision": "float64", "seed": 1} | options
    return rc.layered(sizes, rule, **options)


def weights(net: rc.Circuit) -> dict[str, np.ndarray]:
    return {k: v for k, v in net.state(weights_only=True).items() if k.endswith(".w")}


def without_times(history: rc.History) -> list[list[float]]:
    return [[v for k, v in row.items() if k not in ("seconds", "presentations_per_second")] for row in history.rows]


def same_bits(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[k], b[k]) for k in a)


# ---- the numbers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["urfb", "frfb", "bp"])
@pytest.mark.parametrize(
    ("loss", "transfer", "sizes"),
    [("hinge", "clip", (5, 4, 3)), ("softmax", "tanh", (5, 4, 6, 3)), ("mse", "tanh", (5, 3))],
)
def test_an_epoch_equals_the_reference(rule: str, loss: str, transfer: str, sizes: tuple[int, ...]) -> None:
    data, find = blobs(), {"urfb": rc.urfb, "frfb": rc.frfb, "bp": rc.bp}
    net = network(find[rule].with_parameters(rate=0.2), sizes, loss=loss, transfer=transfer)
    layers = ["x", *(f"h{i}" for i in range(1, len(sizes) - 1)), "o"]
    w = [net[f"{a}_to_{b}.w"] for a, b in pairwise(layers)]
    r = [net[f"{b}_to_{a}.w"] for a, b in pairwise(layers[1:])] if rule != "bp" else None
    history = rc.train(net, data, backend="numpy", progress=False)
    wrong = 0
    for row in epoch_order(data.n_train, BATCH_SIZE, 1, 1):
        rows = row[row >= 0]
        x, y = data.x_train[rows].astype(float), data.y_train[rows]
        wrong += amit.errors(w, x, y, transfer) * len(rows)
        amit.train_step(w, r, x, y, rule, loss, 0.2, transfer)
    for a, b, expected in zip(layers, layers[1:], w):
        np.testing.assert_allclose(net[f"{a}_to_{b}.w"], expected, atol=1e-12)
    for a, b, expected in zip(layers[1:], layers[2:], r or []):
        np.testing.assert_allclose(net[f"{b}_to_{a}.w"], expected, atol=1e-12)
    assert history["train_error"][0] == pytest.approx(wrong / data.n_train)
    assert history.test_error == pytest.approx(amit.errors(w, data.x_test.astype(float), data.y_test, transfer))


def test_every_sample_is_presented_once_in_an_order_of_its_own() -> None:
    first, again, second = (epoch_order(57, 10, 3, k) for k in (1, 1, 2))
    assert first.shape == (6, 10) and np.array_equal(first, again) and not np.array_equal(first, second)
    assert sorted(first.ravel()) == [-1, -1, -1, *range(57)]
    assert (first[:-1] >= 0).all()


def test_a_batch_size_that_divides_the_samples_leaves_nothing_empty() -> None:
    np.testing.assert_array_equal(in_batches(np.arange(4), 2), [[0, 1], [2, 3]])


@pytest.mark.parametrize(("sizes", "batch_size"), [((5, 1, 3), 1), ((5, 3), 57), ((5, 2, 2, 2, 2, 3), 4)])
def test_narrow_and_deep_networks_and_single_batch_elements_train(sizes: tuple[int, ...], batch_size: int) -> None:
    history = rc.train(network(sizes=sizes, batch_size=batch_size), blobs(), 2, backend="numpy")
    assert len(history) == 2 and np.isfinite(history["test_error"]).all()
    assert sum(name.endswith("_angle") for name in history.names) == len(sizes) - 2


def test_a_network_learns_and_the_feedback_aligns() -> None:
    net = network(sizes=(5, 30, 3))
    before = metrics.alignment(net)["h1"]
    history = rc.train(net, blobs(400, 100), 5, backend="numpy")
    assert history.test_error < 0.1
    assert 70 < before.angle < 110 and history["h1_angle"][-1] < 50
    assert history["h1_signs"][-1] > before.signs and history["h1_distance"][-1] < before.distance


def test_what_leaves_the_range_of_the_hinge_circuit_is_counted() -> None:
    assert rc.train(network(loss=rc.HingeOutput(M=1.01)), blobs(), 2, backend="numpy")["beyond"].sum() > 0
    assert rc.train(network(), blobs(), 2, backend="numpy")["beyond"].sum() == 0
    assert "beyond" not in rc.train(network(loss="softmax"), blobs(), backend="numpy").names


@pytest.mark.cpp
def test_numpy_and_cpp_agree_and_a_run_can_change_over(tmp_path: Path) -> None:
    data = blobs()
    pair = [network(loss="softmax", transfer="tanh", sizes=(5, 4, 3)) for _ in range(2)]
    histories = [rc.train(n, data, 2, backend=b, out=tmp_path / b) for n, b in zip(pair, ("numpy", "cpp"))]
    for key, value in weights(pair[0]).items():
        np.testing.assert_allclose(pair[1][key], value, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(without_times(histories[1]), without_times(histories[0]), rtol=1e-9)
    whole = network(loss="softmax", transfer="tanh", sizes=(5, 4, 3))
    rc.train(whole, data, 3, backend="cpp")
    rc.train(pair[1], data, 3, out=RunFiles(tmp_path / "cpp", resume=True))  # the backend of the checkpoint
    assert same_bits(weights(whole), weights(pair[1]))
    assert rc.Checkpoint.load(tmp_path / "cpp" / WEIGHTS).about.backend == "cpp"


# ---- stopping and going on -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [rc.urfb.with_momentum(0.5).with_rate_decay(0.01), NOISY])
def test_a_resumed_run_ends_with_the_same_bits(rule: rc.Rule, tmp_path: Path) -> None:
    whole, half = network(rule), network(rule)
    expected = rc.train(whole, blobs(), 4, backend="numpy", out=tmp_path / "whole")
    rc.train(half, blobs(), 2, backend="numpy", out=tmp_path / "half")
    fresh = network(rule)
    resumed = rc.train(fresh, blobs(), 4, backend="numpy", out=RunFiles(tmp_path / "half", resume=True))
    assert same_bits(weights(whole), weights(fresh))
    assert without_times(resumed) == without_times(expected)
    assert len((tmp_path / "half" / "metrics.csv").read_text().splitlines()) == 5
    assert (tmp_path / "half" / "curves.png").read_bytes().startswith(b"\x89PNG")


class PowerCut(BaseException):
    """The exception that stands for a power cut."""


@pytest.mark.parametrize("after", [False, True])
def test_a_power_cut_at_any_write_loses_at_most_an_epoch(after: bool, tmp_path: Path, monkeypatch) -> None:
    data, net, replace = blobs(), network(), os.replace
    initial = rc.Checkpoint(net.state(), About())
    rc.train(net, data, 2, backend="numpy")
    expected = weights(net)
    for moment in range(7):  # weights and metrics before the first epoch and after each, and the curves
        out, count = tmp_path / str(moment), iter(range(100))

        def cut(source, target, moment=moment, count=count):
            now = next(count) == moment
            if after or not now:
                replace(source, target)
            if now:
                raise PowerCut

        initial.restore(net)
        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", cut)
            with pytest.raises(PowerCut):
                rc.train(net, data, 2, backend="numpy", out=out)
        initial.restore(net)
        rc.train(net, data, 2, backend="numpy", out=RunFiles(out, resume=True))
        assert same_bits(weights(net), expected), f"cut at write {moment}"


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    rc.train(network(sizes=(5, 300, 3)), blobs(), 1, backend="numpy", out=tmp_path)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(RecircuitError, match=r"Cannot write .*weights\.safetensors.* is intact"):
            rc.train(network(sizes=(5, 300, 3)), blobs(), 2, backend="numpy", out=RunFiles(tmp_path, resume=True))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecircuitError, match="Cannot make the folder"):
        rc.train(network(), blobs(), backend="numpy", out=tmp_path / "file" / "runs")


def test_ctrl_c_stops_at_the_last_whole_epoch(tmp_path: Path) -> None:
    whole, stopped = network(), network()
    timer = threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT))

    def begin(epoch: int, metrics: Any, net: Any) -> None:
        if epoch == 1:  # before that it is Ctrl-C while a circuit is built
            timer.start()

    with pytest.raises(KeyboardInterrupt) as pressed:
        rc.train(stopped, blobs(), 10**6, backend="numpy", out=tmp_path, callbacks=begin)
    timer.join()
    assert isinstance(pressed.value, TrainingInterrupted)
    history = pressed.value.history
    assert history.interrupted and len(history) > 0 and "interrupted" in repr(history)
    assert rc.Checkpoint.load(tmp_path / WEIGHTS).about.epoch == len(history)
    assert len((tmp_path / "metrics.csv").read_text().splitlines()) == len(history) + 1
    rc.train(whole, blobs(), len(history), backend="numpy")
    assert same_bits(weights(whole), weights(stopped))


def test_ctrl_c_between_two_epochs_leaves_a_whole_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights have changed at that time, and no row has been written about it yet."""
    whole, stopped = network(), network()
    measured, calls = training.alignment, []

    def alignment(circuit: rc.Circuit) -> Any:
        calls.append(circuit)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return measured(circuit)

    monkeypatch.setattr(training, "alignment", alignment)
    with pytest.raises(TrainingInterrupted) as pressed:
        rc.train(stopped, blobs(), 3, backend="numpy")
    history = pressed.value.history
    assert history.interrupted and len(history) == 1
    rc.train(whole, blobs(), 1, backend="numpy")
    assert same_bits(weights(whole), weights(stopped))


def test_another_ctrl_c_waits_until_the_circuit_is_as_after_the_last_whole_epoch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole, stopped = network(), network()
    restore = rc.Checkpoint.restore

    def alignment(circuit: rc.Circuit) -> Any:
        if circuit.epoch == 1:
            raise KeyboardInterrupt
        return {}

    def pressed(checkpoint: rc.Checkpoint, circuit: rc.Circuit) -> None:
        signal.raise_signal(signal.SIGINT)
        restore(checkpoint, circuit)

    monkeypatch.setattr(training, "alignment", alignment)
    monkeypatch.setattr(rc.Checkpoint, "restore", pressed)
    with pytest.raises(TrainingInterrupted) as interrupted:
        rc.train(stopped, blobs(), 3, backend="numpy")
    assert len(interrupted.value.history) == 1
    rc.train(whole, blobs(), 1, backend="numpy")
    assert same_bits(weights(whole), weights(stopped))


def test_a_program_that_ends_with_ctrl_c_leaves_the_last_whole_epoch_in_a_new_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole, stopped = network(), network()
    ended: list[Program] = []

    def alignment(circuit: rc.Circuit) -> Any:
        if circuit.epoch == 1:
            ended.append(circuit.program())
            raise KeyboardInterrupt
        return {}

    monkeypatch.setattr(training, "alignment", alignment)
    monkeypatch.setattr(NumpyProgram, "alive", property(lambda program: program not in ended))
    with pytest.raises(TrainingInterrupted) as pressed:
        rc.train(stopped, blobs(), 3, backend="numpy")
    assert len(pressed.value.history) == 1 and stopped.program() not in ended
    rc.train(whole, blobs(), 1, backend="numpy")
    assert same_bits(weights(whole), weights(stopped))


@pytest.mark.parametrize("when", ["epoch_begin", "epoch_end", "train_end"])
def test_ctrl_c_in_a_callback_that_uses_the_circuit_leaves_the_last_whole_epoch(
    when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In another program, if that of the circuit was ended in the middle of a presentation."""
    whole, stopped = network(), network()
    ended: list[Program] = []

    def use(*given: Any) -> None:
        if stopped.epoch == 2:
            stopped["x_to_h1.w"] = 0.0
            ended.append(stopped.program())
            raise KeyboardInterrupt

    monkeypatch.setattr(NumpyProgram, "alive", property(lambda program: program not in ended))
    callback = type("Uses", (), {f"on_{when}": staticmethod(use)})()
    with pytest.raises(TrainingInterrupted, match="as after epoch 2") as pressed:
        rc.train(stopped, blobs(), 3 if when == "epoch_begin" else 2, backend="numpy", callbacks=callback)
    assert len(pressed.value.history) == 2 and stopped.program() not in ended
    rc.train(whole, blobs(), 2, backend="numpy")
    assert same_bits(weights(whole), weights(stopped))


def test_a_checkpoint_with_an_epoch_that_has_no_number_is_refused(tmp_path: Path) -> None:
    net = network()
    for epoch in (float("inf"), float("nan")):
        rc.Checkpoint(net.state(), About(rows=[{"epoch": epoch}])).save(tmp_path / "odd")
        with pytest.raises(RecircuitError, match="no number of an epoch"):
            rc.Checkpoint.load(tmp_path / "odd")


def test_what_diverges_in_a_callback_leaves_the_last_whole_epoch() -> None:
    whole, bad = network(), network()

    def use(epoch: int, *_: Any) -> None:
        if epoch == 2:
            bad["x_to_h1.w"] = 0.0
            raise Diverged("Something diverged.", "h1.rate")

    with pytest.raises(rc.TrainingDiverged, match="The weights after epoch 2 are kept in the circuit"):
        rc.train(bad, blobs(), 3, backend="numpy", callbacks=use)
    rc.train(whole, blobs(), 2, backend="numpy")
    assert same_bits(weights(whole), weights(bad))


def test_what_diverges_is_named_and_the_last_good_state_kept(tmp_path: Path) -> None:
    rule = rc.Rule(
        "late", source="here", forward="dw = rate*error_post*x_pre/int(updates < 8)", parameters={"rate": 0.1}
    )
    good, bad = network(rule), network(rule)
    rc.train(good, blobs(), 1, backend="numpy")
    with pytest.raises(Diverged, match=r"epoch 2, presentation 4 of 6: .*'(h1|o)'.* after epoch 1 are kept in"):
        rc.train(bad, blobs(), 3, backend="numpy", out=tmp_path)
    assert rc.Checkpoint.load(tmp_path / WEIGHTS).about.epoch == 1
    assert same_bits(weights(good), weights(bad))


# ---- checkpoints ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """Return a folder with a run of one epoch."""
    out = tmp_path_factory.mktemp("run")
    rc.train(network(), blobs(), 1, backend="numpy", out=out)
    return out


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sizes": (5, 7, 3)}, "another network: population h1 there is '4 units"),
        ({"sizes": (5, 4, 4, 3)}, "another network: .*h1"),
        ({"rule": rc.urfb.with_parameters(rate=0.5)}, r"rate = 1\.0"),
        ({"batch_size": 5}, "another network: batch_size there is '10', here '5'"),
        ({"loss": "softmax"}, "another network"),
        ({"precision": "float32"}, "precision"),
    ],
)
def test_the_checkpoint_of_another_network_is_refused(run: Path, changes: dict, message: str) -> None:
    with pytest.raises(RecircuitError, match=message):
        rc.train(network(**changes), blobs(), 2, backend="numpy", out=RunFiles(run, resume=True))


def test_the_checkpoint_of_another_data_set_or_seed_is_refused(run: Path) -> None:
    with pytest.raises(RecircuitError, match="trained on other data"):
        rc.train(network(), blobs(seed=5), 2, backend="numpy", out=RunFiles(run, resume=True))
    with pytest.raises(RecircuitError, match="seed 1, and this run has 2"):
        rc.train(network(seed=2), blobs(), 2, backend="numpy", out=RunFiles(run, resume=True))


def test_weights_fit_by_name_and_shape_or_not_at_all(run: Path) -> None:
    saved = rc.Checkpoint.load(run / WEIGHTS)
    other = network(sizes=(5, 7, 3))
    before = weights(other)
    with pytest.raises(
        RecircuitError, match=r"'x_to_h1\.w' has the shape \(4, 5\) and the type float64 there, but \(7, 5\)"
    ):
        saved.restore(other, weights_only=True)
    assert same_bits(before, weights(other))
    with pytest.raises(RecircuitError, match=r"'x_to_o\.w' is in the circuit, but not in the checkpoint"):
        saved.restore(network(sizes=(5, 3)), weights_only=True)
    one_column = network(batch_size=1)
    saved.restore(one_column, weights_only=True)
    np.testing.assert_array_equal(one_column["x_to_h1.w"], saved.state["x_to_h1.w"])


def test_a_damaged_checkpoint_is_refused_and_nothing_is_executed(run: Path, tmp_path: Path) -> None:
    content, path = (run / WEIGHTS).read_bytes(), tmp_path / WEIGHTS
    trap = b"cos\nsystem\n(S'touch " + str(tmp_path / "executed").encode() + b"'\ntR."
    for damaged in (b"", b"short", content[:100], content[:-1], content + b"x", trap, os.urandom(1000)):
        path.write_bytes(damaged)
        with pytest.raises(RecircuitError, match="damaged"):
            rc.Checkpoint.load(path)
    assert not (tmp_path / "executed").exists()
    with pytest.raises(RecircuitError, match="Cannot read"):
        rc.Checkpoint.load(tmp_path / "nowhere")


def test_what_a_checkpoint_says_of_itself_is_checked(run: Path, tmp_path: Path) -> None:
    from safetensors.numpy import save

    path, w = tmp_path / WEIGHTS, {"x_to_h1.w": np.zeros((4, 5))}
    for content, message in (
        (save(w), "not a checkpoint of recircuit"),
        (save(w, metadata={"recircuit": "{"}), "cannot be read"),
        *(
            (save(w, metadata={"recircuit": f'{{"format": {n}}}'}), f"in format {n} of .* reads format 3 only")
            for n in (1, 2, 4)
        ),
        (save(w, metadata={"recircuit": '{"epoch": "__import__"}'}), "cannot be read"),
        (save({"x_to_h1.w": np.full((4, 5), np.nan)}, metadata={"recircuit": "{}"}), "NaN or infinity"),
    ):
        path.write_bytes(content)
        with pytest.raises(RecircuitError, match=message):
            rc.Checkpoint.load(path)


# ---- what is trained -----------------------------------------------------------------------------------------------


def test_any_circuit_with_a_stimulus_and_a_supervisor_trains() -> None:
    net = rc.Circuit(batch_size=BATCH_SIZE, dt=1 * ms)
    x = net.stimulus("x", 5)
    h = net.population("h", 8, rc.pyramidal(transfer="clip(basal, -1, 1)", tau=1 * ms))
    o = net.population("o", 3, rc.HingeOutput(M=100, S=1, mu=0.1, epsilon=0.1))
    net.connect(x, h, into="basal", rule=rc.urfb.forward)
    net.connect(h, o, into="basal", rule=rc.urfb.forward)
    net.connect(o, h, into="apical", rule=rc.urfb.feedback)
    net.phases("feedforward", 2 * ms, "error", 4 * ms, "feedback", 1 * ms, "plasticity", 1 * ms)
    history = rc.train(net, blobs(), epochs=3, backend="numpy")
    assert history.test_error < 0.3 and "h_angle" in history.names
    assert Readout.of(net).output is o and Readout.of(net, "h").output is h
    with pytest.raises(RecircuitError, match="no population 'y'"):
        rc.train(net, blobs(), output="y")


@pytest.mark.parametrize(
    ("rate", "backend"),
    [("v", "numpy"), ("tanh(gain*v)", "numpy"), pytest.param("tanh(gain*v)", "cpp", marks=pytest.mark.cpp)],
)
def test_an_output_may_answer_by_an_expression(rate: str, backend: str) -> None:
    """A rate that is another name for a state, or computed from one, is read as it would be were it stored."""
    found, gain = {}, {"gain": 2} if "gain" in rate else {}
    for stored in ("", " (stored)"):
        net = rc.Circuit(batch_size=4, seed=3)
        x = net.stimulus("x", 5)
        model = f"drive : 1 (compartment)\ndv/dt = (drive - v)/tau : 1\nrate = {rate} : 1{stored}\n"
        o = net.population(
            "o", 3, rc.Neuron(model + "error = teacher - rate : 1\nteacher : 1 (compartment)", tau=1 * ms, **gain)
        )
        s = net.supervisor("s", 3, during="taught")
        net.connect(x, o, into="drive", rule=rc.urfb.with_parameters(rate=0.1))
        net.connect(s, o, into="teacher", weights=1.0, connectivity=rc.OneToOne(), during="taught")
        net.phases("shown", 4 * ms, "taught", 2 * ms, "plasticity", 1 * ms, evaluation="shown")
        found[stored] = rc.train(net, blobs(), epochs=2, backend=backend, progress=False)["test_error"]
    assert np.array_equal(*found.values())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sizes": (4, 3)}, "'x' has 4 units, but 'blobs' has 5 features: the first layer needs 5"),
        ({"sizes": (5, 4)}, "'s' has 4 units, but 'blobs' has 3 classes: the last layer needs 3"),
        ({"batch_size": 58}, "58 samples at a time, but 'blobs' has only 57"),
        ({"epochs": 0}, "epochs: expected a whole number, at least 1 and below 2\\^31; got 0"),
        ({"epochs": 1.5}, "epochs"),
        ({"backend": "gpu"}, "there is no backend 'gpu'. There are numpy, .*cpp.* auto"),
        ({"out": RunFiles(None, resume=True)}, "resume: say from which folder"),
    ],
)
def test_what_cannot_be_trained_is_refused(change: dict, message: str) -> None:
    made = {k: change[k] for k in ("sizes", "batch_size") if k in change}
    options = {"backend": "numpy"} | {k: v for k, v in change.items() if k not in made}
    with pytest.raises(UsageError, match=message):
        rc.train(network(**made), blobs(), **options)


def test_a_circuit_without_a_stimulus_or_an_output_is_refused() -> None:
    net = rc.Circuit()
    net.population("h", 3, rc.pyramidal())
    net.phases("feedforward", 1 * ms)
    with pytest.raises(UsageError, match="no stimulus"):
        rc.train(net, blobs())
    net.stimulus("x", 5)
    for name in ("s", "r"):
        p = net.population(name + "o", 3, rc.Neuron("taught : 1 (compartment)\nrate = taught : 1"))
        net.connect(net.supervisor(name, 3), p, into="taught", weights=1.0, connectivity=rc.OneToOne())
    with pytest.raises(RecircuitError, match="expected one output.*found"):
        rc.train(net, blobs(), backend="numpy")


def test_a_circuit_that_nothing_supervises_trains_and_no_error_is_invented() -> None:
    net, x = rc.Circuit(batch_size=5), blobs().x_train
    shown, h = net.stimulus("x", 5), net.population("h", 2, rc.pyramidal(transfer="linear"))
    oja = rc.Rule("oja", source="Oja 1982", forward="dw = .01*x_post*(x_pre - x_post*w)")
    net.connect(shown, h, rule=oja.forward, weights=rc.normal())
    net.phases("feedforward", 1 * ms, "plasticity", 1 * ms)
    first = net["x_to_h.w"]
    for data in (blobs(), x, {"x": x}):
        history = rc.train(net, data, 2, backend="numpy")
        assert history.names == ["epoch", "seconds", "presentations_per_second"] and np.isnan(history.test_error)
    assert not np.array_equal(net["x_to_h.w"], first) and len(history.plot().axes) == 1


def test_auto_says_what_it_takes_and_why() -> None:
    assert choose(network(), "auto", 100)[0] == "numpy"
    name, why = choose(network(), "auto", 10**9)
    assert (name == "cpp" and "compiler is there" in why) or (name == "numpy" and why)
    assert choose(network(), "numpy", 1) == ("numpy", "asked for")


# ---- layered networks ----------------------------------------------------------------------------------------------


def test_phases_follow_from_depth_and_time_constants() -> None:
    def windows(**options) -> dict:
        schedule = network(**options).schedule
        return dict(schedule.windows) if schedule else {}

    assert windows(sizes=(5, 4, 3))["feedforward"] == (0, 2)
    assert windows(sizes=(5, 4, 4, 4, 3))["feedback"] == (8, 11)
    assert "feedback" not in windows(sizes=(5, 3))
    assert windows(tau=10 * ms, settling=5)["feedforward"] == (0, 100)


def test_settling_rates_come_to_the_answer_of_step_by_step_mode() -> None:
    data = blobs()
    steps, settled = network(sizes=(5, 4, 4, 3)), network(sizes=(5, 4, 4, 3), tau=4 * ms, settling=8)
    settled.set_state(weights(steps))
    x = {"x": data.x_test, "s": data.y_test}
    kept = [n.run(x, 2, learn=False, record="h2.rate")["h2.rate"] for n in (steps, settled)]
    np.testing.assert_allclose(kept[1][-1], kept[0][-1], rtol=1e-2, atol=1e-3)


def test_masks_are_drawn_for_each_projection_by_itself() -> None:
    net = network(sizes=(5, 40, 3), connectivity=0.5)
    w, r = net["h1_to_o.w"] != 0, net["o_to_h1.w"].T != 0
    assert 0.3 < w.mean() < 0.7 and 0.3 < (w == r).mean() < 0.7
    rc.train(net, blobs(), 1, backend="numpy")
    np.testing.assert_array_equal(net["h1_to_o.w"] != 0, w)
    full = network(sizes=(5, 40, 3), connectivity=0.5, output_connectivity=1.0)
    assert (full["h1_to_o.w"] != 0).all() and not (full["x_to_h1.w"] != 0).all()


def test_the_field_dependent_rule_trains_the_top_layer_alone() -> None:
    net = network("hinge")
    first, top = net["x_to_h1.w"], net["h1_to_o.w"]
    assert unlearned(net) == ["h1"] and unlearned(network()) == []
    rc.train(net, blobs(), 1, backend="numpy")
    assert np.array_equal(net["x_to_h1.w"], first) and not np.array_equal(net["h1_to_o.w"], top)


@pytest.mark.parametrize(
    ("sizes", "options", "message"),
    [
        ((5,), {}, "two sizes or more"),
        ((5, 0, 3), {}, "at least 1; got 0"),
        ((5, -2, 3), {}, "at least 1; got -2"),
        ((5, 2.5, 3), {}, "whole number"),
        (
            (5, 3),
            {"loss": "hing"},
            "loss: there is no loss 'hing'. Did you mean `hinge`. There are hinge, softmax, logistic, mse.",
        ),
        ((5, 4, 3), {"rule": "hinge", "loss": "mse"}, "gradient of the hinge loss"),
        ((5, 4, 3), {"rule": "urbf"}, "Did you mean `urfb`"),
        ((5, 4, 3), {"transfer": "tahn"}, "tahn"),
        ((5, 4, 3), {"connectivity": 0}, "probability"),
    ],
)
def test_what_makes_no_network_is_refused(sizes: tuple, options: dict, message: str) -> None:
    with pytest.raises(RecircuitError, match=message):
        network(options.pop("rule", "urfb"), sizes, **options)


# ---- measures ------------------------------------------------------------------------------------------------------


def test_measures_of_alignment() -> None:
    w = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, -6.0]])  # (upper, lower)
    assert metrics.angle(w.T, w) == pytest.approx(0, abs=1e-5)
    assert metrics.angle(-2 * w.T, w) == pytest.approx(180)
    assert metrics.angle([[1, 0]], [[0], [1]]) == pytest.approx(90)
    assert metrics.relative_distance(3 * w.T, w) == pytest.approx(2)
    assert metrics.sign_agreement(w.T * [1, 1, -1], w) == pytest.approx(4 / 6)
    assert metrics.sign_agreement([[1, 0, -1]], [[1], [5], [1]]) == pytest.approx(0.5)
    for measure in (metrics.angle, metrics.relative_distance, metrics.sign_agreement):
        assert np.isnan(measure(0 * w.T, 0 * w))
        with pytest.raises(RecircuitError, match=r"shape \(3, 2\)"):
            measure(w, w)


def test_the_transpose_is_aligned_and_layers_have_their_names() -> None:
    assert metrics.alignment(network("bp"))["h1"] == metrics.Alignment(0.0, 0.0, 1.0)
    assert list(metrics.feedback_pairs(network(sizes=(5, 4, 4, 3)))) == ["h1", "h2"]


def test_a_history_reads_as_columns() -> None:
    history = rc.train(network(), blobs(), 2, backend="numpy")
    assert history.csv().splitlines()[0] == (
        "epoch,seconds,train_error,test_error,h1_angle,h1_distance,h1_signs,beyond,presentations_per_second"
    )
    assert history["epoch"].tolist() == [1, 2] and "2 epochs" in repr(history)
    assert len(history.plot().axes) == 2
    with pytest.raises(RecircuitError, match="there is no column 'loss'"):
        history["loss"]

"""Node perturbation in networks for images (Lansdell, Prakash and Kording 2020, sections 2 and 4.3, C.4)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from networks import image_options
from numpy.typing import NDArray
from reference.images import convolve, gradient, same
from scipy.special import log_softmax, softmax
from typer.testing import CliRunner

import recircuit as rc
from recircuit.circuits.inputs import as_inputs
from recircuit.cli import main
from recircuit.cli.application import app
from recircuit.models.networks.convolutional import image_network
from recircuit.plasticity import find
from recircuit.testing import EXACT, distance, form_differences

Array = NDArray[np.floating]
LINE = "conv 3 3x3; maxpool 3; full 5; drop .5; output"
IMAGE, CLASSES, C, RATE, FEEDBACK_RATE = (2, 6, 6), 3, 0.1, 0.1, 0.2
NP = find("node_perturbation").with_parameters(rate=RATE, feedback_rate=FEEDBACK_RATE)


def network(line: str = LINE, rule: rc.Rule = NP, **options: Any) -> rc.Circuit:
    usual = dict(precision="float64", loss="softmax", transfer="tanh", direct="pools", noise=C)
    return image_network(line, IMAGE, CLASSES, rule, **image_options(usual | options))


def stimuli(count: int = 12) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    return {"x": rng.normal(size=(count, 72)), "s": rng.integers(0, CLASSES, count)}


def pooled(x: Array, kernel: int = 3) -> tuple[Array, NDArray[np.intp]]:
    """Return the largest of each window, every second place, and where in the image below it is, (B, C, H', W')."""
    (top, bottom), (left, right) = (same(n, kernel, 2) for n in x.shape[2:])
    padded = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=-np.inf)
    where = np.pad(np.arange(x[0, 0].size).reshape(x.shape[2:]), ((top, bottom), (left, right)), constant_values=-1)
    seen = np.lib.stride_tricks.sliding_window_view(padded, (kernel, kernel), axis=(2, 3))[:, :, ::2, ::2]
    places = np.lib.stride_tricks.sliding_window_view(where, (kernel, kernel))[::2, ::2].reshape(*seen.shape[2:4], -1)
    flat = seen.reshape(*seen.shape[:4], -1)
    first = flat.argmax(axis=-1)
    return flat.max(axis=-1), np.take_along_axis(np.broadcast_to(places, flat.shape), first[..., None], -1)[..., 0]


def handed_down(errors: Array, argmaxes: NDArray[np.intp], shape: tuple[int, ...]) -> Array:
    """Return the errors below a pool: each winner receives what the pool does, and other units nothing."""
    below = np.zeros((*shape[:2], shape[2] * shape[3]))
    for b, c, y, x in np.ndindex(errors.shape):
        below[b, c, argmaxes[b, c, y, x]] += errors[b, c, y, x]
    return below.reshape(shape)


def losses(fields: Array, labels: Array) -> Array:
    return -log_softmax(fields, axis=1)[np.arange(len(labels)), labels]


def above(pool: Array, noise: Array, kept: Array, upper: Array, top: Array) -> tuple[Array, Array, Array]:
    """Return what the pools send, the full layer before dropout and noise, and the fields of the output."""
    full = np.tanh(pool @ upper.T)
    return pool, full, (kept * full + noise) @ top.T


@pytest.mark.parametrize("batch_size", [1, 4])
def test_node_perturbation_equals_numpy(batch_size: int) -> None:
    net, data = network(batch_size=batch_size), stimuli()
    w = {k: v.copy() for k, v in net.state(weights_only=True).items() if k.endswith(".w")}
    program, inputs = net.program(), as_inputs(net, data)
    inputs.load(program)
    keys = ["pool1.noise", "full1.noise", "full1.kept", "compare.rate"]
    assert net.schedule is not None
    order = np.arange(12).reshape(-1, batch_size)
    seen = program.run(
        net.timetable("train"), order.astype(np.int32), collect=dict.fromkeys(keys, net.schedule.steps - 1)
    ).collected
    assert set(np.unique(seen["full1.kept"])) == {0, 2} and abs(seen["pool1.noise"].std() / C - 1) < 0.2
    for k, rows in enumerate(order):
        x, labels = data["x"][rows].reshape(-1, *IMAGE), data["s"][rows]
        jolt, late, kept, fed_back = (seen[key][k] for key in keys)
        rates = np.tanh(convolve(x, w["x_to_conv1.w"].reshape(3, 2, 3, 3)))
        largest, argmaxes = pooled(rates)
        calm, (upper, top) = largest.reshape(batch_size, -1), (w["pool1_to_full1.w"], w["full1_to_o.w"])
        pool, full, fields = above(calm, 0 * late, kept, upper, top)
        raised = losses(above(calm + jolt, late, kept, upper, top)[2], labels) - losses(fields, labels)
        np.testing.assert_allclose(fed_back[:, 0], raised, atol=1e-12)
        error = np.eye(CLASSES)[labels] - softmax(fields, axis=1)
        fed = {name: error @ w[f"o_to_{name}.w"].T for name in ("pool1", "full1")}
        conv_error = handed_down(fed["pool1"].reshape(largest.shape), argmaxes, rates.shape) * (1 - rates**2)
        full_error = kept * fed["full1"] * (1 - full**2)
        w["x_to_conv1.w"] = w["x_to_conv1.w"] + RATE * gradient(conv_error, x, 3).reshape(3, 2, 9)
        w["pool1_to_full1.w"] = w["pool1_to_full1.w"] + RATE * full_error.T @ pool / batch_size
        w["full1_to_o.w"] = w["full1_to_o.w"] + RATE * error.T @ (kept * full) / batch_size
        for name, noise in (("pool1", jolt), ("full1", late)):
            missed = -raised[:, None] * noise / C**2 - fed[name]
            w[f"o_to_{name}.w"] = w[f"o_to_{name}.w"] + FEEDBACK_RATE * missed.T @ error / batch_size
    assert max(distance(net[key], value) for key, value in w.items()) < EXACT and len(w) >= 5


@pytest.mark.parametrize(
    "options",
    [{}, dict(direct=False, tied=False, loss="mse"), pytest.param(dict(direct=True), marks=pytest.mark.slow)],
    ids=["pools", "layers", "direct"],
)
def test_dense_is_plain(options: dict[str, Any]) -> None:
    line = "conv 3 3x3; maxpool 3; conv 2 2x2; maxpool 2; full 5; output"
    differences = form_differences(lambda **o: network(line, **options, **o), stimuli(5))
    assert len(differences) > 30 and {k: v for k, v in differences.items() if not v < EXACT} == {}


def test_noise_is_where_feedback_comes_and_controls_begin_with_the_same_weights() -> None:
    line = "conv 3 3x3; conv 3 3x3; SUM; maxpool 2; full 5; output"
    places = {
        "pools": {"conv1", "pool1", "full1"},
        False: {"conv1", "pool1", "full1"},
        True: {"conv1", "conv2", "full1"},
    }
    for direct, wanted in places.items():
        net = network(line, direct=direct)
        assert {n for n, p in net.populations.items() if "noise" in p.variables()} == wanted
        fed_back = {p.post.name for p in net.projections.values() if p.into == "apical" and p.plastic}
        assert fed_back == wanted
    noisy, fixed = network(), network(rule=rc.frfb)
    start = fixed.state(weights_only=True)
    assert all(np.array_equal(noisy[k], v) for k, v in start.items() if k.endswith(".w")) and len(start) > 5


def test_an_evaluation_has_neither_noise_nor_dropout() -> None:
    net, calm = network(batch_size=2), network(rule=rc.frfb, batch_size=2)
    for circuit in (net, calm):
        circuit.run(stimuli(4), learn=False)
    assert distance(net["full1.rate"], calm["full1.rate"]) < EXACT


def test_train_by_name(tmp_path: Any, capsys: Any) -> None:
    options = ["train", "digits", "--rule", "node_perturbation", "--model", "conv 4 3x3; maxpool 2; full 20; output"]
    options += ["--out", str(tmp_path / "run"), "--backend", "numpy"]
    result = CliRunner().invoke(app, [*options, "--loss", "softmax", "--epochs", "1", "--rate", ".3"])
    assert result.exit_code == 0, result.output
    assert float((tmp_path / "run" / "metrics.csv").read_text().splitlines()[1].split(",")[3]) < 0.5
    with pytest.raises(SystemExit) as left:
        main([*options, "--out", str(tmp_path / "other")])
    assert left.value.code == 2 and "the output circuit of 'hinge' does not compute" in capsys.readouterr().err


@pytest.mark.cpp
@pytest.mark.slow
def test_numpy_equals_cpp() -> None:
    """The networks have noise, dropout, ADAM and limits of the weights, in single precision."""
    rule, states = NP.with_adam(epsilon=0.1), []
    for backend in ("numpy", "cpp"):
        net = network(rule=rule, batch_size=4, precision="float32", clipped=1.5)
        net.run(stimuli(24), backend=backend)
        states.append(net.state(weights_only=True))
        net.close()
    assert max(distance(states[0][k], states[1][k]) for k in states[0]) < 1e-4

"""The Lansdell experiments, quick: their checks hold, and what they measure is what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from quick_runs import quick_run
from reference.lansdell import Network
from scipy.stats import sem

from recircuit.circuits.inputs import as_inputs, dataset_inputs
from recircuit.models.data import Dataset
from recircuit.models.experiments import EXPERIMENTS, Settings, reproduce, settings_for
from recircuit.models.experiments.framework.figure_style import mean_and_error
from recircuit.models.experiments.lansdell2020 import autoencoder as lansdell_autoencoder
from recircuit.models.experiments.lansdell2020 import cnn as lansdell_cnn
from recircuit.models.experiments.lansdell2020 import estimate_noise as lansdell_noise
from recircuit.models.experiments.lansdell2020 import estimator as lansdell_estimator
from recircuit.models.experiments.lansdell2020 import feedback_signals as lansdell
from recircuit.models.networks.node_perturbation import node_perturbation

LANSDELL = [name for name in EXPERIMENTS if name.startswith("lansdell-")]


@pytest.mark.parametrize("name", LANSDELL)
def test_quick_run_holds_all_its_checks(name: str, tmp_path: Path) -> None:
    quick_run(name, tmp_path)


def test_the_cnn_learns_both_sets_where_both_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def small_data(_: Settings, name: str) -> Dataset:
        rng, classes = np.random.default_rng(0), {"cifar10": 10, "cifar100": 100}[name]
        x, y = rng.integers(0, 256, (60, 3, 8, 8), dtype=np.uint8), rng.integers(0, classes, 60)
        return Dataset.from_arrays(name, x[:40], y[:40], x[40:], y[40:], classes=classes)

    line = "conv 2 3x3; maxpool 3; full 6; drop .5; output"
    monkeypatch.setattr(Settings, "dataset", small_data)
    monkeypatch.setattr(lansdell_cnn, "FULL", lansdell_cnn.FULL.with_(model=line, batch_size=20))
    experiment = lansdell_cnn.EXPERIMENT
    settings = settings_for(experiment, epochs=2, seeds=1, data=tmp_path)
    only = reproduce(experiment, settings, tmp_path / "one")
    assert [row["what"].split(",")[0] for row in only["checks"]] == ["cifar10"] * 5
    (tmp_path / "cifar-100-binary").mkdir()
    both = reproduce(experiment, settings, tmp_path / "one")
    assert [row["what"].split(",")[0] for row in both["checks"]] == ["cifar10"] * 5 + ["cifar100"] * 4
    names = {f"{method}{on}-0" for method in ("BP", "node_perturbation", "DFA") for on in ("", "_cifar100")}
    kept = list((tmp_path / "one" / "runs").iterdir())
    assert {p.name for p in kept if p.is_dir()} == names
    assert {p.name for p in kept if p.is_file()} == {f"{name}.json" for name in names}


def test_signals_are_what_comes_back_and_the_gradient() -> None:
    """The signals of a circuit that is running are compared with the reference."""
    rng = np.random.default_rng(0)
    data = {"x": rng.normal(size=(12, 6)), "s": rng.integers(0, 3, 12)}
    net = node_perturbation((6, 5, 4, 3), batch_size=4, precision="float64")
    before = net.state(weights_only=True)
    rows = np.arange(12).reshape(3, 4)
    found = lansdell.signals(net, as_inputs(net, data), rows, {"h1": "logistic", "h2": "logistic"})
    assert all(np.array_equal(net[k], v) for k, v in before.items()), "nothing learns"
    W = [net[k] for k in ("x_to_h1.w", "h1_to_h2.w", "h2_to_o.w")]
    b = [net[f"one_to_{k}.w"][:, 0] for k in ("h1", "h2", "o")]
    reference = Network(W, b, ["logistic", "logistic", "linear"], [net["h2_to_h1.w"], net["o_to_h2.w"]])
    target = np.eye(3)[data["s"]]
    wanted = zip(reference.errors(data["x"], target)[1], reference.gradients(data["x"], target))
    for h, (fed, true) in zip(("h1", "h2"), wanted):
        np.testing.assert_allclose(found[h][0], fed, atol=1e-12)
        np.testing.assert_allclose(found[h][1], true, atol=1e-12)


def test_the_bias_is_that_of_all_draws_with_smaller_error_bars() -> None:
    """Two parts of the estimate, whose share in its mean is known, are taken off the draws: the mean is the same."""
    noise, (c,) = "skewed", (0.2,)
    (value,), (bar,) = lansdell_noise.biases(noise, (c,), 20_000, "numpy")
    ((fall, xi, gradient),) = lansdell_noise.drawn(
        lansdell_noise.SIZES, lansdell_noise.NOISES[noise][0], (c,), 200_000, "numpy"
    )
    estimates = fall[:, None] * xi
    size = np.linalg.norm(gradient)
    plain = np.linalg.norm(estimates.mean(axis=0) - gradient) / size
    plain_bar = np.sqrt(estimates.var(axis=0).sum() / len(estimates)) / size
    assert abs(value - plain) < 4 * plain_bar < value and bar < plain_bar / 20


def test_all_autoencoders_begin_with_the_same_weights_and_their_loss_is_without_noise() -> None:
    scale = lansdell_autoencoder.Scale(Settings().dataset("digits"), 7, 1)
    nets = [lansdell_autoencoder.build(scale, method, 2) for method in lansdell_autoencoder.METHODS.values()]
    for name in ("x_to_h1.w", "h1_to_h2.w", "h2_to_h3.w", "h3_to_o.w", "one_to_h3.w"):
        first, *others = [net[name] for net in nets]
        assert all(np.array_equal(first, other) for other in others)
    read_values, inputs = lansdell_autoencoder.read_values, dataset_inputs
    losses = [read_values(net, inputs(net, scale.data, "test"), "loss.rate", 50) for net in nets]
    assert all(np.allclose(loss, losses[0]) for loss in losses)
    shown = read_values(nets[0], inputs(nets[0], scale.data, "test"), "o.rate", 50)
    samples = scale.data.x_test[:50] * scale.data.scale + scale.data.offset
    np.testing.assert_allclose(losses[0][:, 0], 0.5 * np.sum((shown - samples) ** 2, axis=1), rtol=1e-4)


def test_silent_outputs_are_those_that_never_fire() -> None:
    samples = np.array([[0.9, 0.9, 0.1], [0.0, 0.9, 0.9]])
    shown = np.array([[0.0, 0.0, 0.0], [0.0, 0.2, 0.0]])
    assert lansdell_autoencoder.silent(shown, samples) == 0.5  # the first and the third output; two of four pixels


def test_all_networks_of_the_estimator_begin_at_the_seeds_that_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    curve = {f"{h}_{what}": [0.5] * 4 for h in ("h1", "h2") for what in ("distance", "signs")}
    curve |= {"samples": [1, 2, 4, 8], "h1_angle": 1.0, "h2_angle": 1.0}
    seeds: list[int] = []

    def noted(*given: Any) -> dict[str, Any]:
        seeds.append(given[-2])
        return curve

    for name in ("on_images", "on_linear"):
        monkeypatch.setattr(lansdell_estimator, name, noted)
    monkeypatch.setattr(lansdell_estimator, "biases", lambda *_: ([1e-3] * 4, [1e-5] * 4))
    monkeypatch.setattr(lansdell_estimator, "variance", lambda units, *_: (units + 1.0, 1.0))
    monkeypatch.setattr(lansdell_estimator, "draw", lambda *_: Figure())
    lansdell_estimator.run(settings_for(lansdell_estimator.EXPERIMENT, quick=True, first_seed=7))
    assert len(seeds) > 5 and set(seeds) == {7}


def test_a_band_is_the_standard_error_of_the_mean() -> None:
    runs = np.random.default_rng(0).normal(size=(5, 3))
    mean, bar = mean_and_error(runs)
    np.testing.assert_allclose(mean, runs.mean(axis=0))
    np.testing.assert_allclose(bar, sem(runs, axis=0))
    assert np.array_equal(mean_and_error(runs[:1])[1], np.zeros(3))

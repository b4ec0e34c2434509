"""Images in training: what augmentation does to them, what filters look like, and long runs that are stopped."""

from __future__ import annotations

import importlib
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from networks import image_options
from quick_runs import quick_run

import recircuit as rc
from recircuit.models.analysis.filters import draw_tiles, filters_of, likeness, same_filter
from recircuit.models.data import Dataset, cifar, load, load_cifar100
from recircuit.models.data.augment import Augmentation, Augmented
from recircuit.models.experiments import EXPERIMENTS, Settings, reproduce, settings_for
from recircuit.models.experiments.amit2019 import simpnet
from recircuit.models.experiments.amit2019.image_methods import LATE
from recircuit.models.experiments.framework.image_training import Method, Protocol, learn
from recircuit.models.networks.convolutional import image_network

SHAPE = (3, 10, 8)


def pictures(count: int = 6, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, int(np.prod(SHAPE))), dtype=np.uint8)


# --- augmentation -----------------------------------------------------------------------------------------------------


def test_shifts_move_by_whole_pixels_and_repeat_the_border() -> None:
    x = pictures(200)
    moved = Augmentation(shift=0.1).apply(x, SHAPE, 0, 1).reshape(-1, *SHAPE)
    images, seen = x.reshape(-1, *SHAPE), set()
    for image, got in zip(images, moved):
        padded = np.pad(image, ((0, 0), (1, 1), (1, 1)), mode="edge")
        at = [(i, j) for i in range(3) for j in range(3) if np.array_equal(padded[:, i : i + 10, j : j + 8], got)]
        assert at
        seen.add(at[0])
    assert len(seen) == 9  # a tenth of 10 and of 8 pixels is one, either way


def test_flips_mirror_about_half() -> None:
    x = pictures(300)
    got = Augmentation(flip=0.5).apply(x, SHAPE, 0, 1).reshape(-1, *SHAPE)
    images = x.reshape(-1, *SHAPE)
    flipped = [np.array_equal(g, i[:, :, ::-1]) for g, i in zip(got, images)]
    assert all(f or np.array_equal(g, i) for f, g, i in zip(flipped, got, images)) and 0.4 < np.mean(flipped) < 0.6


def test_elastic_distortion_reads_between_pixels() -> None:
    ramp = np.tile(np.arange(8.0, dtype=np.float32), (1, 10, 1)) + np.zeros((20, 1, 1), np.float32)
    got = Augmentation(elastic=(20, 2)).apply(ramp.reshape(20, -1), (10, 8), 0, 1).reshape(20, 10, 8)
    moved = got - ramp  # of a ramp, what is read is where it is read
    assert 0.1 < np.abs(moved).max() < 8 and got.min() >= 0 and got.max() <= 7
    assert np.abs(np.diff(moved, axis=1)).max() < np.abs(moved).max()  # smooth
    assert np.array_equal(Augmentation().apply(ramp.reshape(20, -1), (10, 8), 0, 1), ramp.reshape(20, -1))


def test_an_epochs_images_depend_on_seed_and_number_alone_and_the_next_are_made_ahead() -> None:
    x, how = pictures(), Augmentation.of("shift .2, flip .5, elastic 3 1")
    assert str(how) == "shift 0.2, flip 0.5, elastic 3 1" and Augmentation.of(str(how)) == how
    data = Dataset.from_arrays("p", x.reshape(-1, *SHAPE), np.zeros(6, int), x.reshape(-1, *SHAPE), np.zeros(6, int))
    with Augmented(data, how, 5, epochs=2) as ahead:
        first, second = ahead.epoch(1), ahead.epoch(2)
    with Augmented(data, how, 5, epochs=2) as images:
        again = images.epoch(2)
    assert np.array_equal(second, again) and not np.array_equal(first, second)
    assert np.array_equal(first, how.apply(x, SHAPE, 5, 1)) and first.dtype == np.uint8
    assert threading.active_count() < 20


@pytest.mark.parametrize("text", ["shift", "shift 2", "turn 3", "flip 1.5", "elastic 3 0", "elastic 3"])
def test_augmentations_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(rc.RecircuitError, match="augment: "):
        Augmentation.of(text)


def test_samples_that_are_no_images_are_refused() -> None:
    with pytest.raises(rc.RecircuitError, match=r"expected images.*got samples of the shape \(5,\)"):
        Augmentation(flip=0.5).apply(np.zeros((2, 5), np.uint8), (5,), 0, 1)


# --- pictures ---------------------------------------------------------------------------------------------------------


def network(**options: Any) -> rc.Circuit:
    return image_network("conv 5 3x3; maxpool 2; output", (3, 8, 8), 3, precision="float64", **image_options(options))


def test_likeness_is_the_mean_correlation_of_pairs() -> None:
    net = network(tied=False)
    p = net.projections["x_to_conv1"]
    flat = filters_of(p).reshape(8, 8, 5, 27)[1:7, 1:7].reshape(36, 5, 27)
    pairs = [np.corrcoef(flat[a, m], flat[b, m])[0, 1] for m in range(5) for a in range(36) for b in range(a)]
    assert likeness(p) == pytest.approx(np.mean(pairs)) and abs(likeness(p)) < 0.1
    net["x_to_conv1.w"] = filters_of(p)[27].reshape(1, 5, 3, 9)
    assert likeness(p) == pytest.approx(1)
    assert likeness(network().projections["x_to_conv1"]) == 1


def test_the_same_filter_is_drawn_at_several_places() -> None:
    """Of 5 maps the first 4 are drawn, a row for each: one tile if the filter is shared, else one for each of 4 places."""
    for tied, places in ((True, 1), (False, 4)):
        p = network(tied=tied).projections["x_to_conv1"]
        rows = same_filter(p)
        assert [row.shape for row in rows] == [(places, 3, 3, 3)] * 4
        everywhere = filters_of(p)
        assert all(any(np.array_equal(tile, f[m]) for f in everywhere) for m, row in enumerate(rows) for tile in row)
        figure = Figure()
        draw_tiles(figure, rows, "filters")
        assert len(figure.axes) == 4 * places
    with pytest.raises(rc.RecircuitError, match="conv1_to_pool1 is no projection from image to image"):
        filters_of(network().projections["conv1_to_pool1"])


# --- long runs --------------------------------------------------------------------------------------------------------

PROTOCOL = Protocol("conv 4 3x3; maxpool 2; drop .2; full 10; output", "digits", 3, 50, 0.3, "shift .1")
METHODS = {"tied": Method(), "untied": Method("frfb", tied=False, momentum=0.5)}


def test_a_run_that_was_stopped_goes_on_and_ends_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def settings(folder: str, epochs: int = 3) -> Any:
        from dataclasses import replace

        made = settings_for(EXPERIMENTS["amit-simpnet"], epochs=epochs, seeds=1)
        return replace(made, out=tmp_path / folder)

    data = load("digits")
    small_data = Dataset(
        "few", data.x_train[:200], data.y_train[:200], data.x_test[:60], data.y_test[:60], 10, data.shape, data.scale
    )
    monkeypatch.setattr("recircuit.models.experiments.framework.experiment.Settings.dataset", lambda *_: small_data)
    whole = learn(METHODS, settings("whole"), PROTOCOL, PROTOCOL)
    calls = []

    def stopped(*arguments: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return usual(*arguments, **options)

    from recircuit.circuits.backends.numpy import NumpyProgram

    usual = NumpyProgram.run
    monkeypatch.setattr(NumpyProgram, "run", stopped)
    with pytest.raises(KeyboardInterrupt):
        learn(METHODS, settings("parts"), PROTOCOL, PROTOCOL)
    assert learn(METHODS, settings("parts"), PROTOCOL, PROTOCOL) == whole
    assert {name: len(runs[0]["test"]) for name, runs in whole.items()} == {"tied": 3, "untied": 3}
    shorter = learn(METHODS, settings("whole", 2), PROTOCOL, PROTOCOL)
    assert shorter["tied"][0]["test"] == whole["tied"][0]["test"][:2]


def test_an_untied_network_of_one_epoch_has_only_its_tied_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    data = load("digits")
    few = Dataset(
        "few", data.x_train[:20], data.y_train[:20], data.x_test[:9], data.y_test[:9], 10, data.shape, data.scale
    )
    monkeypatch.setattr(Settings, "dataset", lambda *_: few)
    protocol, seen = Protocol("conv 2 3x3; full 6; output", "digits", 1, 20, 0.3), lambda net: {"epoch": net.epoch}
    runs = learn(
        {"untied": Method(tied=False)}, settings_for(EXPERIMENTS["amit-simpnet"], seeds=1), protocol, protocol, seen
    )
    curves = runs["untied"][0]
    assert {name: len(curves[name]) for name in ("train", "test", "likeness")} == {"train": 1, "test": 1, "likeness": 1}
    assert curves["likeness"] == [1.0] and curves["epoch"] == 1


def test_epochs_are_for_networks_for_images() -> None:
    for name, options, message in (
        ("amit-linear", dict(epochs=3), "This experiment does not take it"),
        ("amit-simpnet", dict(epochs=3, quick=True), "cannot be combined with --quick"),
        ("amit-simpnet", dict(epochs=0), "at least 1"),
    ):
        with pytest.raises(rc.RecircuitError, match=message):
            settings_for(EXPERIMENTS[name], **options)


def test_baldi_cifar_quick(tmp_path: Path) -> None:
    assert len(quick_run("baldi-cifar", tmp_path)["checks"]) == 4


LINES = {
    "amit-simpnet": "conv 2 3x3; maxpool 3; full conn. 6; output",
    "amit-deepnet": "conv 2 3x3; conv 2 3x3; maxpool 3; full conn. 6; output",
    "amit-deepernet": "conv 2 3x3; conv 2 3x3; SUM; maxpool 3; full conn. 6; output",
    "amit-untied": "conv 2 3x3; conv 2 3x3; SUM; maxpool 2, stride 2; full conn. 6; output",
    "baldi-cifar": "conv 2 3x3; maxpool 3; conv 2 3x3; conv 2 3x3; full 6; output",
}


@pytest.mark.parametrize("name", [pytest.param(n, marks=() if n == "amit-untied" else pytest.mark.slow) for n in LINES])
def test_the_full_run_goes_through_on_small_images_whole_and_in_part(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that a full run does is done, with its own methods, checks and figure, but with a small network."""
    experiment = EXPERIMENTS[name]
    module = importlib.import_module(experiment.run.__module__)
    small = Protocol(LINES[name], "few", 3, 20, 0.01)
    x, y = pictures(60), np.random.default_rng(0).integers(0, 10, 60)
    small_data = Dataset.from_arrays(
        "few", x[:40].reshape(-1, *SHAPE), y[:40], x[40:].reshape(-1, *SHAPE), y[40:], classes=10
    )
    monkeypatch.setattr(Settings, "dataset", lambda *_: small_data)
    if hasattr(module, "FULL"):
        monkeypatch.setattr(module, "FULL", small)
    else:
        monkeypatch.setattr(module, "protocol", lambda *_, **__: small)
    seeds = dict(seeds=1, data=tmp_path)
    printed = [method for method in experiment.methods if method != LATE]
    part = reproduce(experiment, settings_for(experiment, methods=printed[-1:], **seeds), tmp_path / "part")
    alone = {check["what"].split(",")[0] for check in part["checks"]}
    assert part["checks"] and len(alone) == 1, "of the one method that was asked for"
    short = reproduce(experiment, settings_for(experiment, epochs=2, **seeds), tmp_path / "short")
    assert short["checks"]
    whole = reproduce(experiment, settings_for(experiment, **seeds), tmp_path / "short")
    assert len(whole["checks"]) >= len(module.TABLE)
    assert (tmp_path / "short" / "figure.png").is_file()


def test_simpnet_learns_cifar100_too_where_its_files_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files of CIFAR-100 are of its format, with few records; the network is a small one."""
    layout = replace(cifar.CIFAR100, records_train=40, records_test=20)
    rng = np.random.default_rng(0)
    labels = {name: rng.integers(0, 100, count) for name, count in (("train.bin", 40), ("test.bin", 20))}
    for name, fine in labels.items():
        coarse_and_fine = np.stack([fine // 5, fine], axis=1).astype(np.uint8)
        pixels = rng.integers(0, 256, (len(fine), 3072), dtype=np.uint8)
        place = tmp_path / "data" / layout.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(np.hstack([coarse_and_fine, pixels]).tobytes())
    hundred = load_cifar100(tmp_path / "data", layout)
    ten = Dataset.from_arrays(
        "ten", hundred.x_train.reshape(-1, 3, 32, 32), hundred.y_train % 10,
        hundred.x_test.reshape(-1, 3, 32, 32), hundred.y_test % 10, classes=10,
    )  # fmt: skip
    monkeypatch.setattr(Settings, "dataset", lambda _, name: hundred if name == "cifar100" else ten)
    small = Protocol(LINES["amit-simpnet"], "cifar10", 3, 20, 0.01)
    monkeypatch.setattr(simpnet, "protocol", lambda _, data="cifar10": small.with_(data=data))
    settings = dict(seeds=1, epochs=1, methods=["URFB", "FRFB"])
    for data, sets in (("none", 1), ("data", 2)):
        chosen = settings_for(simpnet.EXPERIMENT, data=tmp_path / data, **settings)
        found = reproduce(simpnet.EXPERIMENT, chosen, tmp_path / "out")["checks"]
        assert [row["what"].startswith("CIFAR-100, ") for row in found] == [False] * 3 + [True] * 3 * (sets - 1)
    assert np.array_equal(hundred.y_train, labels["train.bin"])
    assert {row["paper"] for row in found[3:]} == {"0.61", "0.68", "7"}

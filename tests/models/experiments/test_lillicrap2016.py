"""The Lillicrap experiments, quick: their checks hold, and what they share is what it says."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from quick_runs import quick_run
from small_files import write_back_image, write_svhn, write_timit

from recircuit.circuits import Circuit
from recircuit.errors import RecircuitError, UsageError
from recircuit.models.data import Dataset, load
from recircuit.models.experiments import Settings, settings_for
from recircuit.models.experiments.lillicrap2016 import circuits as lillicrap_circuits
from recircuit.models.experiments.lillicrap2016 import image_training as lillicrap_images
from recircuit.models.experiments.lillicrap2016 import mnist as lillicrap_mnist
from recircuit.models.experiments.lillicrap2016 import online_runs
from recircuit.models.experiments.lillicrap2016.autoencoder import scaled
from recircuit.models.experiments.lillicrap2016.circuits import textbook_gap
from recircuit.models.experiments.lillicrap2016.fields import smoothness
from recircuit.models.experiments.lillicrap2016.image_training import Plan
from recircuit.models.experiments.lillicrap2016.printed_errors import small
from recircuit.models.experiments.lillicrap2016.teacher_task import Teacher
from recircuit.models.experiments.lillicrap2016.timit import by_feature
from recircuit.models.training.epochs import Training
from recircuit.models.training.history import Row
from recircuit.models.training.progress_bar import Bar

NAMES = (
    "circuits",
    "fields",
    "frozen",
    "xor",
    "momentum",
    "mnist",
    "autoencoder",
    "back-image",
    "svhn",
    "timit",
    "relu",
)
SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("note12", "deep-fields", "online")]


@pytest.mark.parametrize("name", [*NAMES, *SLOW])
def test_quick_run_holds_all_its_checks(name: str, tmp_path: Path) -> None:
    quick_run(f"lillicrap-{name}", tmp_path)


def test_samples_are_the_teachers() -> None:
    teacher = Teacher.drawn(3)
    rows = teacher.samples([3, 1], 5)
    assert rows["x"].shape == (5, 30) and rows["s"].shape == (5, 10)
    h = np.tanh(rows["x"] @ teacher.weights[0].T + teacher.biases[0])
    h = np.tanh(h @ teacher.weights[1].T + teacher.biases[1])
    assert np.allclose(rows["s"], h @ teacher.weights[2].T + teacher.biases[2])
    assert not np.array_equal(teacher.samples([3, 2], 5)["x"], rows["x"])
    assert teacher.variance() == pytest.approx(np.var(teacher.samples([9], 20_000)["s"], axis=0).sum(), rel=0.05)


def test_only_a_network_that_diverges_is_reported_to_diverge(monkeypatch: pytest.MonkeyPatch) -> None:
    student = online_runs.StudentNetwork(
        "bp", (30, 20, 10), rate=1e9, minibatches=4, batch_size=5, transfer="linear", part=2
    )
    assert student.errors(0, Settings()) == [online_runs.DIVERGED] * 2

    def broken(*_: object) -> list[float]:
        raise RecircuitError("the compiler is missing")

    monkeypatch.setattr(online_runs, "follow", broken)
    with pytest.raises(RecircuitError, match="the compiler is missing"):
        student.errors(0, Settings())


def test_the_gap_to_the_textbook_sees_other_feedback_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    textbook = lillicrap_circuits._error_changes
    assert textbook_gap("two hidden layers", "numpy", presentations=2) < 1e-12
    monkeypatch.setattr(
        lillicrap_circuits, "_error_changes", lambda w, c, b, x, y: textbook(w, c, [2 * m for m in b], x, y)
    )
    assert textbook_gap("two hidden layers", "numpy", presentations=2) > 1e-4


def test_pixels_are_scaled_as_the_paper_says() -> None:
    digits = load("digits")
    data = digits.standardised()
    shown = data.x_train * data.scale + data.offset
    assert abs(shown.mean()) < 1e-5 and abs(shown.std() - 1) < 1e-5
    pixels = scaled(digits).x_train * scaled(digits).scale + scaled(digits).offset
    assert (pixels.min(), pixels.max()) == pytest.approx((-0.9, 0.9))


def test_the_rate_falls_where_the_schedule_says() -> None:
    rule = Plan("frfb", (5,), epochs=10, rate=0.5, batch_size=20).scheduled(samples=190)
    assert {k: rule.parameters[k] for k in ("rate_step_1", "rate_step_2")} == {"rate_step_1": 60, "rate_step_2": 85}


def test_the_local_network_has_the_sizes_of_the_paper_and_is_shown_other_images_in_every_epoch() -> None:
    plan = lillicrap_mnist.PLANS["FA, local, leaky, dropout, distorted"]
    images, labels = np.zeros((200, 28, 28), np.uint8), np.zeros(200, int)
    net = plan.circuit(Dataset.from_arrays("m", images, labels, images, labels, classes=10), 0)
    assert [net.populations[n].size for n in ("x", "h1", "h2", "h3", "o")] == [784, 3174, 1500, 1500, 10]
    assert net.projections["x_to_h1"].synapses == 3174 * 36 and net.projections["x_to_h1"].local
    leaky = {name: getattr(lillicrap_mnist.LEAKY, name) for name in ("transfer", "gain", "dropout", "input_dropout")}
    assert plan == lillicrap_mnist.LOCAL.with_(epochs=plan.epochs, augment="elastic 34 4", **leaky)
    shown: list[np.ndarray] = []

    class Watched(Training):
        def epoch(self, bar: Bar) -> Row:
            made = super().epoch(bar)
            shown.append(np.array(self.parts["train"].inputs.rows["x"].values))
            return made

    short = small(plan).with_(epochs=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recircuit.models.training.loop.Training", Watched)
        net = short.circuit(images := load("digits").standardised(), 0)
        lillicrap_images.trained(net, short, images, 0, Settings(), label="test", name="FA")
        net.close()
    assert not np.array_equal(*shown) and shown[0].shape == load("digits").x_train.shape


@pytest.mark.parametrize(
    "name, write", [("back-image", write_back_image), ("svhn", write_svhn), ("timit", write_timit)]
)
def test_data_of_the_users_are_found_and_learned(name: str, write: Any, tmp_path: Path, monkeypatch: Any) -> None:
    module = import_module(f"recircuit.models.experiments.lillicrap2016.{name.replace('-', '_')}")
    write(tmp_path / name, train=150, test=30)
    narrow = {n: plan.with_(hidden=(9,) * len(plan.hidden), batch_size=10) for n, plan in module.PLANS.items()}
    monkeypatch.setattr(module, "PLANS", narrow)
    for source, backend in ((tmp_path, "numpy"), (tmp_path / name, "numpy")):
        settings = settings_for(
            module.EXPERIMENT, backend=backend, seeds=1, data=source, epochs=1, methods=[*narrow][-1:]
        )
        report = module.EXPERIMENT.run(settings)
        (check,) = report.checks
        assert check.what.startswith(f"{[*narrow][-1]}, 1 epochs, 1 run") and 0 <= check.value <= 100
    with pytest.raises(UsageError, match="No |No such"):
        module.EXPERIMENT.run(settings_for(module.EXPERIMENT, data=tmp_path / "nowhere"))


def test_features_of_speech_are_scaled_one_by_one() -> None:
    rng = np.random.default_rng(0)
    x = (rng.normal(size=(200, 4)) * [1, 10, 100, 0] + [5, 0, -3, 2]).astype(np.float32)
    data = by_feature(Dataset.from_arrays("timit", x, np.zeros(200, int), x[:9], np.zeros(9, int)))
    assert np.allclose(data.x_train.mean(axis=0), 0, atol=1e-5) and np.allclose(data.x_train.std(axis=0), [1, 1, 1, 0])
    assert np.array_equal(data.x_test, data.x_train[:9])


def test_smooth_fields_are_distinguished_from_rough_ones() -> None:
    digits = load("digits")
    rng = np.random.default_rng(0)
    rough = rng.normal(size=(200, 64))
    smooth = np.cumsum(rough.reshape(200, 8, 8), axis=2).reshape(200, 64)
    assert abs(smoothness(rough, digits)) < 0.05 and smoothness(smooth, digits) > 0.5


def test_a_run_goes_on_where_it_was_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = load("digits").standardised()
    plans = {name: small(lillicrap_mnist.PLANS[f"{name}, 3 hidden layers"]).with_(epochs=1) for name in ("FA", "BP")}
    settings = Settings(seeds=(0, 1), out=tmp_path)
    whole = lillicrap_images.learn(plans, data, settings, "test")
    assert sorted(p.name for p in (tmp_path / "runs").glob("*.json")) == [
        "BP-0.json",
        "BP-1.json",
        "FA-0.json",
        "FA-1.json",
    ]
    (tmp_path / "runs" / "BP-1.json").unlink()
    made: list[tuple[str, int]] = []
    trained = lillicrap_images.trained

    def counted(net: Circuit, plan: Plan, data: object, seed: int, *rest: object, **names: object) -> object:
        made.append((plan.rule, seed))
        return trained(net, plan, data, seed, *rest, **names)  # type: ignore[arg-type]

    monkeypatch.setattr(lillicrap_images, "trained", counted)
    assert lillicrap_images.learn(plans, data, settings, "test") == whole
    assert made == [("bp", 1)]

"""Pairs, tables, names of classes, validation samples, callbacks and early stopping; and runs opened in Python."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from brian2 import ms
from numpy.typing import NDArray
from typer.testing import CliRunner

import recircuit as rc
from recircuit.circuits.state.moment import same_bits
from recircuit.cli.application import app
from recircuit.errors import RecircuitError, UsageError
from recircuit.models.training.order import EpochOrder, in_batches
from recircuit.models.training.samples import Samples

RNG = np.random.default_rng(0)
CENTRES = RNG.normal(size=(3, 5))
Y = RNG.integers(0, 3, 60)
X = CENTRES[Y] + 0.4 * RNG.normal(size=(60, 5))
NAMES = np.array(["cat", "dog", "owl"])


def network(seed: int = 1) -> rc.Circuit:
    return rc.layered([5, 8, 3], "urfb", batch_size=10, precision="float64", seed=seed)


def weights(net: rc.Circuit) -> np.ndarray:
    return np.concatenate([v.ravel() for k, v in net.state(weights_only=True).items() if k.endswith(".w")])


def trained(data: object, **options) -> tuple[rc.Circuit, rc.History]:
    net = network()
    return net, rc.train(net, data, 3, backend="numpy", **options)


def test_a_pair_is_a_data_set_without_a_test_set() -> None:
    both = rc.Dataset.from_arrays("both", X, Y, X[:9], Y[:9], classes=3)
    whole, expected = trained(both)
    for data in ((X.astype(np.float32), Y), ({"x": X.astype(np.float32)}, Y.tolist()), (X.astype("f4"), NAMES[Y])):
        net, history = trained(data)
        assert np.array_equal(weights(net), weights(whole))
        assert history["train_error"].tolist() == expected["train_error"].tolist()
        assert "test_error" not in history.names
    assert history.classes == ("cat", "dog", "owl")


def test_tables_are_data() -> None:
    class Table:
        """A stand-in for a data frame: it is no array, and NumPy makes one of it."""

        def __init__(self, values: np.ndarray) -> None:
            self.values = values

        def __array__(self, dtype: object = None, copy: bool | None = None) -> np.ndarray:
            return self.values

    tables = (Table(X), Table(NAMES[Y].astype(object)))
    assert np.array_equal(weights(trained(tables)[0]), weights(trained((X, NAMES[Y]))[0]))


@pytest.mark.parametrize("number", [int, np.int32, float, bool])
def test_numbers_in_an_array_of_objects_are_numbers(number: type) -> None:
    """A column of a table of pandas has objects if it once held something else."""
    labels = (Y > 0 if number is bool else Y).astype(number)
    objects = np.array([*labels], dtype=object)
    (net, _), (other, _) = trained((X, objects)), trained((X, labels.astype(int)))
    assert np.array_equal(weights(net), weights(other)) and net.classes is None
    assert np.array_equal(net.predict(X), other.predict(X))
    assert net.evaluate((X, objects)).error == other.evaluate((X, labels)).error


def test_targets_in_an_array_of_objects_are_no_names_of_classes() -> None:
    def fitted(y: np.ndarray) -> tuple[rc.Circuit, rc.History]:
        net = rc.layered([5, 8, 1], "urfb", loss=rc.SquaredOutput(real_valued=True), batch_size=10)
        return net, rc.train(net, (X, y), 2, backend="numpy", progress=False)

    objects = X[:, 0].astype(object)
    (net, history), (other, expected) = fitted(objects), fitted(X[:, 0])
    assert history["train_mse"].tolist() == expected["train_mse"].tolist()
    assert net.evaluate((X, objects)).mse == other.evaluate((X, X[:, 0])).mse


def test_a_share_may_be_a_number_of_numpy() -> None:
    _, history = trained((X, Y), validation=np.float32(0.5))
    _, expected = trained((X, Y), validation=0.5)
    assert history["validation_error"].tolist() == expected["validation_error"].tolist()


def test_validation_samples_are_kept_apart() -> None:
    net, history = trained((X, Y), validation=0.25)
    mixed = np.random.default_rng([1, 60]).permutation(60)
    kept, differences = np.sort(mixed[:45]), np.sort(mixed[45:])
    alone, _ = trained((X[kept], Y[kept]))
    assert np.array_equal(weights(net), weights(alone))
    assert history["validation_error"][-1] == net.evaluate((X[differences], Y[differences])).error
    given, measured = trained((X[kept], NAMES[Y[kept]]), validation=(X[differences], NAMES[Y[differences]]))
    assert np.array_equal(weights(given), weights(net))
    assert measured["validation_error"].tolist() == history["validation_error"].tolist()


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        ((X, Y), {"validation": 1.5}, "a share of the 60 training samples"),
        ((X, Y), {"validation": 0.001}, "a share of the 60 training samples"),
        ((X, Y, Y), {}, "a tuple of 3"),
        (X, {}, "no y was given"),
        ((X[:, :4], Y), {}, "5 units, so that .* whose rows have 4 values"),
        ((X, Y + 1), {}, "labels are whole numbers from 0 to 2"),
        ((X, Y[:-1]), {}, "different numbers of rows"),
        ((X, NAMES[Y]), {"validation": (X, ["cat"] * 59 + ["cow"])}, "the class 'cow' is not among"),
        ((X, Y), {"callbacks": [3]}, "callbacks: expected functions"),
        ((X, Y), {"callbacks": rc.EarlyStopping()}, "no column 'validation_error'"),
    ],
)
def test_what_cannot_be_trained_on_is_refused(data: object, options: dict, message: str) -> None:
    with pytest.raises(RecircuitError, match=message):
        trained(data, **options)


def test_callbacks_are_called_and_stop() -> None:
    seen: list[tuple[int, float]] = []

    def note(epoch: int, metrics: Mapping[str, float], net: rc.Circuit) -> bool:
        seen.append((epoch, metrics["train_error"]))
        return net.epoch == 2

    net, history = trained((X, Y), callbacks=note)
    assert [n for n, _ in seen] == [1, 2] and len(history) == 2
    rc.train(net, (X, Y), 3, backend="numpy", callbacks=[note])
    assert [n for n, _ in seen] == [1, 2, 3, 4, 5]


def test_callbacks_may_measure_more_and_are_called_when_an_epoch_begins(tmp_path: Path) -> None:
    called: list[tuple[str, int]] = []

    class Watching:
        def on_epoch_begin(self, epoch: int, net: rc.Circuit) -> None:
            called.append(("begin", epoch))

        def on_epoch_measure(self, epoch: int, net: rc.Circuit) -> dict[str, float]:
            called.append(("measure", epoch))
            return {"weights": float(np.abs(weights(net)).mean())}

    def end(epoch: int, metrics: Mapping[str, float], net: rc.Circuit) -> None:
        called.append(("end", epoch))
        assert metrics["weights"] == float(np.abs(weights(net)).mean())

    net, out = network(), tmp_path / "run"
    history = rc.train(net, (X, Y), 2, backend="numpy", callbacks=[Watching(), end], out=out)
    assert called == [(what, epoch) for epoch in (1, 2) for what in ("begin", "measure", "end")]
    assert rc.Checkpoint.load(out / "weights.safetensors").about.rows == history.rows


def test_samples_are_shown_in_the_order_that_they_ask_for() -> None:
    @dataclass(frozen=True)
    class OneByOne(EpochOrder):
        def order(self, count: int, batch_size: int, seed: int, number: int) -> NDArray[np.int32]:
            return in_batches(np.arange(count), batch_size)

    def trained_on(order: EpochOrder) -> np.ndarray:
        net = network()
        rc.train(net, replace(Samples.of(net, (X, Y)), order=order), 1, backend="numpy")
        return weights(net)

    by_hand, net = network(), network()
    by_hand.run({"x": X, "s": Y})
    rc.train(net, (X, Y), 1, backend="numpy")
    assert np.array_equal(trained_on(OneByOne()), weights(by_hand))
    assert np.array_equal(trained_on(EpochOrder()), weights(net)) and not np.array_equal(weights(net), weights(by_hand))


def test_a_training_that_diverged_keeps_the_epochs_until_then() -> None:
    class Breaking:
        def on_epoch_begin(self, epoch: int, net: rc.Circuit) -> None:
            if epoch == 3:
                net["x_to_h1.w"] = np.full((8, 5), 1e308)

    net = network()
    with pytest.raises(rc.TrainingDiverged, match="epoch 3") as caught:
        rc.train(net, (X, Y), 4, backend="numpy", callbacks=Breaking())
    assert len(caught.value.history) == 2 and caught.value.variable.partition(".")[0] in (
        *net.populations,
        *net.projections,
    )
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value) and len(again.history) == 2


def test_early_stopping_keeps_the_best_weights() -> None:
    errors, kept = iter([0.5, 0.2, 0.3, 0.2, 0.4]), []

    class Measure:
        def on_epoch_end(self, epoch: int, metrics: dict[str, float], net: rc.Circuit) -> None:
            kept.append(weights(net))

    class Stop(rc.EarlyStopping):
        def on_epoch_end(self, epoch: int, metrics: Mapping[str, float], net: rc.Circuit) -> bool:
            return super().on_epoch_end(epoch, {**metrics, "validation_error": next(errors)}, net)

    net, stop = network(), Stop(patience=2)
    history = rc.train(net, (X, Y), 9, backend="numpy", callbacks=[Measure(), stop])
    assert len(history) == 4 and (stop.best, stop.best_epoch) == (0.2, 2)
    assert np.array_equal(weights(net), kept[1])


def test_after_early_stopping_the_history_describes_the_weights_that_are_kept(tmp_path: Path) -> None:
    errors = iter([0.1, 0.5, 0.5])

    class Stop(rc.EarlyStopping):
        def on_epoch_end(self, epoch: int, metrics: Mapping[str, float], net: rc.Circuit) -> bool:
            return super().on_epoch_end(epoch, {**metrics, "validation_error": next(errors)}, net)

    digits = rc.load("digits")
    net = rc.layered([64, 8, 10], "urfb", batch_size=50)
    history = rc.train(net, digits, 9, backend="numpy", callbacks=Stop(patience=2), out=tmp_path / "run")
    assert len(history) == 3 and history.kept_epoch == 1
    assert history.test_error == history["test_error"][0] == pytest.approx(net.evaluate(digits).error)
    kept = rc.Checkpoint.load(tmp_path / "run" / "weights.safetensors").state
    assert np.array_equal(kept["x_to_h1.w"], net["x_to_h1.w"])
    marks = [line for line in history.plot().axes[0].lines if line.get_label() == "weights kept (epoch 1)"]
    assert [np.asarray(line.get_xdata()).tolist() for line in marks] == [[1]]


def test_labels_that_nothing_presents_and_nothing_answers_are_refused() -> None:
    net = rc.Circuit(batch_size=10)
    net.connect(net.stimulus("x", 5), net.population("h", 3, rc.pyramidal()), rule="urfb")
    net.phases("feedforward", 2 * ms)
    for y in (Y, NAMES[Y], Y + 0.5):
        with pytest.raises(UsageError, match="y was given, but nothing in the circuit presents it"):
            rc.train(net, (X, y), backend="numpy")
    assert "train_error" in rc.train(net, (X, Y), output="h", backend="numpy").names
    assert "train_error" not in rc.train(net, X, backend="numpy").names


@pytest.mark.parametrize(
    ("rate", "batch_size", "message"),
    [(1, 20, "epoch 4/4"), (0, 20, "learning rate often helps:"), (0, 2, "here over 2: rule.with_parameters")],
)
def test_an_error_that_stays_near_chance_is_warned_of(rate: float, batch_size: int, message: str) -> None:
    messages: list[str] = []
    net = rc.layered([5, 8, 3], rc.urfb.with_parameters(rate=rate), batch_size=batch_size, seed=1)
    rc.train(net, (X, Y), 4, backend="numpy", progress=messages.append)
    assert message in messages[-1]


# ---- runs of the command line ----------------------------------------------------------------------------------------


def train(*options: str) -> None:
    command = ["train", "digits", "--layers", "64-8-10", "--backend", "numpy", "--batch-size", "50", *options]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output


def test_a_run_opens_and_goes_on_with_the_same_bits(tmp_path: Path) -> None:
    train("--epochs", "2", "--out", str(tmp_path / "whole"))
    train("--epochs", "1", "--out", str(tmp_path / "half"))
    run = rc.load_run(tmp_path / "half")
    assert len(run.history) == 1 == run.circuit.epoch
    assert run.circuit.evaluate(run.data).error == run.history.test_error
    assert len(run.train(2, progress=False)) == 2
    whole = rc.load_run(tmp_path / "whole")
    a, b = run.circuit.moment(), whole.circuit.moment()
    assert [k for k in a.state if not same_bits(a.state[k], b.state[k])] == []
    rc.train(run.circuit, run.data, backend="numpy", progress=False)
    assert run.circuit.epoch == 3


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecircuitError, match="holds no run of the command line"):
        rc.load_run(tmp_path)
    rc.train(rc.layered([64, 3, 10], "urfb"), rc.load("digits"), out=tmp_path / "of-a-script", progress=False)
    with pytest.raises(RecircuitError, match="only your script describes"):
        rc.load_run(tmp_path / "of-a-script")
    with pytest.raises(RecircuitError, match=r"Is a directory.*rc\.load_run"):
        rc.Circuit.load(tmp_path)
    rule = tmp_path / "mine.py"
    rule.write_text(
        'import recircuit as rc\nmine = rc.Rule("mine", source="here", forward="dw = .1*error_post*x_pre")\n'
    )
    train("--epochs", "1", "--out", str(tmp_path / "run"), "--rule", f"{rule}:mine")
    with pytest.raises(UsageError, match="would be executed"):
        rc.load_run(tmp_path / "run")
    assert rc.load_run(tmp_path / "run", trust=True).circuit.epoch == 1
    with pytest.raises(RecircuitError, match="Runs in it are run"):
        rc.load_run(tmp_path)
    with pytest.raises(UsageError, match=r"the folder of a run, which is opened by rc.load_run\('.*run'\)"):
        rc.load(tmp_path / "run")
    with pytest.raises(UsageError, match=r"A circuit that was saved is opened by rc.Circuit.load"):
        rc.load(tmp_path / "run" / "weights.safetensors")


@pytest.mark.parametrize("backend", ["numpy", "interpreter"])
def test_more_samples_can_be_predicted_than_were_trained_on(backend: str) -> None:
    net = network()
    rc.train(net, (X[:20], Y[:20]), backend=backend, progress=False)
    assert np.allclose(net.outputs(X)[:20], net.outputs(X[:20]))
    assert len(net.predict(X)) == 60

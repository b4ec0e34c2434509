"""Callbacks in runs that are interrupted and go on, in circuits that were trained before, and with values of any kind."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import recircuit as rc
from recircuit.errors import RecircuitError, UsageError

RNG = np.random.default_rng(0)
Y = RNG.integers(0, 3, 60)
X = RNG.normal(size=(3, 4))[Y] + 0.4 * RNG.normal(size=(60, 4))
#: What is watched, by the number of the epoch: best in the third, as good in the fifth, and at the end worse.
VALUES = (3.0, 2.0, 1.0, 1.5, 1.0, 1.2, 1.1, 1.3)


class Column:
    """A callback that measures one more column."""

    def __init__(self, values: Sequence[float], name: str = "watched", stop_in: int = 0) -> None:
        self.values, self.name, self.stop_in = values, name, stop_in

    def on_epoch_measure(self, epoch: int, net: rc.Circuit) -> dict[str, float]:
        return {self.name: self.values[epoch - 1]}

    def on_epoch_end(self, epoch: int, metrics: Mapping[str, float], net: rc.Circuit) -> None:
        if epoch == self.stop_in:
            raise KeyboardInterrupt


def network() -> rc.Circuit:
    return rc.layered([4, 5, 3], "urfb", batch_size=10, precision="float64")


def train(net: rc.Circuit, epochs: int, **options: Any) -> rc.History:
    return rc.train(net, (X, Y), epochs, backend="numpy", progress=False, **options)


def stopping(stop_in: int = 0, patience: int = 4) -> list[Any]:
    return [rc.EarlyStopping("watched", patience=patience), Column(VALUES, stop_in=stop_in)]


@pytest.mark.parametrize("stop_in", range(1, 8))
def test_early_stopping_ends_an_interrupted_run_as_one_that_was_not(stop_in: int, tmp_path: Path) -> None:
    whole, parts = network(), network()
    expected = train(whole, 8, callbacks=stopping())
    with pytest.raises(KeyboardInterrupt):
        train(parts, 8, callbacks=stopping(stop_in), out=tmp_path / "run")
    again = network()  # another process knows the folder alone
    found = train(again, 8, callbacks=stopping(), out=rc.RunFiles(tmp_path / "run", resume=True))
    assert (len(found), found.kept_epoch) == (len(expected), expected.kept_epoch) == (7, 3)
    assert np.array_equal(again["x_to_h1.w"], whole["x_to_h1.w"])
    assert rc.Checkpoint.load(tmp_path / "run" / "weights.safetensors").state["x_to_h1.w"].tolist() == (
        whole["x_to_h1.w"].tolist()
    )


def test_a_run_that_has_stopped_early_goes_on_with_more_patience_only(tmp_path: Path) -> None:
    net, files = network(), rc.RunFiles(tmp_path / "run", resume=True)
    train(net, 8, callbacks=stopping(), out=tmp_path / "run")
    kept = net["x_to_h1.w"].copy()
    assert len(train(network(), 8, callbacks=stopping(), out=files)) == 7
    again = network()
    history = train(again, 8, callbacks=stopping(patience=5), out=files)
    assert len(history) == 8 and history.kept_epoch == 3 and np.array_equal(again["x_to_h1.w"], kept)


def test_early_stopping_that_was_not_there_before_counts_from_where_the_run_goes_on(tmp_path: Path) -> None:
    train(network(), 5, callbacks=Column(VALUES), out=tmp_path / "run")
    files = rc.RunFiles(tmp_path / "run", resume=True)
    history = train(network(), 8, callbacks=stopping(patience=2), out=files)
    assert len(history) == 8 and history.kept_epoch == 7  # 1.2, 1.1, 1.3


def test_a_table_of_a_run_that_goes_on_has_the_rows_of_all_epochs(tmp_path: Path) -> None:
    table = tmp_path / "errors.csv"
    train(network(), 2, callbacks=rc.CSVLogger(table), out=tmp_path / "run")
    files = rc.RunFiles(tmp_path / "run", resume=True)
    history = train(network(), 4, callbacks=rc.CSVLogger(table), out=files)
    with table.open() as file:
        assert [float(row["train_error"]) for row in csv.DictReader(file)] == history["train_error"].tolist()


def test_patience_counts_the_epochs_of_this_training_and_may_be_a_number_of_numpy() -> None:
    net = network()
    train(net, 4)
    stop = rc.EarlyStopping("watched", patience=np.int64(2))  # pyright: ignore[reportArgumentType]
    history = train(net, 4, callbacks=[stop, Column([np.nan] * 5 + [2.0, 1.0, 3.0])])
    assert [row["epoch"] for row in history] == [5, 6, 7, 8] and stop.best_epoch == history.kept_epoch == 7


@pytest.mark.parametrize("found", [None, [1.0], {"more": "text"}, {"more": [1, 2]}])
def test_what_is_no_column_is_refused_in_words(found: Any) -> None:
    class Odd:
        def on_epoch_measure(self, epoch: int, net: rc.Circuit) -> Any:
            return found

    net = network()
    with pytest.raises(UsageError, match="a mapping from names of columns to numbers"):
        train(net, 1, callbacks=Odd())
    assert net.epoch == 0


def test_two_callbacks_do_not_measure_the_same_column() -> None:
    with pytest.raises(UsageError, match="two of them return the column 'mine'"):
        train(network(), 1, callbacks=[Column([7.0], "mine"), Column([8.0], "mine")])


@pytest.mark.parametrize("found", [None, [1.0], {"more": "text"}, {"more": None}, {"more": [[1], [1, 2]]}])
def test_what_is_no_array_for_a_checkpoint_is_refused_in_words(found: Any) -> None:
    class Odd:
        def on_checkpoint(self, net: rc.Circuit) -> Any:
            return found

    net = network()
    with pytest.raises(UsageError, match="on_checkpoint returns a mapping from names to arrays of numbers"):
        train(net, 1, callbacks=Odd())
    assert net.epoch == 0


class Count:
    """A callback that counts epochs in place, and is interrupted after it has counted one of them."""

    def __init__(self, stop_in: int = 0) -> None:
        self.epochs, self.stop_in = np.zeros(()), stop_in

    def on_checkpoint(self, net: rc.Circuit) -> dict[str, np.ndarray]:
        return {"epochs": self.epochs}

    def on_train_resume(self, rows: Sequence[Any], arrays: Mapping[str, np.ndarray], net: rc.Circuit) -> None:
        self.epochs += arrays["epochs"] + 1  # and of the last epoch

    def on_epoch_end(self, epoch: int, metrics: Mapping[str, float], net: rc.Circuit) -> None:
        self.epochs += 1
        if epoch == self.stop_in:
            raise KeyboardInterrupt


def test_a_checkpoint_keeps_arrays_as_they_were_when_it_was_made(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(network(), 4, callbacks=Count(stop_in=2), out=tmp_path / "run")
    again = Count()
    train(network(), 4, callbacks=again, out=rc.RunFiles(tmp_path / "run", resume=True))
    assert again.epochs == 4


@pytest.mark.parametrize("name", ["epoch", "train_error", "seconds"])
def test_a_callback_does_not_write_over_a_column(name: str) -> None:
    with pytest.raises(UsageError, match=f"the column '{name}', which the history has already"):
        train(network(), 1, callbacks=Column([7.0], name))


def test_an_answer_at_the_end_that_is_no_epoch_is_none() -> None:
    class End:
        def on_train_end(self, net: rc.Circuit) -> bool:
            return True

    assert train(network(), 2, callbacks=End()).kept_epoch is None


def test_columns_of_callbacks_are_not_taken_for_errors() -> None:
    history = train(network(), 2, callbacks=Column([0.5, 0.4], "reconstruction_mse"))
    axes = history.plot().axes[0]
    assert axes.get_ylabel() == "error (%)" and [line.get_label() for line in axes.lines] == ["training, as shown"]


def test_a_training_that_is_refused_leaves_the_names_of_classes() -> None:
    net = network()
    with pytest.raises(RecircuitError, match="there is no population 'nothing'"):
        rc.train(net, (X, np.array(["a", "b", "c"])[Y]), output="nothing", backend="numpy")
    assert net.classes is None


def test_samples_of_one_class_are_no_reason_for_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rc.train(network(), (X, np.zeros(60, int)), 4, backend="numpy", progress=True)

"""The history of a training, what its callbacks add to it, and the bar that shows it meanwhile."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import recircuit as rc
from recircuit.models.runs.listing import kept_run
from recircuit.models.training.progress_bar import Bar

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(20, 5)), RNG.integers(0, 3, 20)


def trained(epochs: int = 3, **options: object) -> rc.History:
    net = rc.layered([5, 4, 3], "urfb", batch_size=10)
    return rc.train(net, (X, Y), epochs, backend="numpy", progress=False, **options)


class OddEpochs:
    """A callback that measures something in odd epochs only."""

    def on_epoch_measure(self, epoch: int, net: rc.Circuit) -> dict[str, float]:
        return {"odd": float(epoch)} if epoch % 2 else {}


def test_a_column_that_some_epochs_lack_is_nan_there(tmp_path: Path) -> None:
    history = trained(callbacks=OddEpochs(), out=tmp_path / "run")
    assert history.names[-1] == "odd" and np.array_equal(history["odd"], [1, np.nan, 3], equal_nan=True)
    rows = kept_run(tmp_path / "run").rows
    assert [row["train_error"] for row in rows] == pytest.approx(history["train_error"], rel=1e-5)
    assert np.array_equal([row["odd"] for row in rows], history["odd"], equal_nan=True)
    assert "nan" in history._repr_html_()


@pytest.mark.parametrize("stop", [True, np.True_, np.array(1) > 0])
def test_training_stops_where_a_callback_returns_true(stop: object) -> None:
    assert len(trained(callbacks=lambda epoch, metrics, net: stop)) == 1


@pytest.mark.parametrize("answer", [None, 1, "yes", np.False_])
def test_training_goes_on_where_a_callback_returns_something_else(answer: object) -> None:
    assert len(trained(2, callbacks=lambda epoch, metrics, net: answer)) == 2


def test_a_history_shows_its_validation_error() -> None:
    history = trained(1, validation=(X[:4], Y[:4]))
    assert f"validation error {history['validation_error'][0]:.2%}" in repr(history)


def test_the_bar_shows_presentations_and_the_last_errors(capsys: pytest.CaptureFixture[str]) -> None:
    bar = Bar()
    bar.shown = True  # as on a terminal
    with bar.over(2, per_epoch=10, done=1):
        bar.at(1, 5)
        bar.measured({"epoch": 2, "train_error": 0.25, "test_mse": 1.5})
    output = capsys.readouterr().err
    assert "epoch 2" in output and "train 25.00%, test mse 1.5" in output and "15.0/20.0" in output


def test_without_a_terminal_there_is_no_bar(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)  # another test may have imported it
    bar = Bar()
    with bar.over(1, per_epoch=10):
        bar.at(0, 5)
        bar.measured({"train_error": 0.25})
    assert capsys.readouterr().err == ""

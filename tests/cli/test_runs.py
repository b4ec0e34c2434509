"""Folders of runs: names that carry their options, the list of runs, one that is shown, and what is not replaced."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import recircuit as rc
from recircuit.cli.application import app
from recircuit.cli.reproduce import _check_result
from recircuit.errors import UsageError
from recircuit.models.runs.config import RunConfig

QUICK = ["--layers", "64-6-10", "--batch-size", "100", "--backend", "numpy", "--epochs", "1"]


def call(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def train(*options: str) -> None:
    call("train", "digits", *QUICK, *options)


def test_a_folder_is_named_by_what_decides_the_run() -> None:
    def name(**options: object) -> str:
        return RunConfig.of(data="digits", **options).folder().name

    assert name() == name(epochs=9) == name(backend="cpp") == name(data_dir="/x")
    names = [name(), name(transfer="tanh"), name(rate=0.5), name(layers="64-3-10"), name(rule="frfb"), name(seed=1)]
    names += [name(rule="a/mine.py:mine"), name(rule="b/mine.py:mine"), name(model="simpnet"), name(loss="mse")]
    assert len(set(names)) == len(names)
    assert names[0].startswith("digits-urfb-") and names[0].endswith("-0")
    assert RunConfig.of(data="a b/../ä.npz").folder().parent == Path("runs")


def test_runs_are_listed_and_one_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for options in (("--transfer", "tanh"), ("--transfer", "relu"), ("--transfer", "relu", "--rule", "frfb")):
        train(*options)
    with pytest.raises(UsageError, match="holds a finished run"):
        train("--transfer", "relu")
    listed = call("runs").splitlines()
    assert len(listed) == 6 and sum("transfer relu" in line for line in listed) == 2
    runs = sorted((tmp_path / "runs").iterdir())
    for line, folder in zip(listed[1:], runs, strict=False):
        history = rc.load_run(folder).history
        assert line.startswith(folder.name) and f"{history.test_error:.2%}" in line and "1 of 1" in line
    (runs[0] / "curves.png").unlink()
    shown = call("show", runs[0].name)
    assert "transfer" in shown and "test error" in shown and (runs[0] / "curves.png").exists()
    call("show", str(runs[1]), "--out", "figure.svg")
    assert (tmp_path / "figure.svg").read_text().startswith("<?xml")
    with pytest.raises(UsageError, match=r"written as \.png, \.pdf or \.svg"):
        call("show", str(runs[1]), "--out", "figure")


def test_runs_of_python_and_damaged_ones_are_listed(tmp_path: Path) -> None:
    data = rc.load("digits")
    rc.train(rc.layered([64, 5, 10], batch_size=100), data, out=tmp_path / "mine", backend="numpy", progress=False)
    rc.train(rc.layered([64, 5, 10], batch_size=100), data, out=tmp_path / "bad", backend="numpy", progress=False)
    (tmp_path / "bad" / "config.json").write_text("{")
    listed = call("runs", str(tmp_path))
    assert "mine" in listed and "is not what recircuit writes" in listed
    with pytest.raises(UsageError, match="there is no folder"):
        call("runs", str(tmp_path / "none"))
    with pytest.raises(UsageError, match="holds no run"):
        call("show", str(tmp_path))


def test_a_run_of_a_circuit_that_was_trained_before_is_whole(tmp_path: Path) -> None:
    net, options = rc.layered([4, 3, 2]), {"backend": "numpy", "progress": False}
    x, y = np.random.default_rng(0).normal(size=(20, 4)), np.arange(20) % 2

    class Columns:
        def on_epoch_measure(self, epoch: int, net: rc.Circuit) -> dict[str, float]:
            return {"log_mse": -0.5, "points_of_test_error": 7.0}

    rc.train(net, (x, y), 2, **options)
    rc.train(net, (x, y), 3, out=tmp_path / "mine", callbacks=Columns(), **options)
    shown = call("show", str(tmp_path / "mine"))
    assert "3 epochs" in shown and "cannot be read" not in shown
    assert "damaged" not in call("runs", str(tmp_path))


@pytest.mark.parametrize(
    "damage",
    ['{"seeds": 3}', '{"checks": [1]}', '{"checks": [], "seconds": "long"}', '{"checks": {"a": 1}}', "[]", "{"],
)
def test_a_damaged_result_of_an_experiment_counts_for_nothing(
    damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "runs" / "reproduce" / "lillicrap-xor"
    folder.mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    without = call("reproduce")
    (folder / "result.json").write_text(damage)
    assert call("reproduce") == without
    _check_result(folder, quick=True, seeds=0)


def test_a_smaller_result_does_not_replace_a_larger_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "runs" / "reproduce" / "lillicrap-xor"
    folder.mkdir(parents=True)
    whole = {"quick": False, "seeds": [], "seconds": 90.0, "checks": [{"ok": True}, {"ok": False}]}
    (folder / "result.json").write_text(json.dumps(whole))
    (line,) = (line for line in call("reproduce").splitlines() if line.startswith("lillicrap-xor"))
    assert "90 s" in line and "1 of 2 checks hold" in line
    with pytest.raises(UsageError, match="holds a larger result"):
        call("reproduce", "lillicrap-xor", "--quick")
    assert json.loads((folder / "result.json").read_text()) == whole


@pytest.mark.parametrize(
    "table",
    [
        "epoch,epoch\n1,1", "epoch,test_error\n1,.5\n3,.4", "epoch,test_error\n1,2", "epoch,test_error\n1,-.5",
        "epoch,test_error\n1,inf", "epoch,test_error\n1,", "epoch,test_mse\n1,-1", "epoch,seconds\n1,inf",
        "epoch,seconds\n1,-1", "epoch,seconds\n1,1_0", "epoch,seconds\n1,٣", "test_error\n.5", "epoch,test_error\n1,.5\n2",
        "epoch,seconds\n0,1", "epoch,seconds\n1.5,1\n2.5,1",
    ],
)  # fmt: skip
def test_values_that_no_run_measures_are_reported(table: str, tmp_path: Path) -> None:
    (tmp_path / "metrics.csv").write_text(table)
    (tmp_path / "weights.safetensors").touch()
    assert all("metrics.csv cannot be read" in call(*command, str(tmp_path)) for command in (["runs"], ["show"]))


def test_what_was_not_measured_is_no_damage(tmp_path: Path) -> None:
    (tmp_path / "metrics.csv").write_text("epoch,seconds,test_error,test_mse\n1,0,nan,inf\n2,1e-05,1,0\n")
    (tmp_path / "weights.safetensors").touch()
    assert "damaged" not in call("show", str(tmp_path))

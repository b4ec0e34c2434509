"""`recircuit robustness`: its folder, its table, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from recircuit.cli import main

RANDOM = np.random.default_rng(0)


def code_of(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return int(ended.value.code or 0)


def test_what_is_worse_and_what_is_left_in_the_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labels = RANDOM.integers(3, size=80)
    x = np.eye(4)[labels] + 0.1 * RANDOM.random((80, 4))
    parts = {"x_train": x[:60], "y_train": labels[:60], "x_test": x[60:], "y_test": labels[60:]}
    np.savez(tmp_path / "small.npz", **parts)  # type: ignore[arg-type]
    folder = tmp_path / "found"
    command = ["robustness", str(tmp_path / "small.npz"), "--rules", "frfb", "--layers", "4-5-3", "--out", str(folder)]
    assert code_of(*command, "--epochs", "8", "--batch-size", "10") == 0
    assert "| frfb |" in capsys.readouterr().out
    assert {p.name for p in folder.iterdir()} >= {f"robustness.{kind}" for kind in ("md", "csv", "json", "png")}
    runs = json.loads((folder / "robustness.json").read_text())["runs"]
    assert [run["axis"] for run in runs] == [
        "ideal",
        *(axis for axis in ("jitter", "noise", "grid", "delay") for _ in "ab"),
    ]
    errors = {(run["axis"], run["value"]): run["test_error"] for run in runs}
    assert (
        errors["ideal", 0] == errors["delay", 1] == errors["delay", 3]
    )  # step by step, with more time for late signals
    assert code_of(*command) == 2 and "Add --overwrite" in capsys.readouterr().err

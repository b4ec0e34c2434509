"""`recircuit compare`: its folder, its table, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from recircuit.cli import main

RANDOM = np.random.default_rng(0)


@pytest.fixture
def small(tmp_path: Path) -> str:
    """Write three classes that can be told apart to a file."""
    labels = RANDOM.integers(3, size=80)
    x = np.eye(4)[labels] + 0.1 * RANDOM.random((80, 4))
    parts = {"x_train": x[:60], "y_train": labels[:60], "x_test": x[60:], "y_test": labels[60:]}
    np.savez(tmp_path / "small.npz", **parts)  # type: ignore[arg-type]
    return str(tmp_path / "small.npz")


def code_of(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return int(ended.value.code or 0)


def test_a_comparison_leaves_its_files(small: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "compared"
    command = ["compare", small, "--rules", "bp,frfb", "--layers", "4-5-3", "--epochs", "2", "--out", str(folder)]
    assert code_of(*command, "--seeds", "0,3", "--batch-size", "10") == 0
    output = capsys.readouterr()
    assert "| bp |" in output.out and "frfb, seed 3: test error" in output.err
    assert {p.name for p in folder.iterdir()} >= {f"comparison.{kind}" for kind in ("md", "csv", "json", "png")}
    written = json.loads((folder / "comparison.json").read_text())
    assert [(row["rule"], row["seeds"], row["local"]) for row in written["rules"]] == [
        ("bp", 2, False),
        ("frfb", 2, True),
    ]
    assert written["rules"][0]["angle_last"] < 0.01 < written["rules"][1]["angle_last"]
    assert code_of(*command) == 2 and "Add --overwrite" in capsys.readouterr().err
    assert json.loads((folder / "comparison.json").read_text()) == written


def test_a_rule_without_a_circuit_is_refused_before_any_run(small: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of("compare", small, "--rules", "bp,nosuch", "--out", "nowhere") == 2
    assert "nosuch" in capsys.readouterr().err and not Path("nowhere").exists()

"""Commands work where the terminal's encoding does not have every sign."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from recircuit.cli import main
from recircuit.models.training.history import History


def in_ascii(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> tuple[object, str]:
    """Return the exit code of a command, and all that it writes."""
    written = io.BytesIO()
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, io.TextIOWrapper(written, encoding="ascii", write_through=True))
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return ended.value.code, written.getvalue().decode("ascii")


def test_a_training_prints_what_it_measures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    short = ["--layers", "64-3-10", "--epochs", "1", "--backend", "numpy", "--out", str(tmp_path / "run")]
    code, text = in_ascii(["train", "digits", *short], monkeypatch)
    assert code == 0 and " degrees" in text and "Test error" in text


def test_runs_are_listed_and_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured = {"epoch": 1.0, "seconds": 0.5, "test_error": 0.25, "h1_angle": 30.0}
    (tmp_path / "metrics.csv").write_text(History([measured, measured | {"epoch": 2.0, "test_error": 0.05}]).csv())
    (tmp_path / "weights.safetensors").touch()
    assert in_ascii(["runs", str(tmp_path.parent)], monkeypatch)[0] == 0
    code, text = in_ascii(["show", str(tmp_path)], monkeypatch)
    assert code == 0 and "30 degrees -> 30 degrees" in text and "#.  25.00% -> 5.00%" in text


def test_an_option_that_does_not_exist_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    code, text = in_ascii(["train", "digits", "--ü"], monkeypatch)
    assert code == 2 and r"--\xfc" in text


def test_a_name_of_other_characters_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    code, text = in_ascii(["train", "digits", "--rule", "ü\udcff"], monkeypatch)
    assert code == 2 and r"\xfc\udcff" in text


def test_a_folder_whose_name_is_no_text_in_the_locale(tmp_path: Path) -> None:
    """Brian2 writes the command into its log when it is imported."""
    plain = os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    program = [sys.executable, "-c", "from recircuit.cli import main; main()"]
    options = ["--layers", "64-3-10", "--epochs", "1", "--backend", "numpy", "--out", "r\xe9"]
    done = subprocess.run(
        [*program, "train", "digits", *options], env=plain, cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "r\xe9" / "weights.safetensors").is_file()

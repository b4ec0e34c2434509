"""The Lansdell experiment on digits, quick: its checks hold."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from recircuit.cli import app


def test_quick_run_holds_all_its_checks(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["reproduce", "lansdell-mnist", "--quick", "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["id"] == "lansdell-mnist" and result["quick"] and all(check["ok"] for check in result["checks"])

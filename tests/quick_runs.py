"""What every experiment's quick run shows, by the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from recircuit.cli.application import app

KEYS = {"id", "paper", "backend", "seeds", "quick", "seconds", "checks", "unchecked"}
CHECK = {"what", "paper", "value", "target", "relation", "ok"}


def quick_run(name: str, folder: Path) -> dict[str, Any]:
    """Run it into a folder: it ends well, all checks hold, and the files are what they should be. The result."""
    done = CliRunner().invoke(app, ["reproduce", name, "--quick", "--out", str(folder)])
    assert done.exit_code == 0, done.output
    result = json.loads((folder / "result.json").read_text())
    assert set(result) == KEYS
    assert (result["id"], result["quick"], result["backend"]) == (name, True, "numpy")
    assert result["checks"] and all(set(row) == CHECK for row in result["checks"])
    assert [row["what"] for row in result["checks"] if not row["ok"]] == []
    assert (folder / "figure.png").read_bytes()[:4] == b"\x89PNG"
    return result

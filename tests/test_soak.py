"""A short form of the soak (``make soak``): odd inputs, kills, Ctrl-C, and presentations with the memory watched."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from recircuit.circuits.backends.cpp.compiler import missing_compiler

ROOT = Path(__file__).resolve().parents[1]
NEED_A_COMPILER = ("packets to workers", "kills", "Ctrl-C")
SHARES = {
    "calls of the API": 0.2, "equations and names": 0.2, "command lines": 0.05, "folders of runs": 0.05, "data files": 0.2,
    "circuits and checkpoints": 0.2, "answers of workers": 1.0, "packets to workers": 0.1, "kills": 0.03, "Ctrl-C": 0.05,
    "presentations": 0.02, "estimators": 0.2, "displays": 0.1,
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("part", SHARES)
def test_nothing_is_executed_lost_or_wrong_and_nothing_hangs(part: str, tmp_path: Path) -> None:
    if part in NEED_A_COMPILER and (why := missing_compiler()):
        pytest.skip(why)
    command = [sys.executable, "-W", "ignore", "-m", "tools.soak", "--share", str(SHARES[part]), "--part", part]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "found.txt")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr + (tmp_path / "found.txt").read_text()


def test_the_soak_tries_its_parts() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.soak", "--help"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 and all(part in " ".join(done.stdout.split()) for part in SHARES), done.stderr

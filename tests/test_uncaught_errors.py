"""Errors that end a script are shown as Python shows them: Brian2 asks for no report of what is no fault of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ASKS = "Brian 2 encountered an unexpected error"
SCRIPT = """
import sys, brian2, recircuit as rc
rc.Circuit
for line in sys.argv[1:]:
    try:
        exec(line)
    except Exception as problem:
        sys.excepthook(type(problem), problem, problem.__traceback__)
    print("-----", file=sys.stderr, flush=True)
"""


def test_brian2_asks_for_reports_of_its_own_errors_alone(tmp_path: Path) -> None:
    lines = {
        "{}['a']": ("KeyError: 'a'", False),
        "brian2.ms + brian2.mV": ("DimensionMismatchError", False),
        "rc.Circuit(batch_size=-2)": ("RecircuitError: Circuit: batch_size", False),
        "brian2.NeuronGroup(1, 5)": ("TypeError", True),
    }
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, tmp_path / "script.py", *lines]
    outputs = subprocess.run(command, capture_output=True, text=True, check=True).stderr.split("-----")
    for text, (message, asks) in zip(outputs, lines.values(), strict=False):
        assert message in text and (ASKS in text) is asks

"""The script of docs/first_script.md, as a newcomer would run it: in a file, in an empty folder."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "first_script.md"


def test_the_script_runs_as_written(tmp_path: Path) -> None:
    (script,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    assert len(script.splitlines()) <= 15
    (tmp_path / "script.py").write_text(script + 'assert plt.get_fignums(), "no figure is shown"\n', encoding="utf-8")
    done = subprocess.run([sys.executable, "-W", "ignore", "script.py"], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    counts = [int(n) for n in re.findall(r"\d+", done.stdout)]
    assert len(counts) == 4 and sum(counts) == 600
    assert (counts[0] + counts[3]) / 600 > 0.93  # 53% of the points are outside
    assert (tmp_path / "circle.safetensors").exists()

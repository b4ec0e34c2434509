"""The soak: odd inputs at every public door, kills, Ctrl-C and a long run. ``make soak``, or ``python -m tools.soak --help``.

Everything that is found is written with its seed and its input into the folder of ``--out``.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for folder in (ROOT, ROOT / "tests"):  # the doors and the odd values are those of the tests
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

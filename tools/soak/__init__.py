"""The soak: odd inputs for every public function, kills, Ctrl-C and a long run.

It is started by ``make soak``; ``python -m tools.soak --help`` shows its options.

Everything that is found is written with its seed and its input into the folder of ``--out``.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for folder in (ROOT, ROOT / "tests"):  # the calls and the odd values are those of the tests
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

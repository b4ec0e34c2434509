"""``python -m tools.long_runs``: the number of threads is set before any library is loaded."""

from __future__ import annotations

import os

if __name__ == "__main__":
    for name in ("OPENBLAS_NUM_THREADS", "RECIRCUIT_THREADS"):
        os.environ[name] = "1"
    from .runner import main

    main()

"""The backend numpy: Brian2's numpy runtime, in this process."""

from __future__ import annotations

import os

from ...lowering.lowered import Lowered
from ..base import Backend
from ..program import Program


class NumpyBackend(Backend):
    """Runs in this process, and needs no compiler."""

    name = "numpy"
    summary = "Brian2's numpy runtime in this process; it needs no compiler."

    def open(self, lowered: Lowered) -> Program:
        from .program import NumpyProgram

        return NumpyProgram(lowered)

    def threads(self) -> int:
        """Return the number of threads of the matrix products. The same run has other bits with another number."""
        for name in ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS"):
            if os.environ.get(name, "").isdigit() and int(os.environ[name]) > 0:
                return int(os.environ[name])
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


BACKEND = NumpyBackend()

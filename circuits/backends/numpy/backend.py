"""The backend numpy: Brian2's numpy runtime, in this process."""

from __future__ import annotations

from ....processor import threads_of
from ...lowering.lowered import Lowered
from ..base import Backend
from ..program import Program


class NumpyBackend(Backend):
    """The backend that runs circuits in this process, and needs no compiler."""

    name = "numpy"
    about = "Brian2's numpy runtime in this process; it needs no compiler."

    def open(self, lowered: Lowered) -> Program:
        from .program import NumpyProgram

        return NumpyProgram(lowered)

    def threads(self) -> int:
        """Return the number of threads of the matrix products. With another number, the last bits of results differ."""
        return threads_of("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS")


BACKEND = NumpyBackend()

"""A circuit compiled for the cores of the processor."""

from __future__ import annotations

from ....errors import RecircuitError
from ...lowering.lowered import Lowered
from ..compiled import CompiledProgram
from .compiler import missing_compiler, toolchain
from .device import WorkerDevice


class CppProgram(CompiledProgram):
    """Runs in a worker of its own."""

    backend = "cpp"

    def __init__(self, lowered: Lowered) -> None:
        missing = missing_compiler()
        if missing:
            raise RecircuitError(f"backend cpp: {missing}. The backend numpy needs no compiler.")
        super().__init__(lowered, WorkerDevice(), toolchain())

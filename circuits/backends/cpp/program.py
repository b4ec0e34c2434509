"""A circuit compiled for the cores of the processor."""

from __future__ import annotations

from ....errors import RecircuitError
from ...lowering.lowered import Lowered
from ..compiled import CompiledProgram
from ..compiled.cache import missing_cache
from .compiler import missing_compiler, toolchain
from .device import WorkerDevice


class CppProgram(CompiledProgram):
    """Runs in a worker of its own."""

    backend = "cpp"

    def __init__(self, lowered: Lowered) -> None:
        if missing := missing_compiler() or missing_cache():
            raise RecircuitError(f"backend cpp: {missing}. The backend numpy needs no compiler and no cache.")
        super().__init__(lowered, WorkerDevice(), toolchain())

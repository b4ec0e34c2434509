"""A circuit compiled for the cores of the processor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....errors import RecircuitError
from ..compiled import CompiledProgram
from .compiler import missing_compiler, toolchain
from .device import WorkerDevice

if TYPE_CHECKING:
    from ...circuit import Circuit


class CppProgram(CompiledProgram):
    """Runs in a worker of its own."""

    backend = "cpp"

    def __init__(self, circuit: Circuit) -> None:
        missing = missing_compiler()
        if missing:
            raise RecircuitError(f"backend cpp: {missing}. The backend numpy needs no compiler.")
        super().__init__(circuit, WorkerDevice(), toolchain())

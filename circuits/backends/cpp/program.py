"""A circuit compiled for the cores of the processor."""

from __future__ import annotations

from ....errors import RecircuitError
from ...lowering.lowered import Lowered
from ..compiled import CompiledProgram
from ..compiled.cache import missing_cache
from ..compiled.program import WritesSources
from .compiler import missing_compiler, toolchain, tools


class CppProgram(CompiledProgram):
    """A program for the processor, which runs in a worker process of its own."""

    backend = "cpp"

    def __init__(self, lowered: Lowered) -> None:
        _refuse(missing_cache())
        super().__init__(lowered, _ready, tools())


def _ready() -> tuple[WritesSources, str]:
    """Return the device that writes the code, and what its compilation depends on; refuse a compiler that does not work."""
    _refuse(missing_compiler())
    from .device import WorkerDevice

    return WorkerDevice(), toolchain()


def _refuse(missing: str) -> None:
    if missing:
        raise RecircuitError(f"backend cpp: {missing}. The backend numpy needs no compiler and no cache.")

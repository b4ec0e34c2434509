"""The backend cpp: Brian2's C++ standalone mode, compiled once and kept in a cache."""

from __future__ import annotations

from importlib.util import find_spec

from ...lowering.lowered import Lowered
from ..base import Backend
from ..program import Program


class CppBackend(Backend):
    """The backend that compiles circuits for the cores of the processor."""

    name = "cpp"
    about = "Brian2's C++ standalone mode, compiled once for each circuit and kept in a cache."
    needs = "a compiler"
    build_seconds = 8.0
    seeks_speed = True

    def missing(self) -> str:
        from ..compiled.cache import missing_cache
        from .compiler import missing_compiler

        library = "" if find_spec("scipy_openblas32") else "no OpenBLAS (pip install scipy-openblas32)"
        return missing_compiler() or library or missing_cache()

    def open(self, lowered: Lowered) -> Program:
        from .program import CppProgram

        return CppProgram(lowered)

    def threads(self) -> int:
        from ..compiled.worker import threads

        return threads()


BACKEND = CppBackend()

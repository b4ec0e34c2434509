"""Backends: how an assembled circuit runs. One folder each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import RecircuitError
from .program import Program, RunResult

if TYPE_CHECKING:
    from ..circuit import Circuit

BACKENDS = ("numpy", "cpp")

__all__ = ["BACKENDS", "Program", "RunResult", "choose_backend", "open_program"]


def choose_backend(name: str) -> tuple[str, str]:
    """The backend that ``name`` stands for, and, for ``auto``, why (empty otherwise)."""
    if name != "auto":
        if name not in BACKENDS:
            raise RecircuitError(f"backend: expected one of {', '.join(BACKENDS)} or auto; got {name!r}.")
        return name, ""
    from .cpp.compiler import missing_compiler

    missing = missing_compiler()
    return ("numpy", missing) if missing else ("cpp", "")


def open_program(circuit: Circuit, backend: str) -> Program:
    """Build a circuit for a backend."""
    name, _ = choose_backend(backend)
    if name == "numpy":
        from .numpy import NumpyProgram

        return NumpyProgram(circuit)
    from .cpp import CppProgram

    return CppProgram(circuit)

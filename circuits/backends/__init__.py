"""Backends: how an assembled circuit runs. One folder each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import RecircuitError
from .program import Program, RunResult

if TYPE_CHECKING:
    from ..circuit import Circuit

BACKENDS = ("numpy", "cpp", "cuda")

__all__ = ["BACKENDS", "Program", "RunResult", "choose_backend", "missing_for", "open_program"]


def choose_backend(name: str) -> tuple[str, str]:
    """The backend that ``name`` stands for, and, for ``auto``, what the better ones lack (empty otherwise)."""
    if name != "auto":
        if name not in BACKENDS:
            raise RecircuitError(f"backend: expected one of {', '.join(BACKENDS)} or auto; got {name!r}.")
        return name, ""
    lacking: list[str] = []
    for better in ("cuda", "cpp"):
        missing = missing_for(better)
        if not missing:
            return better, "; ".join(lacking)
        lacking.append(f"{better}: {missing}")
    return "numpy", "; ".join(lacking)


def missing_for(backend: str) -> str:
    """What a backend lacks on this machine, and what to do about it; empty if nothing."""
    if backend == "cuda":
        from .cuda.requirements import missing_cuda

        return missing_cuda()
    if backend == "cpp":
        from .cpp.compiler import missing_compiler

        return missing_compiler()
    return ""


def open_program(circuit: Circuit, backend: str) -> Program:
    """Build a circuit for a backend."""
    name, _ = choose_backend(backend)
    if circuit.matmul != "full" and name != "cuda":
        raise RecircuitError(f"matmul {circuit.matmul}: only the backend cuda has it; the backend is {name}.")
    if name == "numpy":
        from .numpy import NumpyProgram

        return NumpyProgram(circuit)
    if name == "cuda":
        from .cuda import CudaProgram

        return CudaProgram(circuit)
    from .cpp import CppProgram

    return CppProgram(circuit)

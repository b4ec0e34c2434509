"""The backend cuda: Brian2CUDA and cuBLAS, on an NVIDIA GPU."""

from __future__ import annotations

from importlib.metadata import version

from ...lowering.lowered import Lowered
from ..base import Backend
from ..program import Program


class CudaBackend(Backend):
    """The backend that compiles circuits for a GPU. It uses one thread of the processor, which launches kernels."""

    name = "cuda"
    about = "Brian2CUDA and cuBLAS on an NVIDIA GPU, compiled once for each circuit and kept in a cache."
    needs = "a GPU"
    build_seconds = 20.0
    seeks_speed = True

    def missing(self) -> str:
        from .requirements import missing_cuda, missing_place

        return missing_cuda() or missing_place()

    def open(self, lowered: Lowered) -> Program:
        from .program import CudaProgram

        return CudaProgram(lowered)

    def versions(self) -> dict[str, str]:
        from . import gpu, requirements, toolkit

        card, tools = gpu.find_gpu(), toolkit.find_toolkit()
        if isinstance(card, gpu.NoGpu) or tools is None:
            return {}
        about = {"gpu": card.name, "cuda": requirements.dotted(tools.version), "cublas": str(tools.library)}
        return about | {"brian2cuda": version("brian2cuda")}


BACKEND = CudaBackend()

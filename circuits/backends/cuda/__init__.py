"""The cuda backend: a circuit as a CUDA program by Brian2CUDA, with products by cuBLAS, kept alive as a worker."""

from .program import CudaProgram

__all__ = ["CudaProgram"]

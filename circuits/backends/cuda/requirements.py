"""The requirements of the cuda backend: what is missing on this machine, and the command that installs it."""

from __future__ import annotations

import re
from importlib.util import find_spec

from . import gpu
from .gpu import Gpu
from .toolkit import Toolkit, Version, find_toolkit

#: Bytes of the GPU's memory that are kept for the driver and for cuBLAS, besides what the circuit needs.
RESERVED = 700 << 20

DRIVER = "Install NVIDIA's driver (apt install nvidia-driver), or use the backend cpp or numpy"
#: Characters to which a shell gives a special meaning, also between double quotes.
UNQUOTED = re.compile(r"[$`\"\\\n!]")
NVCC = "Install the CUDA toolkit (https://developer.nvidia.com/cuda-downloads) and name its folder in CUDA_HOME"


def missing_cuda() -> str:
    """Return what is missing, and what to do about it; empty if nothing is."""
    found = gpu.find_gpu()
    return missing_driver(found) or missing_tools() or _mismatch(found)


def missing_driver(found: Gpu | str) -> str:
    """Return what is missing of the GPU and its driver; empty if nothing is."""
    return f"{found}. {DRIVER}" if isinstance(found, str) else ""


def missing_tools() -> str:
    """Return what is missing of the tools that compile, with or without a GPU; empty if nothing is."""
    if find_spec("brian2cuda") is None:
        return "Brian2CUDA is not installed: pip install 'recircuit[cuda]'"
    toolkit = find_toolkit()
    if toolkit is None:
        return f"no CUDA compiler (nvcc is neither in CUDA_HOME nor on the PATH). {NVCC}"
    if toolkit.library is None:
        return f"no cuBLAS of CUDA {toolkit.version[0]} (cublas_v2.h and libcublas.so): {cublas_command(toolkit)}"
    if found := UNQUOTED.search(str(toolkit.nvcc)):
        return f"nvcc passes its own path to a shell, and {str(toolkit.nvcc)!r} has {found[0]!r} in it. {NVCC}"
    return ""


def _mismatch(found: Gpu | str) -> str:
    """Return which versions do not fit each other; empty if all do."""
    toolkit = find_toolkit()
    assert isinstance(found, Gpu) and toolkit is not None
    if not toolkit.compiles_for(found.capability):
        return (
            f"the GPU {found.name} (compute capability {dotted(found.capability)}) is too old for CUDA "
            f"{dotted(toolkit.version)}, which begins at {dotted(toolkit.cards[0])}. Use an older toolkit "
            "(CUDA 12 goes back to 5.0), and name its folder in CUDA_HOME"
        )
    if toolkit.version[0] > found.driver[0]:
        return (
            f"the NVIDIA driver runs programs of CUDA {dotted(found.driver)} and older, and the toolkit is CUDA "
            f"{dotted(toolkit.version)}. Update the driver, or name the folder of an older toolkit in CUDA_HOME"
        )
    return ""


def cublas_command(toolkit: Toolkit) -> str:
    """Return the command that installs cuBLAS of the toolkit's version."""
    extra = "cuda" if toolkit.version[0] >= 13 else f"cuda{toolkit.version[0]}"
    return f"pip install 'recircuit[{extra}]'"


def dotted(version: Version) -> str:
    """Return a version as text, such as ``"9.0"`` for ``(9, 0)``."""
    return f"{version[0]}.{version[1]}"

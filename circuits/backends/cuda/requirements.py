"""The requirements of the cuda backend: what is missing on this machine, and the command that installs it."""

from __future__ import annotations

import os
import re
import shutil
from importlib.util import find_spec

from ..compiled.cache import cache_folder, missing_cache
from . import gpu
from .gpu import Gpu, NoGpu
from .toolkit import NVCC_OPTIONS, Toolkit, Version, find_nvcc, find_toolkit

#: Bytes of the GPU's memory that are kept for the driver and for cuBLAS, besides what the circuit needs.
RESERVED = 700 << 20

#: The oldest toolkit that compiles what is generated, by its major version.
OLDEST = 12
#: Characters to which a shell gives a special meaning, also between double quotes.
UNQUOTED = re.compile(r"[$`\"\\\n!]")
NVCC = "Install the CUDA toolkit (https://developer.nvidia.com/cuda-downloads) and name its folder in CUDA_HOME"


def missing_cuda() -> str:
    """Return what is missing, and what to do about it; empty if nothing is."""
    found = gpu.find_gpu()
    return missing_driver(found) or missing_tools() or _mismatch(found)


def missing_driver(found: Gpu | NoGpu) -> str:
    """Return what is missing of the GPU and its driver; empty if nothing is."""
    return "" if isinstance(found, Gpu) else f"{found.why}. {found.remedy}, or use the backend cpp or numpy"


def missing_tools() -> str:
    """Return what is missing of the tools that compile, with or without a GPU; empty if nothing is."""
    if find_spec("brian2cuda") is None:
        return "Brian2CUDA is not installed: pip install 'recircuit[cuda]'"
    toolkit = find_toolkit()
    if toolkit is None:
        return f"{no_compiler()}. {NVCC}"
    if toolkit.version[0] < OLDEST:
        return f"{toolkit.nvcc} is of CUDA {dotted(toolkit.version)}, which is too old: CUDA 12 or 13 is needed. {NVCC}"
    if toolkit.library is None:
        return f"no cuBLAS of CUDA {toolkit.version[0]} (cublas_v2.h and libcublas.so): {cublas_command(toolkit)}"
    if found := UNQUOTED.search(str(toolkit.nvcc)):
        return f"nvcc passes its own path to a shell, and {str(toolkit.nvcc)!r} has {found[0]!r} in it. {NVCC}"
    return missing_host_compiler()


def no_compiler() -> str:
    """Return why no toolkit was found, without a full stop."""
    if (nvcc := find_nvcc()) is None:
        return "no CUDA compiler (nvcc is neither in CUDA_HOME nor on the PATH)"
    return f"no CUDA compiler ({nvcc} does not start, or does not say its version)"


def missing_host_compiler() -> str:
    """Return that nvcc has no compiler for C++ to call, and what to do about it; empty if it has one."""
    options = " ".join(os.environ.get(name, "") for name in NVCC_OPTIONS)
    if os.environ.get("NVCC_CCBIN") or "-ccbin" in options or "--compiler-bindir" in options or shutil.which("g++"):
        return ""
    return (
        "nvcc needs g++, which is not there. Install it (apt install g++), or name another C++ compiler in NVCC_CCBIN"
    )


def missing_place() -> str:
    """Return what is wrong with the folder in which circuits are compiled, and what to do about it; empty if nothing is."""
    if problem := missing_cache():
        return problem
    folder = str(cache_folder().resolve())
    if found := UNQUOTED.search(folder):
        return f"nvcc passes paths to a shell, and the cache {folder!r} has {found[0]!r} in it. Name another in RECIRCUIT_CACHE"
    return ""


def _mismatch(found: Gpu | NoGpu) -> str:
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
    """Return how cuBLAS of the toolkit's version is installed."""
    extra = {12: "cuda12", 13: "cuda"}.get(toolkit.version[0])
    return f"pip install 'recircuit[{extra}]'" if extra else "install the toolkit with its libraries"


def dotted(version: Version) -> str:
    """Return a version as text, such as ``"9.0"`` for ``(9, 0)``."""
    return f"{version[0]}.{version[1]}"

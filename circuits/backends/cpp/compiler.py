"""The C++ compiler and the matrix library: where they are, and how the code is compiled."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path

#: Without -fno-finite-math-only (which Brian2 adds), so that tanh and exp vectorise; NaN is looked for by its bits.
FLAGS = ("-w", "-O3", "-ffast-math", "-march=native", "-std=c++17")
if platform.machine() in ("x86_64", "AMD64"):
    FLAGS += ("-mprefer-vector-width=512",)  # as wide as there are: by itself GCC takes half of them on many processors


def compiler() -> str:
    """The command of the C++ compiler."""
    return os.environ.get("CXX", "g++")


def missing_compiler() -> str:
    """What is missing for compiled circuits, and what to do about it; empty if nothing is."""
    if shutil.which(compiler()) is None:
        return f"no C++ compiler ({compiler()!r} is not on the PATH; install g++, or name one in CXX)"
    if shutil.which("make") is None:
        return "no 'make' on the PATH"
    return ""


@cache
def toolchain() -> str:
    """Everything but the sources that a compiled program depends on."""
    said = subprocess.run([compiler(), "--version"], capture_output=True, text=True, check=False).stdout
    libraries = " ".join(f"{p}={version(p)}" for p in ("Brian2", "scipy-openblas32"))
    return "\n".join([said.splitlines()[0] if said else "", libraries, processor(), *FLAGS])


@cache
def processor() -> str:
    """The model of the processor, as -march=native sees it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    wanted = ("model name", "flags")
    return "\n".join(next((line for line in lines if line.startswith(w)), "") for w in wanted)

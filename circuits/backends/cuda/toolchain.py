"""Everything that a program compiled for a GPU depends on besides its sources."""

from __future__ import annotations

import os
from importlib.metadata import version

from .toolkit import FLAGS, NVCC_OPTIONS, Toolkit, said


def toolchain(toolkit: Toolkit, architecture: tuple[str, ...]) -> str:
    """Return the versions of the compiler, of the libraries and of Brian2CUDA, and the options."""
    packages = " ".join(f"{package}={version(package)}" for package in ("Brian2", "brian2cuda"))
    given = [os.environ.get(name, "") for name in ("NVCC_CCBIN", *NVCC_OPTIONS)]
    return "\n".join([said(toolkit.nvcc, "--version"), packages, str(toolkit.library), *given, *architecture, *FLAGS])

"""The CUDA toolkit and cuBLAS: where they are, which versions they have, and for which GPUs they compile."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

#: The options do not include -use_fast_math, whose tanh has 11 correct bits.
FLAGS = ("-O3", "-std=c++17", "-w")
#: Environment variables with options that nvcc adds to every call.
NVCC_OPTIONS = ("NVCC_PREPEND_FLAGS", "NVCC_APPEND_FLAGS")

#: The name of a toolkit's folder for this kind of processor, and that of CUDA's static runtime.
TARGET = "sbsa-linux" if platform.machine() == "aarch64" else "x86_64-linux"
STATIC = "libcudart_static.a"

Version = tuple[int, int]

#: The names of the links that a project has to the folders of cuBLAS and of CUDA's static runtime.
INCLUDE, LIBRARY, RUNTIME = "cublas_include", "cublas_library", "cuda_runtime"


@dataclass(frozen=True)
class Toolkit:
    """An nvcc, and the cuBLAS that goes with it.

    Parameters
    ----------
    nvcc : Path
        The path of the compiler nvcc.
    version : Version
        The version of the toolkit.
    cards : tuple[Version, ...]
        The compute capabilities that it compiles for, as (major, minor).
    include, library : Path | None
        The folder of ``cublas_v2.h``, and the file ``libcublas.so``; None where they are missing.
    runtime : Path | None
        The folder of CUDA's static runtime, if nvcc does not look there by itself. pip's packages put it into ``lib``, and nvcc
        looks into ``lib64``.
    """

    nvcc: Path
    version: Version
    cards: tuple[Version, ...]
    include: Path | None
    library: Path | None
    runtime: Path | None = None

    def link_into(self, folder: Path) -> None:
        """Make links to the folders of libraries. Their paths are simple, since nvcc passes paths to a shell unquoted."""
        assert self.include is not None and self.library is not None
        (folder / INCLUDE).symlink_to(self.include.absolute(), target_is_directory=True)
        (folder / LIBRARY).symlink_to(self.library.parent.absolute(), target_is_directory=True)
        if self.runtime is not None:
            (folder / RUNTIME).symlink_to(self.runtime.absolute(), target_is_directory=True)

    @property
    def include_options(self) -> tuple[str, ...]:
        """Return the options for compiling against cuBLAS, in a folder with the links."""
        return ("-I", INCLUDE)

    @property
    def library_options(self) -> tuple[str, ...]:
        """Return the options for linking with cuBLAS in a folder with the links, where the program finds it later.

        The library is named by its file, since wheels have no unversioned name. The program is started in its folder.
        Without the new dynamic tags, that path is also searched for libcublasLt, which libcublas needs and may not find.
        """
        assert self.library is not None
        paths = (f"-rpath={LIBRARY}", f"-rpath-link={LIBRARY}", "--disable-new-dtags")
        linked = (f"{LIBRARY}/{self.library.name}", *paths)
        runtime = () if self.runtime is None else ("-L", RUNTIME)
        return (*runtime, *(word for option in linked for word in ("-Xlinker", option)))

    def compiles_for(self, capability: Version) -> bool:
        """Return whether a GPU is new enough for the toolkit."""
        return any(card <= capability for card in self.cards)

    def architecture(self, capability: Version) -> tuple[str, ...]:
        """Return nvcc's options for a GPU: code of its family, or, for newer GPUs, code that the driver translates."""
        older = [card for card in self.cards if card <= capability]
        family = [card for card in older if card[0] == capability[0]]
        if family:
            return (f"-arch=sm_{_digits(max(family))}",)
        newest = _digits(max(older))
        return ("-gencode", f"arch=compute_{newest},code=compute_{newest}")


def find_toolkit() -> Toolkit | None:
    """Return the toolkit of $CUDA_HOME, $CUDA_PATH, the PATH, pip's or conda's packages, or the usual folders."""
    nvcc = find_nvcc()
    return _toolkit(nvcc) if nvcc is not None else None


def find_nvcc() -> Path | None:
    """Return the compiler nvcc, wherever it is; None if there is none."""
    homes = [os.environ.get(name) for name in ("CUDA_HOME", "CUDA_PATH")]
    given = [Path(home) / "bin" / "nvcc" for home in homes if home]
    on_path = shutil.which("nvcc")
    usual = [Path(folder) / "bin" / "nvcc" for folder in ("/usr/local/cuda", "/opt/cuda")]
    carried = _pathfinder("find_nvidia_binary_utility", "nvcc")
    for found in [*given, *([Path(on_path)] if on_path else []), *([Path(carried)] if carried else []), *usual]:
        if found.is_file():
            return found
    return None


@cache
def _toolkit(nvcc: Path) -> Toolkit | None:
    release = re.search(r"release (\d+)\.(\d+)", said(nvcc, "--version"))
    if release is None:
        return None
    version = (int(release[1]), int(release[2]))
    numbers = re.findall(r"^sm_(\d+)$", said(nvcc, "--list-gpu-code"), re.M)
    cards = tuple(sorted((int(n[:-1]), int(n[-1])) for n in numbers))
    top = re.search(r"^#\$ TOP=(.+)$", said(nvcc, "--dryrun", "x.cu"), re.M)
    root = Path(top[1]) if top else nvcc.resolve().parents[1]
    include, library = _cublas(root, version)
    return Toolkit(nvcc, version, cards, include, library, _runtime(root))


def _runtime(root: Path) -> Path | None:
    """Return the folder of CUDA's static runtime in a toolkit, if it is where nvcc does not look."""
    looked, there = (root / "lib64", root / "targets" / TARGET / "lib"), root / "lib"
    if any((folder / STATIC).is_file() for folder in looked) or not (there / STATIC).is_file():
        return None
    return there


def _cublas(root: Path, version: Version) -> tuple[Path | None, Path | None]:
    """Find the header and library of cuBLAS: those of the toolkit, or those of pip's or conda's packages, if they have the
    same version.
    """
    carried = _pathfinder("find_nvidia_header_directory", "cublas")
    includes = [root / "include", root / "targets" / TARGET / "include", *([Path(carried)] if carried else [])]
    for include in includes:
        if not (include / "cublas_v2.h").is_file() or _cublas_major(include) != version[0]:
            continue
        for folder in (include.parent / "lib64", include.parent / "lib"):
            for library in sorted(folder.glob("libcublas.so*")):
                return include.resolve(), library.resolve()
    return None, None


def _cublas_major(include: Path) -> int:
    api = include / "cublas_api.h"
    found = re.search(r"#define CUBLAS_VER_MAJOR (\d+)", api.read_text(errors="replace")) if api.is_file() else None
    return int(found[1]) if found else 0


def _pathfinder(function: str, what: str) -> str | None:
    """Return what NVIDIA's cuda.pathfinder answers, where it is installed."""
    try:
        import cuda.pathfinder as pathfinder  # type: ignore[import-not-found]

        return getattr(pathfinder, function)(what)
    except Exception:  # not installed, too old, or confused by what it finds: then the usual places are tried
        return None


def said(nvcc: Path, *options: str) -> str:
    """Return what nvcc prints for these options; an empty text if it does not start or does not end."""
    try:
        done = subprocess.run([str(nvcc), *options], capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout + done.stderr


def _digits(capability: Version) -> str:
    return f"{capability[0]}{capability[1]}"

"""`recircuit doctor`."""

from __future__ import annotations

import os
import platform
import re
import shlex
import shutil
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import typer

from recircuit.circuits.backends import BACKENDS
from recircuit.processor import cores

__all__ = ["doctor"]


@dataclass(frozen=True)
class Finding:
    """The result of one check of the machine.

    Parameters
    ----------
    what : str
        The name of what was checked.
    works : bool
        Whether it works.
    message : str
        What was found.
    remedy : str
        What to do if it does not work.
    needed : bool
        Whether nothing can be trained without it.
    """

    what: str
    works: bool
    message: str
    remedy: str = ""
    needed: bool = False


def doctor() -> None:
    """Say what works on this machine, and what to do about what does not work.

    The exit code is 1 if no circuit can be trained.
    """
    findings = [check() for check in CHECKS]
    width = max(len(f.what) for f in findings)
    for found in findings:
        mark = "ok " if found.works else "NO " if found.needed else "-  "
        typer.echo(f"{mark} {found.what:<{width}}  {found.message}")
        if not found.works and found.remedy:
            typer.echo(f"    {'':<{width}}  {found.remedy}")
    lacking = {name: backend.missing() for name, backend in BACKENDS.items()}
    typer.echo(f"\nBackends: {', '.join(name for name, lacks in lacking.items() if not lacks)}.")
    for name, lacks in lacking.items():
        if lacks:
            typer.echo(f"{name}: {lacks}.")
    if any(f.needed and not f.works for f in findings):
        raise typer.Exit(1)


def _python() -> Finding:
    text = f"{platform.python_version()} ({sys.executable})"
    return Finding("Python", sys.version_info >= (3, 12), text, "recircuit needs Python 3.12 or later.", True)


def _brian() -> Finding:
    found = version("brian2")
    return Finding(
        "Brian2",
        (2, 10, 1) <= tuple(int(n) for n in re.findall(r"\d+", found)[:3]) < (3,),
        found,
        "recircuit extends the internals of Brian2, from version 2.10.1 on: pip install 'brian2>=2.10.1,<3'.",
        True,
    )


def _numpy() -> Finding:
    """Train a network of a few units for one presentation."""
    try:
        from recircuit.models import layered

        net = layered([2, 2, 2])
        net.run({"x": [[1.0, 0.0]], "s": [0]}, 1)
        return Finding("numpy backend", True, "a small network learns")
    except Exception as problem:
        text = f"{type(problem).__name__}: {problem}"
        return Finding("numpy backend", False, text, "Reinstall recircuit in a fresh environment.", True)


def _compiler() -> Finding:
    from recircuit.circuits.backends.cpp.compiler import compiler, compiler_version, missing_compiler

    advice = "Without it the numpy backend is used. Install one, for instance by 'apt install g++', or name one in CXX."
    if problem := missing_compiler():
        return Finding("compiler", False, problem, advice)
    return Finding("compiler", True, compiler_version(compiler()) or shlex.join(compiler()), advice)


def _openblas() -> Finding:
    remedy = "The cpp backend needs it: pip install scipy-openblas32."
    try:
        import scipy_openblas32

        library = Path(scipy_openblas32.get_lib_dir())
        header = Path(scipy_openblas32.get_include_dir()) / "cblas.h"
        works = header.exists() and any(library.glob("*openblas*"))
        return Finding("OpenBLAS", works, f"{version('scipy-openblas32')} in {library}", remedy)
    except (ImportError, PackageNotFoundError) as problem:
        return Finding("OpenBLAS", False, str(problem), remedy)


def _cache() -> Finding:
    from recircuit.circuits.backends.compiled.cache import ADVICE, cache_folder, cache_problem

    if problem := cache_problem():
        return Finding("cache", False, problem, f"{ADVICE}.")
    folder = cache_folder()
    kept = sum((folder / name / "main").exists() for name in os.listdir(folder))
    free = shutil.disk_usage(folder).free / 2**30
    only = "" if os.access(folder, os.W_OK) else "; it can be read and not written"
    text = f"{folder} holds {kept} compiled circuit{'' if kept == 1 else 's'}; {free:.0f} GB free{only}"
    return Finding(
        "cache", bool(only) or free > 0.1, text, "Make room on the disk, or name another folder in RECIRCUIT_CACHE."
    )


def _processor() -> Finding:
    from recircuit.models.training.machine import threads

    return Finding("processor", True, f"{platform.machine()}, {cores()} cores, matrix products on {threads('numpy')}")


def _gpu() -> Finding:
    from recircuit.circuits.backends.cuda import gpu, requirements

    found = gpu.find_gpu()
    if isinstance(found, gpu.NoGpu):
        return Finding("GPU", False, found.why, f"Only the backend cuda needs one. {found.remedy}.")
    text = f"{found.name}, compute capability {requirements.dotted(found.capability)}, {found.memory / 2**30:.0f} GB"
    return Finding("GPU", True, f"{text}; the driver runs CUDA up to {requirements.dotted(found.driver)}")


def _nvcc() -> Finding:
    from recircuit.circuits.backends.cuda import requirements, toolkit

    found = toolkit.find_toolkit()
    if found is None:
        remedy = f"Only the backend cuda needs it. {requirements.NVCC}."
        return Finding("nvcc", False, requirements.no_compiler(), remedy)
    cards = f"{requirements.dotted(found.cards[0])} to {requirements.dotted(found.cards[-1])}"
    text = f"CUDA {requirements.dotted(found.version)} ({found.nvcc}), for compute capabilities {cards}"
    return Finding("nvcc", True, text)


def _cublas() -> Finding:
    from recircuit.circuits.backends.cuda import requirements, toolkit

    found = toolkit.find_toolkit()
    if found is None:
        return Finding("cuBLAS", False, "it is looked for when there is an nvcc", "")
    remedy = f"Only the backend cuda needs it: {requirements.cublas_command(found)}."
    text = str(found.library) if found.library else f"no cublas_v2.h and libcublas.so of CUDA {found.version[0]}"
    return Finding("cuBLAS", found.library is not None, text, remedy)


def _brian2cuda() -> Finding:
    there = find_spec("brian2cuda") is not None
    remedy = "Only the backend cuda needs it: pip install 'recircuit[cuda]'."
    return Finding("Brian2CUDA", there, version("brian2cuda") if there else "not installed", remedy)


def packages() -> Finding:
    """Find what installed packages add to the registries, and which of them cannot be loaded."""
    from recircuit.registries import REGISTRIES

    with warnings.catch_warnings(record=True) as damaged:
        warnings.simplefilter("always")
        added = [f"the {table.kind} {name!r}" for table in REGISTRIES for name in table.installed()]
    wrong = " ".join(dict.fromkeys(str(warning.message) for warning in damaged))
    if wrong:
        return Finding("packages", False, wrong, "Repair or remove the package; everything else works without it.")
    return Finding("packages", True, f"other packages add {', '.join(added) or 'nothing'}")


CHECKS: tuple[Callable[[], Finding], ...] = (
    _python, _brian, _numpy, _processor, _compiler, _openblas, _cache, _gpu, _nvcc, _cublas, _brian2cuda, packages,
)  # fmt: skip

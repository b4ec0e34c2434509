"""The common part of the C++ projects of the compiled backends: the registry, and the joining of files."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from ...lowering.brian.assembly import Assembly

SOURCE = Path(__file__).parent / "source"

#: Variables that change from step to step although no operation writes them.
TIMED = {"t", "timestep", "_timestep", "t_in_timesteps", "rand", "randn", "poisson"}


def copy_sources(folder: Path, *sources: Path, only: str = "*") -> None:
    """Copy the files of folders into the project."""
    for source in sources:
        for file in source.glob(only):
            shutil.copyfile(file, folder / file.name)


def registered(assembly: Assembly) -> dict[str, Any]:
    """Return the variables that a worker knows by name."""
    return dict(assembly.arrays) | {"clock.dt": assembly.clock.variables["dt"]}


def registry(assembly: Assembly, where: Callable[[Any], tuple[str, str]]) -> str:
    """Return C++ code that names the circuit's variables and operations.

    Parameters
    ----------
    where : Callable[[Any], tuple[str, str]]
        Returns, for a variable, C++ expressions of its address and of how many values it has.
    """
    operations = [o.name for o in assembly.lowered.all_operations() if o.name in assembly.runners]
    code = {name: assembly.runners[name].codeobj for name in operations}
    variables = registered(assembly)
    lines = ['#include "objects.h"', '#include "worker.h"']
    lines += [f"void _run_{name}();" for name in sorted({c.name for c in code.values()})]
    lines += ["namespace recircuit {", f"const int batch_size = {assembly.batch_size};", "const Array arrays[] = {"]
    lines += [_array(key, variable, *where(variable)) for key, variable in variables.items()]
    lines += ["};", f"const std::size_t array_count = {len(variables)};", "const Operation operations[] = {"]
    lines += [f'    {{"{name}", _run_{c.name}, {_cpp(TIMED & set(c.variables))}}},' for name, c in code.items()]
    lines += ["};", f"const std::size_t operation_count = {len(code)};", "}", ""]
    return "\n".join(lines)


def _array(key: str, variable: Any, data: str, count: str) -> str:
    kind = "boolean" if variable.dtype == bool else np.dtype(variable.dtype).name
    return f'    {{"{key}", [] {{ return (void*){data}; }}, [] {{ return std::size_t({count}); }}, Type::{kind}}},'


def _cpp(truth: Any) -> str:
    return "true" if truth else "false"


def joined(sources: Iterable[tuple[str, str]], units: int) -> list[str]:
    """Join the sources of code objects to at most ``units`` files, since most of a small file is its headers."""
    single = sorted(sources)
    files = [single[unit::units] for unit in range(units)]
    return ["\n".join(_enclosed(name, source) for name, source in file) for file in files if file]


def _enclosed(name: str, source: str) -> str:
    """Return a code object's source in a namespace of its own, so that names of its helpers do not clash with others."""
    lines = source.splitlines()
    includes = [line for line in lines if line.startswith("#include")]
    body = [line for line in lines if not line.startswith("#include")]
    return "\n".join(
        [*includes, f"namespace in_{name} {{", *body, "}", f"void _run_{name}() {{ in_{name}::_run_{name}(); }}", ""]
    )

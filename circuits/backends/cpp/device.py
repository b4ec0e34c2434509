"""A Brian2 standalone device whose program is a worker instead of one run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import scipy_openblas32
from brian2 import prefs
from brian2.codegen.generators.cpp_generator import c_data_type
from brian2.core.variables import DynamicArrayVariable
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice
from brian2.devices.device import reset_device, set_device

from ...lowering.assembly import Assembly
from .codeobject import DenseCppCodeObject
from .compiler import FLAGS

WORKER = Path(__file__).parent / "worker"

#: Into how many files the code objects go: enough for a few cores to compile them at a time.
UNITS = 4


class WorkerDevice(CPPStandaloneDevice):
    """One device per circuit. ``write_sources`` leaves a project of which ``make`` builds the worker."""

    def __init__(self) -> None:
        super().__init__()
        self.headers = ['"recircuit.h"', "<vector>"]
        self.include_dirs = [scipy_openblas32.get_include_dir()]
        self.library_dirs = [scipy_openblas32.get_lib_dir()]
        self.runtime_library_dirs = [scipy_openblas32.get_lib_dir()]
        self.libraries = ["scipy_openblas"]
        self.extra_link_args = ["-pthread"]

    def code_object_class(self, codeobj_class: type | None = None, fallback_pref: Any = None) -> type:
        """Called by Brian2 whenever it makes code."""
        return codeobj_class or DenseCppCodeObject

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Make this Brian2's device for a while."""
        set_device(self, build_on_run=False)
        try:
            yield
        finally:
            reset_device()

    def write_sources(self, assembly: Assembly, folder: Path) -> None:
        """Write the project: Brian2's sources, the worker's, and the registry that joins them."""
        self.clocks.add(assembly.clock)
        self.insert_code("main", "recircuit::serve();")
        saved = prefs["codegen.cpp.extra_compile_args"]
        prefs["codegen.cpp.extra_compile_args"] = list(FLAGS)
        try:
            self.build(
                directory=str(folder), compile=False, run=False, with_output=False,
                additional_source_files=["worker.cpp", "registry.cpp"],
            )  # fmt: skip
        finally:
            prefs["codegen.cpp.extra_compile_args"] = saved
        for file in WORKER.iterdir():
            shutil.copyfile(file, folder / file.name)
        (folder / "registry.cpp").write_text(self.registry(assembly))

    def generate_codeobj_source(self, writer: Any) -> None:
        """Called by Brian2: write every code object, then join them, since most of a small file is its headers."""
        super().generate_codeobj_source(writer)
        folder = Path(writer.project_dir)
        single = sorted(f for f in writer.source_files if f.startswith("code_objects/"))
        for unit in range(UNITS):
            names = single[unit::UNITS]
            if not names:
                continue
            joined = "\n".join(_enclosed(Path(name).stem, (folder / name).read_text()) for name in names)
            writer.write(f"code_objects/joined_{unit}.cpp", joined)
        for name in single:
            writer.source_files.remove(name)
            (folder / name).unlink()

    def registry(self, assembly: Assembly) -> str:
        """C++ that names the circuit's variables and operations."""
        operations = [o for o in assembly.all_operations() if o.runner is not None]
        code = {o.name: o.runner.codeobj.name for o in operations}
        variables = {key: array.variable for key, array in assembly.arrays.items()}
        variables["clock.dt"] = assembly.clock.variables["dt"]
        lines = ['#include "recircuit.h"', '#include "objects.h"']
        lines += [f'#include "code_objects/{name}.h"' for name in sorted(set(code.values()))]
        lines += ["namespace recircuit {", f"const int columns = {assembly.columns};", "const Array arrays[] = {"]
        lines += [self._array(key, variable) for key, variable in variables.items()]
        lines += ["};", f"const std::size_t array_count = {len(variables)};", "const Operation operations[] = {"]
        lines += [f'    {{"{name}", _run_{codeobj}}},' for name, codeobj in code.items()]
        lines += ["};", f"const std::size_t operation_count = {len(code)};", "}", ""]
        return "\n".join(lines)

    def _array(self, key: str, variable: Any) -> str:
        name = "brian::" + self.get_array_name(variable, access_data=False)
        dynamic = isinstance(variable, DynamicArrayVariable)
        data = f"{name}.data()" if dynamic else name
        count = f"{name}.size()" if dynamic else f"brian::_num_{self.get_array_name(variable)}"
        kind = c_data_type(variable.dtype)
        return (
            f'    {{"{key}", [] {{ return (void*){data}; }}, [] {{ return std::size_t({count}); }}, sizeof({kind}), '
            f"{'true' if kind in ('float', 'double') else 'false'}}},"
        )


def _enclosed(name: str, source: str) -> str:
    """A code object's source in a namespace of its own, so that its helpers do not meet those of the others."""
    lines = source.splitlines()
    includes = [line for line in lines if line.startswith("#include")]
    body = [line for line in lines if not line.startswith("#include")]
    return "\n".join(
        [*includes, f"namespace in_{name} {{", *body, "}", f"void _run_{name}() {{ in_{name}::_run_{name}(); }}", ""]
    )

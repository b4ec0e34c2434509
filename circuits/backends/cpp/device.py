"""A Brian2 standalone device whose program is a worker instead of one run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import scipy_openblas32
from brian2 import prefs
from brian2.core.variables import DynamicArrayVariable
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice

from ...lowering.assembly import Assembly
from ..compiled.device import KeptDevice
from ..compiled.sources import SOURCE, copy_sources, joined, registry
from .codeobject import DenseCppCodeObject
from .compiler import FLAGS

OURS = Path(__file__).parent / "source"

#: Into how many files the code objects go: enough for a few cores to compile them at a time.
UNITS = 4


class WorkerDevice(KeptDevice, CPPStandaloneDevice):
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

    def write_sources(self, assembly: Assembly, folder: Path) -> None:
        """Write the project: Brian2's sources, the worker's, and the registry that joins them."""
        self.clocks.add(assembly.clock)
        self.insert_code("main", "recircuit::serve();")
        saved = prefs["codegen.cpp.extra_compile_args"]
        prefs["codegen.cpp.extra_compile_args"] = list(FLAGS)
        try:
            self.build(
                directory=str(folder), compile=False, run=False, with_output=False,
                additional_source_files=["worker.cpp", "machine.cpp", "registry.cpp"],
            )  # fmt: skip
        finally:
            prefs["codegen.cpp.extra_compile_args"] = saved
        copy_sources(folder, SOURCE, OURS)
        (folder / "registry.cpp").write_text(registry(assembly, self._where))

    def generate_codeobj_source(self, writer: Any) -> None:
        """Called by Brian2: write every code object, then join them."""
        super().generate_codeobj_source(writer)
        folder = Path(writer.project_dir)
        single = sorted(f for f in writer.source_files if f.startswith("code_objects/"))
        sources = [(Path(name).stem, (folder / name).read_text()) for name in single]
        for unit, source in enumerate(joined(sources, UNITS)):
            writer.write(f"code_objects/joined_{unit}.cpp", source)
        for name in single:
            writer.source_files.remove(name)
            (folder / name).unlink()

    def _where(self, variable: Any) -> tuple[str, str]:
        name = "brian::" + self.get_array_name(variable, access_data=False)
        if isinstance(variable, DynamicArrayVariable):
            return f"{name}.data()", f"{name}.size()"
        return name, f"brian::_num_{self.get_array_name(variable)}"

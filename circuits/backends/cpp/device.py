"""A Brian2 standalone device whose program is a worker instead of one run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import scipy_openblas32
from brian2 import prefs
from brian2.core.variables import DynamicArrayVariable
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice

from ...lowering.brian.assembly import Assembly
from ..compiled.build import Recipe
from ..compiled.device import KeptDevice
from ..compiled.literals import real
from ..compiled.sources import SOURCE, copy_sources, joined, registry
from .codeobject import DenseCppCodeObject
from .compiler import compiler, flags
from .kernels import OURS, kernels

#: The number of code objects in a file, since most of the time to compile a small file goes to its headers.
TOGETHER = 40
#: The file of everything in a circuit besides its code objects.
SURROUNDING = "surrounding.cpp"


class WorkerDevice(KeptDevice, CPPStandaloneDevice):
    """The Brian2 device of one circuit. ``write_sources`` leaves a project, and says how the worker is compiled from it."""

    def __init__(self) -> None:
        super().__init__()
        self.headers = ['"recircuit.h"', "<vector>"]
        self.code: list[str] = []
        self.recipe: Recipe | None = None

    def code_object_class(self, codeobj_class: type | None = None, fallback_pref: Any = None) -> type:
        """Return the class of our code objects; Brian2 calls this whenever it makes code."""
        return codeobj_class or DenseCppCodeObject

    def write_sources(self, assembly: Assembly, folder: Path) -> Recipe:
        """Write the project: Brian2's sources, the worker's, and the registry that joins them."""
        self.clocks.add(assembly.clock)
        self.insert_code("main", "recircuit::serve();")
        saved = prefs["codegen.cpp.extra_compile_args"]
        prefs["codegen.cpp.extra_compile_args"] = []  # otherwise Brian2 tries each of them on the compiler
        try:
            self.build(directory=str(folder), compile=False, run=False, with_output=False)
        finally:
            prefs["codegen.cpp.extra_compile_args"] = saved
        copy_sources(folder, SOURCE, OURS, only="*.h")
        (folder / "registry.cpp").write_text(registry(assembly, self._where))
        assert self.recipe is not None
        return self.recipe

    def generate_codeobj_source(self, writer: Any) -> None:
        """Write every code object, then join them; Brian2 calls this."""
        super().generate_codeobj_source(writer)
        folder = Path(writer.project_dir)
        single = sorted(f for f in writer.source_files if f.startswith("code_objects/"))
        sources = [(Path(name).stem, (folder / name).read_text()) for name in single]
        for name in single:
            (folder / name).unlink()
        self.code = joined(sources, 1 + len(sources) // TOGETHER)

    def generate_network_source(self, writer: Any, *given: Any, **options: Any) -> None:
        """Write nothing where Brian2 calls this: machine.cpp goes through the steps of a presentation."""

    def generate_synapses_classes_source(self, writer: Any) -> None:
        """Write nothing where Brian2 calls this: there are no spikes."""

    def generate_run_source(self, writer: Any, *given: Any, **options: Any) -> None:
        """Write nothing where Brian2 calls this: the program runs only when it is asked to."""

    def generate_makefile(self, writer: Any, *given: Any, **options: Any) -> None:
        """Join all files that take no time into one, where Brian2 would write a makefile, last of all."""
        files = {f"code_{unit}.cpp": source for unit, source in enumerate(self.code)}
        files[SURROUNDING] = "".join(f'#include "{name}.cpp"\n' for name in ("objects", "registry", "main"))
        writer.source_files.clear()
        for name, source in files.items():
            writer.write(name, source)
        self.recipe = self._recipe(sorted(files))

    def _recipe(self, files: list[str]) -> Recipe:
        """Return the commands by which each file is compiled, and all are linked with the kernels and the matrix library."""
        include, library = scipy_openblas32.get_include_dir(), scipy_openblas32.get_lib_dir()
        call = (*compiler(), "-c", "-Wno-write-strings", "-I", include, *flags(), "-I.")
        objects = [file.replace(".cpp", ".o") for file in files]
        linked = [str(file) for file in kernels(self.code, real(), include)]
        link = (
            *compiler(), *objects, "-o", "main", *linked, "-L", library, "-Xlinker", "-rpath", "-Xlinker", library,
            "-l", "scipy_openblas", "-pthread",
        )  # fmt: skip
        less = {SURROUNDING: ("-O1",)}  # of several levels of optimisation, the last counts
        return Recipe(tuple((*call, *less.get(a, ()), a, "-o", b) for a, b in zip(files, objects)), ("main",), link)

    def _where(self, variable: Any) -> tuple[str, str]:
        name = "brian::" + self.get_array_name(variable, access_data=False)
        if isinstance(variable, DynamicArrayVariable):
            return f"{name}.data()", f"{name}.size()"
        return name, f"brian::_num_{self.get_array_name(variable)}"

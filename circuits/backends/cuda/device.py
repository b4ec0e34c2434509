"""Brian2CUDA's standalone device, with a worker for a program, arrays on the GPU only, and cuBLAS."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from brian2.codegen.generators.cpp_generator import c_data_type
from brian2.core.variables import ArrayVariable, Constant
from brian2cuda.device import CUDAStandaloneDevice

from ...lowering.brian.assembly import Assembly
from ...lowering.kernels import WeightUpdate
from ...lowering.operations import Operation
from ..compiled.build import Recipe
from ..compiled.device import KeptDevice
from ..compiled.literals import real
from ..compiled.sources import SOURCE, copy_sources, joined, registered, registry
from .codeobject import CudaCodeObject
from .jobs import IN_PLACE, Code, launcher
from .long_sums import splits_of
from .loop import OBJECTS, OURS, compiled_loop, compiles
from .presentations import walks
from .toolkit import Toolkit

#: The number of files for code objects. It is small, since headers take most of the time, and lets several compile at once.
UNITS = 3

#: The type of a function that returns the folder of the compiled presentation loop.
Loop = Callable[[Toolkit, tuple[str, ...]], Path]

#: A place where a scalar that is computed once is read or written.
SLOT = re.compile(r"recircuit::slot<\w+>\(_scalars, (\d+)\)")


class CudaDevice(KeptDevice, CUDAStandaloneDevice):
    """The Brian2 device of one circuit. ``write_sources`` leaves a project, and says how the worker is compiled from it.

    Brian2CUDA chooses the array of each variable and writes code objects in CUDA. Everything around them is written here,
    since Brian2CUDA's own ``build`` writes a program that runs once and keeps each array twice, here and on the GPU.
    """

    def __init__(self, toolkit: Toolkit, architecture: tuple[str, ...], loop: Loop = compiled_loop) -> None:
        super().__init__()
        self.toolkit, self.architecture, self.loop = toolkit, architecture, loop

    def code_object_class(self, codeobj_class: type | None = None, fallback_pref: Any = None) -> type:
        """Return the class of our code objects; Brian2 calls this whenever it makes code."""
        return codeobj_class or CudaCodeObject

    def write_sources(self, assembly: Assembly, folder: Path) -> Recipe:
        """Write the project: the arrays, the code objects, the worker, and the registry that joins them."""
        copy_sources(folder, SOURCE, OURS, only="*.h")
        (folder / "registry.cpp").write_text(registry(assembly, self._where))
        arrays = self._arrays(assembly)
        objects = CudaCodeObject.templater.objects(None, None, arrays=arrays, dt=repr(float(assembly.clock.dt_)))
        (folder / "objects.h").write_text(objects.h_file)
        (folder / "objects.cpp").write_text(objects.cu_file)
        kernels = self._kernels(assembly, [array["name"] for array in arrays])
        for unit, source in enumerate(kernels):
            (folder / f"kernels_{unit}.cu").write_text(source)
        self.toolkit.link_into(folder)
        loop = self.loop(self.toolkit, self.architecture)
        around = f"loop_{loop.name}"  # a link, since nvcc passes paths to a shell; its name says which loop it is
        (folder / around).symlink_to(loop, target_is_directory=True)
        return self._recipe(
            around, ["registry.cpp", "objects.cpp", *(f"kernels_{unit}.cu" for unit in range(len(kernels)))]
        )

    def _recipe(self, around: str, files: list[str]) -> Recipe:
        """Return the commands by which each file is compiled, and all are linked to the presentation loop and to cuBLAS."""
        call = compiles(self.toolkit, self.architecture, f"-DREAL={real()}")
        objects = [f"{Path(file).stem}.o" for file in files]
        linked = (*objects, *(f"{around}/{name}" for name in OBJECTS), "-o", "main", *self.toolkit.library_options)
        link = (str(self.toolkit.nvcc), *self.architecture, *linked)
        return Recipe(tuple((*call, a, "-o", b) for a, b in zip(files, objects)), ("main",), link)

    def _where(self, variable: Any) -> tuple[str, str]:
        return f"brian::{self._on_device(variable)}", str(variable.size)

    def _on_device(self, variable: Any) -> str:
        return self.get_array_name(variable, prefix="dev")

    def _arrays(self, assembly: Assembly) -> list[dict[str, Any]]:
        """Return the arrays that are read or set; others that Brian2 declares take no memory."""
        read = {v for code in self.code_objects.values() for v in _arrays_of(code).values()}
        wanted = {self._on_device(v): v for v in [*registered(assembly).values(), *read]}
        arrays = [
            {"name": name, "kind": c_data_type(_stored(v).dtype), "count": v.size}
            for name, v in sorted(wanted.items())
        ]  # fmt: skip
        partial = [
            {"name": f"dev_partial_{name}", "kind": real(), "count": count * weights}
            for name, (count, weights) in sorted(self._splits(assembly).items())
        ]
        return arrays + partial + [
            {"name": f"dev_scalars_{name}", "kind": "int64_t", "count": count}
            for name, count in sorted(self._scalars_of_code().items())
        ]  # fmt: skip

    def _splits(self, assembly: Assembly) -> dict[str, tuple[int, int]]:
        """Return, for code objects that update tied weights, how many parts their sums have, and how many weights there are."""
        kernels = {assembly.runners[o.name].codeobj.name: o.kernel for o in self._run(assembly)}
        return {
            name: (splits, prod(kernel.connectivity.shape(kernel.n_pre, kernel.n_post)))
            for name, kernel in kernels.items()
            if (splits := splits_of(kernel, assembly.batch_size)) and isinstance(kernel, WeightUpdate)
        }

    def _run(self, assembly: Assembly) -> list[Operation]:
        """Return the operations that code objects carry out."""
        return [o for o in assembly.lowered.all_operations() if o.name in assembly.runners]

    def _scalars_of_code(self) -> dict[str, int]:
        """Return the code objects whose scalars are computed once, with the numbers of these scalars."""
        found = {name: set(SLOT.findall(code.code.cu_file)) for name, code in self.code_objects.items()}
        return {name: len(places) for name, places in found.items() if places}

    def _kernels(self, assembly: Assembly, arrays: list[str]) -> list[str]:
        """Return the files of kernels: first all jobs and the code that launches them, then the others."""
        codes = self._codes(assembly)
        sources = {code.name: self._source(code, number) for number, code in enumerate(codes)}
        first = [code.name for code in codes if code.jobs]
        others = joined([(name, text) for name, text in sources.items() if name not in first], UNITS - 1)
        jobs = joined([(name, sources[name]) for name in first], 1)
        return ["\n".join([*jobs, launcher(codes, arrays, walks=walks())]), *others]

    def _codes(self, assembly: Assembly) -> list[Code]:
        """Return what is launched for each code object, and what it reads and writes."""
        runs = {assembly.runners[o.name].codeobj.name: o for o in self._run(assembly)}
        scalars, splits, number, found = self._scalars_of_code(), self._splits(assembly), 0, []
        for name, code in sorted(self.code_objects.items()):
            written = {assembly.arrays[key] for key in runs[name].writes if key in assembly.arrays}
            given = list(dict.fromkeys(_arrays_of(code).values()))
            arrays = tuple((self._on_device(v), c_data_type(v.dtype), v in written) for v in given)
            single = frozenset(self._on_device(v) for v in given if v.scalar)
            own = frozenset(self._on_device(v) for v in _in_place(code))
            made = Code(code, name, arrays, single, name in scalars, number, splits.get(name, (0, 0))[0], own)
            number += made.jobs
            found.append(made)
        return found

    def _source(self, code: Code, number: int) -> str:
        """Return a code object's source with its kernel's parameters filled in; sources that draw numbers are numbered."""
        source = code.made.code.cu_file
        for word, text in self._filled(code, number).items():
            source = source.replace(f"%{word}%", text)
        return source

    def _filled(self, code: Code, number: int) -> dict[str, str]:
        parameters, noise = code.parameters(), ""
        if code.draws:
            kind = _real(_arrays_of(code.made))
            noise = f"recircuit::Noise<{kind}> _noise(_draws, {number}, _thread);"
        return {
            "PARAMETERS": "".join(f", {kind} {name}" for kind, name, _ in parameters),
            "NAMES": "".join(f", {name}" for _, name, _ in parameters),
            "ARGUMENTS": "".join(f", {argument}" for *_, argument in parameters),
            "SCALARS": f"dev_scalars_{code.name}",
            "PREPARE": str(code.prepare),
            "BODY": str(code.body),
            "SPLITS": str(code.splits),
            "CONSTANTS": _constants(code.made, real()),
            "WIDE_CONSTANTS": _constants(code.made, "double"),
            "NOISE": noise,
        }


def _stored(variable: Any) -> Any:
    """Return the variable that is stored: for dt, Brian2CUDA gives one of single precision, and stores a double."""
    return getattr(variable, "real_var", variable)


def _arrays_of(code: Any) -> dict[str, Any]:
    """Return the arrays of a code object by their names in the code."""
    return {name: _stored(v) for name, v in sorted(code.variables.items()) if isinstance(v, ArrayVariable)}


def _in_place(code: Any) -> list[Any]:
    """Return the arrays of which the thread of an index touches only the item at that index."""
    if code.template_name not in IN_PLACE:
        return []
    arrays, indices = _arrays_of(code), code.variable_indices
    things = arrays["_field"].size if "_field" in arrays else code.variables["N"].get_value()
    elsewhere = [v for name, v in arrays.items() if indices[name] != "_idx"]
    return [v for v in dict.fromkeys(arrays.values()) if v.size == things and not any(v is one for one in elsewhere)]


def _constants(code: Any, width: str) -> str:
    """Return declarations of a code object's constants; those that are not whole numbers have this width."""
    lines = []
    for name, variable in sorted(code.variables.items()):
        if isinstance(variable, Constant):
            kind = c_data_type(variable.dtype)
            fraction = kind in ("float", "double")
            lines.append(f"const {width if fraction else kind} {name} = {_number(variable.value, width)};")
    return "\n    ".join(lines)


def _number(value: Any, width: str) -> str:
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, int | np.integer):
        return str(int(value))
    if not np.isfinite(value):
        return {"inf": "INFINITY", "-inf": "-INFINITY"}.get(str(float(value)), "NAN")
    return repr(float(value)) + ("f" if width == "float" else "")


def _real(arrays: dict[str, Any]) -> str:
    """Return the type of a code object's numbers: that of its elements, not of scalars such as the clock's."""
    return next(c_data_type(v.dtype) for v in arrays.values() if not v.scalar and c_data_type(v.dtype) != "int32_t")

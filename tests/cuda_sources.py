"""CUDA sources of a circuit without a GPU, compiled by nvcc alone, and what stands in the result."""

from __future__ import annotations

import re
import shutil
import subprocess
import sysconfig
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import recircuit as rc
from recircuit.circuits.backends.compiled.build import Recipe
from recircuit.circuits.backends.compiled.sources import SOURCE, copy_sources
from recircuit.circuits.backends.cuda import gpu, toolkit
from recircuit.circuits.backends.cuda.loop import OURS, recipe_of_loop
from recircuit.circuits.lowering.brian.emit import brian_preferences, emit
from recircuit.circuits.lowering.lowered import Lowered

PROTOTYPES = Path(__file__).parent / "cublas_prototypes"
#: A toolkit whose compiler is g++, and a GPU that goes with it.
STAND_IN = Path(__file__).parent / "cuda_on_cpu"
GPU = gpu.Gpu("Stand-in 9000", (9, 0), 80 << 30, (13, 0))

#: In PTX, whatever is typed as double; in SASS, arithmetic and conversions.
PTX_DOUBLE = re.compile(r"\.f64\b")
SASS_DOUBLE = re.compile(r"\b(?:D(?:ADD|MUL|FMA|SETP|MNMX)|MUFU\.\w*64H|(?:F2F|I2F|F2I|FRND)\S*F64)\b")
SPILLS = re.compile(r"(\d+) bytes spill stores, (\d+) bytes spill loads")


def missing_nvcc() -> str:
    """Return why nothing can be compiled by nvcc; empty if it can."""
    return "" if toolkit.find_toolkit() else "nvcc is not there: name the folder of a CUDA toolkit in CUDA_HOME"


def write_sources(
    net: rc.Circuit, folder: Path, architecture: tuple[str, ...] = ("-arch=sm_90",), lowered: Lowered | None = None
) -> Recipe:
    """Write a circuit's project, whose kernels can be compiled without cuBLAS; it is not linked to a presentation loop."""
    from recircuit.circuits.backends.cuda.device import CudaDevice

    device = CudaDevice(_toolkit(), architecture, loop=lambda *_: folder)
    with device.in_use(), brian_preferences(net.dtype):
        return device.write_sources(emit(lowered or net.lowered(), None), folder)


@dataclass(frozen=True)
class Cubin:
    """What nvcc makes of a file: its PTX, what ptxas says, and the file of machine code."""

    ptx: str
    ptxas_output: str
    file: Path

    def doubles(self) -> dict[str, str]:
        """Return each kernel with an instruction in double precision, and the first of them: in PTX, and in SASS if
        possible.
        """
        bodies = re.findall(r"^(?:\.visible )?\.entry (\w+)\((.*?)^\}", self.ptx, re.M | re.S)
        assert bodies
        found = {name: _first(PTX_DOUBLE, body) for name, body in bodies}
        for part in sass_of(self.file).split("Function : ")[1:]:
            name = part.split()[0]
            found[name] = found[name] or _first(SASS_DOUBLE, part)
        return {name: line for name, line in found.items() if line}

    def stale_loads(self, name: str) -> list[str]:
        """Return the loads by which a kernel reads from a cache that does not see what other blocks have written since
        the kernel began. Loads from tables of mathematical functions, which nobody writes, do not count.
        """
        bodies = re.findall(rf"^(?:\.visible )?\.entry {name}\w*\((.*?)^\}}", self.ptx, re.M | re.S)
        assert len(bodies) == 1 and "ld.global" in bodies[0]
        tables: set[str] = set()
        for to, *words in re.findall(
            r"^\s*(?:mov|add|mad|cvta)\S*\s+(%rd\d+), ([^,;]+)(?:, ([^,;]+))?(?:, ([^,;]+))?;", bodies[0], re.M
        ):
            if any(word.startswith("__cudart") or word in tables for word in words):
                tables.add(to)
        loads = re.findall(r"ld\.global\.nc\S*\s.*\[(%rd\d+)", bodies[0])
        return [address for address in loads if address not in tables]

    def spills(self) -> list[str]:
        """Return the lines of ptxas that tell of registers that are kept in memory."""
        assert "spill" in self.ptxas_output
        return [line for line in self.ptxas_output.splitlines() if any(int(n) for m in SPILLS.findall(line) for n in m)]


def compile_kernels(recipe: Recipe, folder: Path) -> Cubin:
    """Compile a circuit's kernels, joined to one file, as the recipe does it."""
    kernels = [call for call in recipe.compile if any(word.startswith("kernels_") for word in call)]
    (folder / "all.cu").write_text("\n".join((folder / _source(call)).read_text() for call in kernels))
    return compile_file(kernels[0], folder, "all.cu")


def compile_file(call: tuple[str, ...], folder: Path, name: str) -> Cubin:
    """Compile one file by a call of a recipe, to machine code of the GPU alone."""
    options = [word for word in call[: call.index("-c")]]
    command = [*options, "-cubin", "-Xptxas=-v", "-keep", name, "-o", "made.cubin"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Cubin((folder / name).with_suffix(".ptx").read_text(), done.stderr, folder / "made.cubin")


@cache
def cuobjdump() -> str | None:
    """Return the disassembler beside nvcc, among the packages of this Python (nvidia-cuda-cuobjdump), or on the PATH."""
    found = toolkit.find_toolkit()
    beside = [found.nvcc.resolve().parent / "cuobjdump"] if found else []
    packaged = Path(sysconfig.get_path("purelib")).glob("nvidia/*/bin/cuobjdump")
    return next((str(file) for file in (*beside, *packaged) if file.is_file()), shutil.which("cuobjdump"))


def sass_of(file: Path) -> str:
    """Return disassembled machine code; it is empty where there is no disassembler, so that the PTX has to do."""
    program = cuobjdump()
    if program is None:
        return ""
    return subprocess.run([program, "-sass", str(file)], capture_output=True, text=True, check=True).stdout


def _source(call: tuple[str, ...]) -> str:
    return next(word for word in call if word.endswith(".cu"))


def _first(pattern: re.Pattern[str], text: str) -> str:
    return next((line.strip() for line in text.splitlines() if pattern.search(line)), "")


def write_loop(folder: Path, architecture: tuple[str, ...] = ("-arch=sm_90",)) -> Recipe:
    """Write the presentation loop's sources, and say how they are compiled."""
    tools = _toolkit()
    copy_sources(folder, SOURCE, OURS)
    tools.link_into(folder)
    return recipe_of_loop(tools, architecture)


def _toolkit() -> toolkit.Toolkit:
    """Return the machine's toolkit, with prototypes in the place of cuBLAS where it has none."""
    found = toolkit.find_toolkit() or toolkit.Toolkit(Path("nvcc"), (13, 0), ((9, 0),), None, None)
    if found.library is None:
        return toolkit.Toolkit(found.nvcc, found.version, found.cards, PROTOTYPES, Path("lib/libcublas.so"))
    return found

"""Kernels use vectors that fit the registers of a processor; GCC says where it has to compute a longer one in pieces."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path

import pytest
import scipy_openblas32

from recircuit.circuits.backends.compiled.sources import SOURCE
from recircuit.circuits.backends.cpp.compiler import compiler, compiler_version
from recircuit.circuits.backends.cpp.device import OURS

pytestmark = pytest.mark.cpp


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the registers are those of x86-64")
@pytest.mark.parametrize("processor", ["haswell", pytest.param("skylake-avx512", marks=pytest.mark.slow)])
def test_no_vector_is_computed_in_pieces(processor: str, tmp_path: Path) -> None:
    """Convolutions were a hundred times slower where vectors of 64 bytes were computed in registers of 32."""
    if "clang" in compiler_version(compiler()):
        pytest.skip("only GCC has the warning")
    includes = [f"-I{folder}" for folder in (scipy_openblas32.get_include_dir(), SOURCE, OURS)]
    source = tmp_path / "kernels.cpp"
    source.write_text('#include "local.cpp"\n#include "pooling.cpp"\n#include "sparse.cpp"\n')
    command = [
        *compiler(), "-O1", "-ffast-math", f"-march={processor}", "-std=c++17", "-DREAL=float",
        "-Wvector-operation-performance", *includes, "-c", str(source), "-o", str(tmp_path / "kernels.o"),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "vector operation" not in done.stderr

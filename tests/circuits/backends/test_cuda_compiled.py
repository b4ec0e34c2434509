"""What nvcc makes of the generated kernels: every case of the agreement compiles, and no kernel is slower than it says.

No GPU is needed, and no cuBLAS: where it is missing, prototypes stand in for its header. A kernel of a circuit in single
precision has no instruction in double precision, which GPUs for games do 64 times more slowly, and none keeps registers
in memory.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2 import ms
from cuda_sources import STAND_IN, compile_file, compile_kernels, missing_nvcc, write_loop, write_sources

import recircuit as rc
from benchmarks import agreement
from benchmarks.agreement import BOUNDS, cases
from recircuit.circuits import OneToOne
from recircuit.circuits.backends.cpp.compiler import missing_compiler
from recircuit.circuits.backends.cuda import gpu

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("brian2cuda") is None, reason="brian2cuda is not installed: pip install 'recircuit[cuda]'"
)

#: The oldest that CUDA 13 compiles for, and a few others.
CARDS = ["sm_90", *(pytest.param(card, marks=pytest.mark.slow) for card in ("sm_75", "sm_80", "sm_120"))]
#: The kernel whose blocks have one thread, which may compute in double precision; and the one that walks through everything,
#: the clock and that one thread among it. What its other threads do, the kernel ``each`` does too.
ONE_THREAD = ("_ZN9recircuit5aloneE", WALK := "_ZN9recircuit7walk_on")
needs_nvcc = pytest.mark.skipif(bool(missing_nvcc()), reason=missing_nvcc() or "nvcc is there")


def every_operator(**options: Any) -> rc.Circuit:
    """Return a population whose rate passes through all that an equation may contain, except for sine, cosine and tangent,
    which turn large angles in double precision.
    """
    net = rc.Circuit(3, **options)
    x = net.stimulus("x", 4)
    equations = """
        y : 1 (compartment)
        powers    = y**2 + (y + 9)**-2 + abs(y)**2.5 + y**3.0 + 2**int(y > 0) : 1
        remainder = y % 1.5 + (-y) % 0.4 + y // 0.3 + (7*int(y > 0)) % 3 + (-7) // 2 : 1
        bounded   = pi*y + e*y + exprel(y) + clip(y, -0.5, 0.5) + sign(y) + abs(y) : 1
        roots     = sqrt(2 + int(y > 0)) + log(1 + y**2) + log10(2 + abs(y)) + arctan(y) + floor(y) + ceil(y) : 1
        bent      = exp(y) + tanh(y) + sinh(y) + cosh(y) + expm1(y) + log1p(abs(y)) : 1
        fractions = 5*int(y > 0)/3 + dt/(2*ms) : 1
        rate      = powers + remainder + bounded + roots + bent + fractions : 1 (during feedforward)
        """
    h = net.population("h", 4, rc.Neuron(equations))
    net.connect(x, h, into="y", weights=1.0, connectivity=OneToOne())
    net.phases("feedforward", 2 * ms)
    return net


# --- compiled ---------------------------------------------------------------------------------------------------------


#: Every case in both precisions; in double precision, in which fewer things can be wrong, all but one are slow tests.
BOTH = [
    pytest.param(case, precision, marks=[pytest.mark.slow] if precision == "float64" and case in cases() else [])
    for case in [*cases(), "every operator"]
    for precision in BOUNDS
]


@needs_nvcc
@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize(("case", "precision"), BOTH)
def test_nvcc_compiles_every_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str, precision: str, card: str
) -> None:
    """The cases have the kernel that walks through everything, but for one of the six, since that one takes long to compile."""
    walks = precision == "float32" or card != "sm_90"
    monkeypatch.setenv("RECIRCUIT_CUDA_PRESENTATION", "persistent" if walks else "graph")
    net = every_operator(precision=precision) if case == "every operator" else agreement.circuit(case, precision)
    recipe = write_sources(net, tmp_path, (f"-arch={card}",))
    made = compile_kernels(recipe, tmp_path)
    assert made.spills() == []
    assert not walks or made.stale_loads(WALK) == []
    if precision == "float32":
        assert {name: line for name, line in made.doubles().items() if not name.startswith(ONE_THREAD)} == {}


@needs_nvcc
@pytest.mark.parametrize("card", CARDS)
def test_nvcc_compiles_the_presentation_loop(tmp_path: Path, card: str) -> None:
    recipe = write_loop(tmp_path, (f"-arch={card}",))
    call = next(call for call in recipe.compile if "machine.cu" in call)
    made = compile_file(call, tmp_path, "machine.cu")
    assert made.spills() == [] and "multiply_tilesIf" in made.ptx
    assert [name for name in made.doubles() if "multiply_tilesIf" in name] == []


@needs_nvcc
@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("program", ["ceilings.cu", "anatomy.cu"])
def test_nvcc_compiles_what_the_benchmarks_run(tmp_path: Path, program: str, card: str) -> None:
    recipe = write_loop(tmp_path, (f"-arch={card}",))
    shutil.copyfile(Path(agreement.__file__).with_name(program), tmp_path / program)
    assert compile_file(recipe.compile[0], tmp_path, program).file.exists()


@needs_nvcc
def test_a_kernel_with_a_double_is_seen(tmp_path: Path) -> None:
    """The test above would see one."""
    recipe = write_sources(agreement.circuit("urfb", "float64"), tmp_path)
    assert any(name.startswith("_ZN9recircuit4eachE") for name in compile_kernels(recipe, tmp_path).doubles())


# --- scalars ----------------------------------------------------------------------------------------------------------


def test_adam_computes_its_powers_once(tmp_path: Path) -> None:
    """One thread computes them, in double precision; the synapses read its results."""
    write_sources(agreement.circuit("adam", "float32"), tmp_path)
    text = "\n".join(file.read_text() for file in tmp_path.glob("kernels_*.cu"))
    block = text[text.index("namespace in_learn_forward_1_code") :].split("void _run_learn_forward_1_code()")
    once, each = block[0].split("__device__ inline void body(")
    assert once.count("_brian_pow(") == 2 and "_brian_pow(" not in each
    assert each.count("recircuit::slot<float>(_scalars, ") == 2
    assert re.search(
        r"in_learn_forward_1_code::prepare\(k", text[text.index("void do_alone(") : text.index("void do_each(")]
    )


# --- functions --------------------------------------------------------------------------------------------------------


def test_operators_are_those_of_numpy(tmp_path: Path) -> None:
    """The functions of source/functions.h, compiled for the processor, are those of NumPy."""
    if why := missing_compiler():
        pytest.skip(why)
    pairs = [(x, y) for x in (-7.5, -3.0, -0.1, 0.0, 0.3, 2.0, 5.3) for y in (-2.0, -0.4, 0.1, 1.5, 3.0)]
    whole = [(x, y) for x in (-7, -3, 0, 2, 9) for y in (-4, -1, 2, 5)]
    show = 'std::printf("%.17g %.17g\\n", double(_brian_mod({0}, {1})), double(_brian_floordiv({0}, {1})));'
    lines = [show.format(f"double({x})", f"double({y})") for x, y in pairs]
    lines += [show.format(f"float({x})", f"float({y})") for x, y in pairs]
    lines += [show.format(f"int({x})", f"std::int64_t({y})") for x, y in whole]
    powers = [f'std::printf("%.17g\\n", double(recircuit::power<{n}>({x})));' for n in (-3, 0, 1, 5) for x in (-1.5, 2)]
    output = _run("\n".join([*lines, *powers]), tmp_path)
    wanted = [[np.mod(x, y), np.floor_divide(x, y)] for x, y in pairs]
    wanted += [[np.mod(x, y), np.floor_divide(x, y)] for x, y in np.array(pairs, np.float32)]
    wanted += [[np.mod(x, y), np.floor_divide(x, y)] for x, y in whole]
    wanted += [[float(x) ** n] for n in (-3, 0, 1, 5) for x in (-1.5, 2)]
    np.testing.assert_allclose(np.concatenate(output), np.concatenate(wanted), rtol=1e-15)


def test_widths_stay(tmp_path: Path) -> None:
    """No operator on single precision gives double precision."""
    if why := missing_compiler():
        pytest.skip(why)
    expressions = ["_brian_mod(1.f, 2)", "_brian_floordiv(1.f, 2.f)", "_brian_pow(2.f, 3.f)", "_brian_pow(2.f, 3)"]
    expressions += ["recircuit::power<2>(1.f)", "recircuit::power<-1>(2)", "_brian_exprel(1.f)", "_brian_exprel(1)"]
    checks = [f'static_assert(std::is_same<decltype({e}), float>::value, "{e}");' for e in expressions]
    _run("\n".join(checks), tmp_path)


def _run(body: str, folder: Path) -> list[list[float]]:
    """Return the numbers that a program prints, a list for each line."""
    source, program = folder / "a.cpp", folder / "a"
    source.write_text(
        f'#include "cuda_runtime.h"\n#define REAL float\n#include "functions.h"\nint main() {{ {body} }}\n'
    )
    includes = [f"-I{STAND_IN / 'include'}", f"-I{Path(gpu.__file__).parent / 'source'}"]
    command = [os.environ.get("CXX", "g++"), "-std=c++17", *includes, str(source), "-o", str(program)]
    subprocess.run(command, check=True)
    output = subprocess.run([str(program)], capture_output=True, text=True, check=True).stdout
    return [[float(word) for word in line.split()] for line in output.splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize("precision", BOUNDS)
@pytest.mark.parametrize("compiled", ["cuda", "cpp"])
def test_every_operator_gives_the_same_as_numpy(on_cpu: None, compiled: str, precision: str) -> None:
    ends = []
    for backend in ("numpy", compiled):
        net = every_operator(precision=precision)
        net.run({"x": np.random.default_rng(0).normal(size=(12, 4))}, backend=backend)
        ends.append(net["h.rate"])
    np.testing.assert_allclose(ends[0], ends[1], rtol=1e-12 if precision == "float64" else 1e-5)

"""The cuda backend, as far as it goes without a GPU: run on the processor by a stand-in for CUDA, and compiled by nvcc.

`cuda_on_cpu` is a toolkit whose nvcc is g++. The same generated sources run there thread by thread, with device memory
that only kernels may touch, and captured presentations that are replayed; see its cuda_runtime.h. Tests marked cuda run
on a GPU where there is one.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from brian2 import ms
from cuda_sources import GPU, STAND_IN, write_sources
from networks import anything, distance, stimuli
from test_backends import differences, images, kitchen, masked, smooth
from test_local import network as local_network
from test_scopes import everything, expected, rows, worst

import recircuit as rc
from benchmarks import agreement
from benchmarks.agreement import BOUNDS, STRUCTURES, cases
from recircuit.circuits.backends import choose_backend
from recircuit.circuits.backends.compiled.build import Compilers, Recipe
from recircuit.circuits.backends.cuda import gpu, requirements, toolkit
from recircuit.circuits.backends.cuda.toolchain import toolchain
from recircuit.circuits.backends.program import Interrupted
from recircuit.circuits.inputs import as_inputs
from recircuit.circuits.lowering import kernels
from recircuit.circuits.lowering.brian.emit import brian_preferences, emit
from recircuit.circuits.lowering.delays import kernels as delay_kernels
from recircuit.circuits.lowering.memory import Need
from recircuit.circuits.lowering.terms import Kernel
from recircuit.circuits.lowering.variables import Scope, Variable
from recircuit.models import layered
from recircuit.models.training.machine import choose, versions

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("brian2cuda") is None, reason="brian2cuda is not installed: pip install 'recircuit[cuda]'"
)


def quiet(batch_size: int = 3, **options: Any) -> rc.Circuit:
    """Return a circuit with every kind of code object, whose noise is so small that it does not count."""
    net = kitchen(batch_size, **options)
    net["h.loud"] = net["x_to_h.loud"] = 0
    return net


def data(count: int = 20) -> dict[str, np.ndarray]:
    return {"x": np.random.default_rng(0).normal(size=(count, 6)), "s": np.arange(count) % 3}


def drawn(count: int = 100) -> dict[str, np.ndarray]:
    """Return data of 64 numbers and ten classes: a machine with a GPU may have no scikit-learn, with its digits."""
    return {"x": np.random.default_rng(0).uniform(-0.3, 0.7, (count, 64)), "s": np.arange(count) % 10}


def both(make: Callable[[], rc.Circuit], inputs: Any, **options: Any) -> tuple[rc.Circuit, rc.Circuit]:
    """Make the same run on numpy and on cuda."""
    nets = make(), make()
    for net, backend in zip(nets, ("numpy", "cuda")):
        net.run(inputs, backend=backend, **options)
    return nets


# --- the same numbers -------------------------------------------------------------------------------------------------

RECORD = ["h.rate", "o.H", "o.above", "h.loss", "judge.rate", "x_to_h.w", "o_to_h.m", "copy.x", "t.rate", "h.apical_o"]


def test_everything_is_as_on_numpy(on_cpu: None) -> None:
    """Several presentations are run with noise off; the first runs as it is, and the others as a captured graph."""
    a, b = quiet(), quiet()
    left, right = a.run(data(), record=RECORD), b.run(data(), record=RECORD, backend="cuda")
    assert {n: distance(left[n], right[n]) for n in RECORD if distance(left[n], right[n]) > 1e-10} == {}
    state = {k: v for k, v in differences(a, b).items() if k != "x_to_h.drive_0"}  # that one is the noise itself
    assert {k: v for k, v in state.items() if v > 1e-10} == {}
    assert a["clock.timestep"] == b["clock.timestep"] > 0 and a["x_to_h.updates"] == b["x_to_h.updates"] == 14


def test_series_streams_long_phases_and_closed_loops(on_cpu: None) -> None:
    """In captured presentations the row of a series is that of its step; in a stream that of the step of the run."""
    rows = np.random.default_rng(1)

    def make(**phases: Any) -> rc.Circuit:
        net = rc.Circuit(batch_size=2)
        x, y = net.stimulus("x", 3, every=2 * ms), net.target("y", 2)
        h = net.population("h", 4, rc.Neuron("basal : 1 (compartment)\ndrate/dt = (basal - rate)/tau : 1", tau=5 * ms))
        net.connect(x, h)
        net.connect(y, h, weights=0.5)
        if phases:
            net.phases(**phases)
        net["h.tau"] = np.array([[3.0], [7.0]]) * ms  # of each element
        return net

    ragged = [rows.normal(size=(n, 3)) for n in (3, 1, 2, 3, 3, 0, 2, 3, 3)]
    made = both(lambda: make(a=(0 * ms, 5 * ms)), {"x": ragged, "y": rows.normal(size=(9, 2))})
    assert {k: v for k, v in differences(*made).items() if v > 1e-12} == {}
    stream = {"x": rows.normal(size=(2, 30, 3)), "y": rows.normal(size=(2, 2))}
    a, b = make(), make()
    left, right = a.run(stream, record=["x.rate", "h.rate"]), b.run(stream, record=["x.rate", "h.rate"], backend="cuda")
    assert max(distance(left[n], right[n]) for n in left) < 1e-12 and left.steps == 60
    long = {"x": rows.normal(size=(600, 3)), "y": rows.normal(size=(3, 2))}
    made = both(lambda: make(a=(0 * ms, 1200 * ms)), long)
    assert {k: v for k, v in differences(*made).items() if v > 1e-12} == {}
    loops = make(a=(0 * ms, 3 * ms)), make(a=(0 * ms, 3 * ms))
    seen = []
    for net, backend in zip(loops, ("numpy", "cuda")):
        with net.live(backend=backend) as live:
            given = [{"x": row, "y": row[0, :2]} for row in stream["x"][0].reshape(15, 2, 3)]
            seen.append([live.present(one, read=["h.rate"])["h.rate"] for one in given])
    assert distance(*map(np.array, seen)) < 1e-12


def test_a_last_batch_that_is_not_full(on_cpu: None) -> None:
    order = [[0, 1, 2], [3, 4, -1], [5, 6, -1], [7, 8, -1], [9, -1, -1], [10, 11, 12]]
    a, b = both(quiet, data(), order=order)
    assert {k: v for k, v in differences(a, b).items() if v > 1e-10 and k != "x_to_h.drive_0"} == {}


def test_an_evaluation_between_two_runs(on_cpu: None) -> None:
    """An evaluation gives the answers of numpy, for a last batch that is not full too, and changes nothing in the runs."""
    shown, ends = drawn(105), []
    nets = smooth(), smooth(), smooth()
    for net, backend, evaluates in zip(nets, ("numpy", "cuda", "cuda"), (True, True, False)):
        net.run(shown, backend=backend)
        if evaluates:
            ends.append(net.outputs(shown["x"]))
            assert np.array_equal(net.evaluate((shown["x"], shown["s"])).answers, ends[-1].argmax(axis=1))
        net.run(shown)
    assert distance(*ends) < 1e-10 and max(differences(*nets[:2]).values()) < 1e-10
    assert max(differences(*nets[1:]).values()) == 0


def test_every_scope_is_as_in_a_loop(on_cpu: None) -> None:
    net = everything()
    rows_of = rows(net, 8)
    wanted = expected(net, rows_of, 3)
    net.run(rows_of, backend="cuda")
    assert worst(net, wanted) == {}


@pytest.mark.slow
def test_a_hinge_network_in_single_precision(on_cpu: None) -> None:
    a, b = both(masked, images(masked()))
    assert {k: v for k, v in differences(a, b).items() if v > 1e-5} == {}
    assert not np.array_equal(a["x_to_h1.w"], masked()["x_to_h1.w"])


@pytest.mark.slow
@pytest.mark.parametrize("way", ["persistent", "graph"])
@pytest.mark.parametrize("case", cases())
def test_every_rule_and_structure(on_cpu: None, monkeypatch: pytest.MonkeyPatch, case: str, way: str) -> None:
    monkeypatch.setenv("RECIRCUIT_CUDA_PRESENTATION", way)
    value, variable = agreement.largest_difference(case, "float64")
    assert value < BOUNDS["float64"], variable


@pytest.mark.slow
def test_one_batch_element(on_cpu: None) -> None:
    a, b = both(lambda: quiet(1), data())
    assert {k: v for k, v in differences(a, b).items() if v > 1e-10 and k != "x_to_h.drive_0"} == {}


@pytest.mark.slow
@pytest.mark.parametrize("way", ["persistent", "graph"])
@pytest.mark.parametrize("seed", [s for s in range(12) if "randn" not in str(anything(s))])
def test_any_circuit(on_cpu: None, monkeypatch: pytest.MonkeyPatch, seed: int, way: str) -> None:
    monkeypatch.setenv("RECIRCUIT_CUDA_PRESENTATION", way)
    a, b = both(lambda: anything(seed), np.random.default_rng(seed).normal(size=(10, 3)))
    assert {k: v for k, v in differences(a, b).items() if v > 1e-10} == {}


# --- noise ------------------------------------------------------------------------------------------------------------

#: Random123's known answers for Philox 4x32-10: counter, key, output.
KNOWN = [
    ("0 0 0 0", "0 0", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


def test_the_generator_gives_its_known_answers(on_cpu: None, tmp_path: Path) -> None:
    cases = [[f"0x{word}u" for word in " ".join(case[:2]).split()] for case in KNOWN]
    lines = [f"show(philox({{{{{', '.join(c[:4])}}}}}, {c[4]}, {c[5]}));" for c in cases]
    source = tmp_path / "known.cpp"
    source.write_text(
        '#include "cuda_runtime.h"\n#include "noise.h"\nusing namespace recircuit;\n'
        'void show(Four f) { std::printf("%08x %08x %08x %08x\\n", f.x[0], f.x[1], f.x[2], f.x[3]); }\n'
        f"int main() {{ {' '.join(lines)} }}\n"
    )
    ours = Path(gpu.__file__).parent / "source"
    program = tmp_path / "known"
    command = [
        os.environ.get("CXX", "g++"),
        "-std=c++17",
        f"-I{STAND_IN / 'include'}",
        f"-I{ours}",
        source,
        "-o",
        program,
    ]
    subprocess.run([str(word) for word in command], check=True)
    output = subprocess.run([str(program)], capture_output=True, text=True, check=True).stdout.splitlines()
    assert output == [answer for _, _, answer in KNOWN]


def philox(counter: Sequence[Any], key: tuple[int, int]) -> list[np.ndarray]:
    """Return four words for each counter, as Philox 4x32-10 makes them, computed by NumPy."""
    x = [np.asarray(word, np.uint64) for word in np.broadcast_arrays(*counter)]
    low, keys = np.uint64(2**32 - 1), list(key)
    for _ in range(10):
        a, b = x[0] * np.uint64(0xD2511F53), x[2] * np.uint64(0xCD9E8D57)
        first, second = (np.uint64(k) for k in keys)
        x = [(b >> 32) ^ x[1] ^ first, b & low, (a >> 32) ^ x[3] ^ second, a & low]
        keys = [(k + step) % 2**32 for k, step in zip(keys, (0x9E3779B9, 0xBB67AE85))]
    return x


def normal(words: list[np.ndarray]) -> np.ndarray:
    """Return the normal number that is made of four words, in double precision."""
    radius, angle = ((high * 2**32 + low) // 2**11 * 2.0**-53 for high, low in (words[:2], words[2:]))
    return np.sqrt(-2 * np.log(1 - radius)) * np.cos(2 * np.pi * angle)


def test_the_host_gives_the_known_answers() -> None:
    for counter, key, answer in KNOWN:
        first, second = (int(word, 16) for word in key.split())
        words = philox([int(word, 16) for word in counter.split()], (first, second))
        assert " ".join(f"{int(word):08x}" for word in words) == answer


def test_noise_is_what_a_host_computes(on_cpu: None) -> None:
    """Each number follows from the seed, the step, the place of the unit and the number of its equations, in replays too."""
    net, seed = kitchen(3), 2**32 - 5
    net.program("cuda").seed(seed)
    drawn = net.run(data(), presentations=6, record=["h.jitter"], elements="all")["h.jitter"].reshape(-1, 13, 15) / 0.1
    steps = 13 * np.arange(6)[:, None, None] + np.arange(4)[:, None]  # of each presentation: those in which it is drawn
    wanted = [normal(philox([np.arange(15), 0, steps, code], (seed, 0))) for code in range(64)]
    assert sum(np.allclose(drawn[:, :4], one, rtol=1e-12) for one in wanted) == 1


def test_noise_is_normal_new_every_time_and_the_same_for_a_seed(on_cpu: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Noise is the same in every order of threads: what is drawn is counted, not passed from one thread to the next."""
    net = kitchen(3)
    trace = net.run(data(), presentations=200, record=["h.jitter"], backend="cuda")
    drawn = trace["h.jitter"].reshape(200, -1, 5)[:, 3] / 0.1  # 4 steps in which it is drawn, the rest repeat the last
    count = drawn.size
    assert abs(drawn.mean()) < 4 / np.sqrt(count) and abs(drawn.var() - 1) < 4 * np.sqrt(2 / count)
    assert len(np.unique(drawn)) == count and 2.5 < np.abs(drawn).max() < 6
    beside = [np.corrcoef(drawn[1:, 0], drawn[:-1, 0])[0, 1], np.corrcoef(drawn[:, 0], drawn[:, 1])[0, 1]]
    assert np.abs(beside).max() < 4 / np.sqrt(len(drawn))
    net = kitchen(3)
    net.run(data(), presentations=20, backend="cuda")
    first = net.state()
    for order, seed, same in (("backward", 0, True), ("shuffled", 0, True), ("forward", 1, False)):
        monkeypatch.setenv("CUDA_ON_CPU_ORDER", order)
        again = kitchen(3, seed=seed)
        if not same:
            again.set_state({k: v for k, v in kitchen(3).state().items() if k.endswith(".w")})
        again.run(data(), presentations=20, backend="cuda")
        assert all(np.array_equal(first[k], v) for k, v in again.state().items()) == same


def test_the_same_noise_again_after_the_same_seed(on_cpu: None) -> None:
    net = kitchen(3)
    program, start = net.program("cuda"), kitchen(3).state()
    ends = []
    for seed in (5, 5, 6):
        net.set_state(start)
        program.seed(seed)
        net.run(data())
        ends.append(net["h.jitter"])
    assert np.array_equal(ends[0], ends[1]) and not np.array_equal(ends[0], ends[2])


# --- running ----------------------------------------------------------------------------------------------------------


def test_one_backend_after_the_other_and_nothing_compiled_twice(on_cpu: None, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled, follow = [], Compilers.follow
    monkeypatch.setattr(Compilers, "follow", lambda *given: compiled.append(given) or follow(*given))
    moving, staying = smooth(), smooth()
    inputs = images(moving)
    for backend in ("numpy", "cuda", "numpy", "cuda"):
        before = moving.state()
        moving.program(backend)
        assert all(np.array_equal(before[k], v) for k, v in moving.state().items())
        moving.run(inputs, learn=backend == "cuda")
        staying.run(inputs, learn=backend == "cuda")
    assert max(differences(moving, staying).values()) < 1e-10
    assert len([recipe for _, recipe, *_ in compiled if recipe.link]) <= 1

    program = moving.program()
    for begin in (0, 50):  # data of another size, in the place of the other
        rows = images(moving, 150)["x"][begin : begin + 100]
        as_inputs(moving, {"x": rows, "s": np.arange(100) % 10}).load(program)
        result = program.run(moving.timetable(), np.arange(100, dtype=np.int32).reshape(10, 10), collect={"x.rate": 2})
        assert np.array_equal(result.collected["x.rate"].reshape(100, -1), rows)
    times = dict(program.profile(moving.timetable(), np.arange(100).reshape(10, 10)))  # type: ignore[attr-defined]
    assert "run propagate_x_to_h1" in times and "clamp x x.rate" in times


def test_what_diverges_is_named_with_its_presentation(on_cpu: None) -> None:
    """Errors grow by their squares, so that no order of additions makes it a presentation sooner or later."""
    messages = []
    for backend in ("numpy", "cuda"):
        net = layered((64, 20, 10), rc.urfb.with_parameters(rate=1e3), loss="mse", batch_size=10)
        with pytest.raises(rc.RecircuitError, match="became NaN or infinite") as raised:
            net.run(drawn(), presentations=60, backend=backend)
        messages.append(str(raised.value))
    assert messages[0] == messages[1] and messages[0].startswith("h1.rate became NaN or infinite in presentation 7")


def test_ctrl_c_ends_a_run(on_cpu: None) -> None:
    """The run ends after the presentation under way, and the circuit can be used as before."""
    net = smooth()
    program, table = net.program("cuda"), net.timetable()
    as_inputs(net, drawn()).load(program)
    order = np.tile(np.arange(10, dtype=np.int32), (100_000, 1))
    with pytest.raises(Interrupted) as stopped:
        program.run(table, order, progress=lambda done: os.kill(os.getpid(), signal.SIGINT))
    shown = stopped.value.result.presentations
    assert 0 < shown < len(order)
    program.run(table, order[:2])
    assert int(net["clock.timestep"]) == table.length * (shown + 2)


def test_a_kernel_that_fails_is_named(on_cpu: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_ON_CPU_FAIL", "305")
    failed = "cuda: the compiled circuit says: .*: an illegal memory access was encountered"
    hint = "[a-z]+.[a-z]+, line [0-9]+. .set RECIRCUIT_CUDA_WAIT=1 to learn in which kernel.. Its state is lost: close"
    net = smooth()
    with pytest.raises(rc.RecircuitError, match=f"{failed} .{hint}"):
        net.run(images(net), presentations=60, backend="cuda")
    with pytest.raises(rc.RecircuitError, match="ended without being asked to .status 1.. Its state is lost: close"):
        net.state()
    net.close()
    net.run(images(net), presentations=10, backend="cuda")
    monkeypatch.setenv("RECIRCUIT_CUDA_WAIT", "1")
    with pytest.raises(rc.RecircuitError, match=r"says: (run )?[a-z0-9_]+: an illegal memory access was encountered"):
        smooth().run(images(smooth()), presentations=60, backend="cuda")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            46,
            r"starting the GPU: .* busy or unavailable \(.*\)\. Another program.*exclusive mode.*nvidia-smi -c DEFAULT\)\.$",
        ),
        (
            2,
            r"starting the GPU: out of memory \(.*\)\. Other programs may hold memory of this GPU.*nvidia-smi lists them",
        ),
        (209, r"starting the GPU: .*Set CUDA_VISIBLE_DEVICES before Python starts, and start Python again\.$"),
    ],
)
def test_a_gpu_that_cannot_be_used(on_cpu: None, monkeypatch: pytest.MonkeyPatch, error: int, message: str) -> None:
    monkeypatch.setenv("CUDA_ON_CPU_START", str(error))
    with pytest.raises(rc.RecircuitError, match=message):
        smooth().program("cuda")


@pytest.mark.slow
def test_hundreds_of_populations_are_checked_for_nan(on_cpu: None) -> None:
    messages = []
    for backend in ("numpy", "cuda"):
        net = rc.Circuit()
        many = [net.stimulus(f"x{number}", 1) for number in range(300)]
        last = net.population("z", 1, rc.Neuron("basal : 1 (compartment)\nrate = exp(800*basal) : 1 (stored)"))
        net.connect(many[0], last, weights=1.0)
        net.phases("feedforward", net.dt)
        with pytest.raises(rc.RecircuitError, match="z.rate became NaN or infinite") as raised:
            net.run({x.name: np.arange(4.0)[:, None] for x in many}, backend=backend)
        messages.append(str(raised.value))
    assert messages[0] == messages[1] and "presentation 2" in messages[0]


def test_wherever_arrays_lie_and_in_whatever_order_threads_run(on_cpu: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bits are the same: nothing reads or writes beside an array, and no thread waits for what another one writes."""

    def end(**environment: str) -> dict[str, np.ndarray]:
        with monkeypatch.context() as m:
            for name, value in environment.items():
                m.setenv(name, value)
            if "CUDA_ON_CPU_SIDE" not in environment:
                m.delenv("RECIRCUIT_CUDA_APART")
            return agreement.after("pooled", "float32", "cuda")

    first = end()
    for side, order in (("end", "forward"), ("begin", "shuffled"), ("end", "strided"), ("begin", "backward")):
        again = end(CUDA_ON_CPU_SIDE=side, CUDA_ON_CPU_ORDER=order)
        assert [k for k, v in first.items() if not np.array_equal(v, again[k])] == []


@pytest.mark.parametrize(("side", "place"), [("end", 7), ("begin", -1)])
def test_who_leaves_an_array_is_found(on_cpu: None, tmp_path: Path, side: str, place: int) -> None:
    """The stand-in ends the program where it reads an item before or after an array, or one that is freed."""
    source, program = tmp_path / "a.cpp", tmp_path / "a"
    source.write_text(
        """
        #include "cuda_runtime.h"
        void read(int, const float* from, float* to, int place) { *to = from[place]; }
        int main(int, char** given) {
            float *a, *b;
            cudaStream_t stream;
            cudaMalloc((void**)&a, 7 * sizeof(float)), cudaMalloc((void**)&b, sizeof(float));
            cudaStreamCreateWithFlags(&stream, 0);
            if (given[2][0] == 'f') cudaFree(a);
            cudaLaunchConfig_t config = {dim3(1), dim3(1), 0, stream};
            return cudaLaunchKernelEx(&config, read, 1, a, b, std::atoi(given[1]));
        }
        """
    )
    compiler = os.environ.get("CXX", "g++")
    subprocess.run([compiler, "-std=c++17", f"-I{STAND_IN / 'include'}", str(source), "-o", str(program)], check=True)
    ends = [
        subprocess.run(
            [str(program), str(at), freed], env=os.environ | {"CUDA_ON_CPU_SIDE": side}, check=False
        ).returncode
        for at, freed in ((0, "-"), (6, "-"), (place, "-"), (0, "freed"))
    ]
    assert ends == [0, 0, -signal.SIGSEGV, -signal.SIGSEGV]


# --- what is missing --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (
            gpu.NoGpu("no NVIDIA driver", "Install it"),
            r"no NVIDIA driver\. Install it, or use the backend cpp or numpy\.$",
        ),
        (
            gpu.Gpu("Old", (6, 1), 8 << 30, (13, 0)),
            r"Old \(compute capability 6.1\) is too old for CUDA 13.0.*begins at 8.0",
        ),
        (
            gpu.Gpu("New", (9, 0), 8 << 30, (12, 8)),
            r"driver runs programs of CUDA 12.8 and older.*toolkit is CUDA 13.0",
        ),
        (
            gpu.Gpu("Small", (9, 0), requirements.RESERVED + 3500, (13, 0)),
            r"needs .* GiB are what Small has to give.*Use a smaller batch_size, of at most 2",
        ),
        (
            gpu.Gpu("Tiny", (9, 0), requirements.RESERVED, (13, 0)),
            r"the largest parts: h .*Use smaller or tied layers, or float32",
        ),
    ],
    ids=lambda x: x.name if isinstance(x, gpu.Gpu) else "",
)
def test_a_gpu_that_will_not_do(on_cpu: None, monkeypatch: pytest.MonkeyPatch, found: Any, message: str) -> None:
    """The GPU is refused before anything is built."""
    monkeypatch.setattr(gpu, "find_gpu", lambda: found)
    monkeypatch.setenv("RECIRCUIT_CACHE", "/nonexistent/and/not/to/be/made")
    with pytest.raises(rc.RecircuitError, match=f"backend cuda: .*{message}"):
        kitchen(3).program("cuda")


def test_what_the_driver_says(tmp_path: Path) -> None:
    """The question is that of a real machine, and a library answers for the driver."""
    command = [os.environ.get("CC", "gcc"), "-shared", "-fPIC", "-o", tmp_path / "libcuda.so.1", STAND_IN / "driver.c"]
    if shutil.which(str(command[0])) is None:
        pytest.skip("no C compiler")
    subprocess.run([str(word) for word in command], check=True)
    cases: list[tuple[str, dict[str, str]]] = [
        ("find_gpu", {}),
        ("find_gpu", dict(CUDA_ON_CPU_STATUS="100", CUDA_VISIBLE_DEVICES="")),
        ("find_gpu", dict(CUDA_ON_CPU_STATUS="100")),
        ("find_gpu", dict(CUDA_ON_CPU_STATUS="803")),
        ("find_gpu", dict(CUDA_ON_CPU_STATUS="999")),
        ("find_gpu", dict(CUDA_ON_CPU_COUNT="0")),
        ("visible_gpus", dict(CUDA_ON_CPU_COUNT="3")),
        ("visible_gpus", dict(CUDA_ON_CPU_COUNT="2", CUDA_VISIBLE_DEVICES="3, 1,-1,2")),
    ]
    ask = (  # each in a process of its own, which the driver begins in; all of them have one import
        "import os\nfrom recircuit.circuits.backends.cuda import gpu\n"
        f"for asked, environment in {cases!r}:\n"
        "    if not os.fork():\n"
        "        os.environ |= environment\n"
        "        found = getattr(gpu, asked)()\n"
        "        print(f'{found.why}. {found.remedy}' if isinstance(found, gpu.NoGpu) else found, flush=True)\n"
        "        os._exit(0)\n"
        "    assert os.wait()[1] == 0\n"
    )
    env = os.environ | {"LD_LIBRARY_PATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ask], env=env, capture_output=True, text=True, check=True
    )
    there, hidden, none, unlike, unknown, split, three, chosen = done.stdout.splitlines()
    assert there == f"Gpu(name='Stand-in 9000', capability=(9, 0), memory={2 << 30}, driver=(13, 1))"
    assert hidden.startswith(
        "no GPU: the NVIDIA driver finds none (CUDA_VISIBLE_DEVICES is ''). Set it to the number of a GPU"
    )
    assert none.startswith("no GPU: the NVIDIA driver finds none. See whether nvidia-smi finds one")
    assert "does not start (driver and library do not match). The driver was updated" in unlike
    assert unknown.endswith("See what nvidia-smi says")
    assert split.startswith("the NVIDIA driver has no GPU to use: cuDeviceGet says ")
    assert (three, chosen) == ("['0', '1', '2']", "['3', '1']")


def test_more_values_than_threads_can_be_counted_are_refused(on_cpu: None) -> None:
    made: Any = smooth().program("cuda")
    many = Variable("h1", "rate", (70_000, 40_000), Scope.UNIT)
    made.lowered = replace(made.lowered, variables={many.key: many})
    with pytest.raises(rc.RecircuitError, match=r"h1.rate has 2,800,000,000 values; expected at most 2,147,483,392"):
        made.check(SimpleNamespace(runners={}))


@pytest.mark.skipif(shutil.which("g++") is None, reason="no compiler")
def test_what_cublas_needs_is_found_beside_it(tmp_path: Path) -> None:
    """Its libcublasLt is found where neither it nor the system knows the folder, and the program is linked as a circuit is.
    CUDA's static runtime is found too where nvcc does not look: where pip's packages put it.
    """
    wheel, project = tmp_path / "lib", tmp_path / "project"
    for folder in (wheel, project):
        folder.mkdir()
    sources = {
        "libcublasLt.so.13": "int light() { return 7; }",
        "libcublas.so.13": "int light(); int blas() { return light(); }",
    }
    for name, text in sources.items():
        (tmp_path / "a.cpp").write_text(text)
        needed = ["-L", str(wheel), "-l:libcublasLt.so.13"] if name == "libcublas.so.13" else []
        shared = ["g++", "-shared", "-fPIC", str(tmp_path / "a.cpp"), f"-Wl,-soname={name}", "-o", str(wheel / name)]
        subprocess.run([*shared, *needed], check=True)
    (tmp_path / "a.cpp").write_text("int run() { return 1; }")
    subprocess.run(["g++", "-c", "a.cpp"], cwd=tmp_path, check=True)
    subprocess.run(["ar", "rc", str(wheel / toolkit.STATIC), "a.o"], cwd=tmp_path, check=True)
    (project / "main.cpp").write_text("int blas(), run(); int main() { return blas() + run(); }")
    runtime = toolkit._runtime(tmp_path)
    assert runtime == wheel
    tools = toolkit.Toolkit(Path("nvcc"), (13, 0), ((9, 0),), wheel, wheel / "libcublas.so.13", runtime)
    tools.link_into(project)
    link = ["g++", "main.cpp", "-o", "main", *tools.library_options, "-lcudart_static"]
    subprocess.run(link, cwd=project, check=True)
    assert subprocess.run(["./main"], cwd=project, check=False).returncode == 8
    (tmp_path / "lib64").symlink_to(wheel)
    assert toolkit._runtime(tmp_path) is None


def test_a_program_depends_on_the_options_that_nvcc_adds(on_cpu: None, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = toolkit.find_toolkit()
    assert tools is not None
    found = {toolchain(tools, ())}
    for name in ("NVCC_CCBIN", *toolkit.NVCC_OPTIONS):
        monkeypatch.setenv(name, "clang++")
        found.add(toolchain(tools, ()))
    assert len(found) == 4


def test_tools_that_are_missing(on_cpu: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with monkeypatch.context() as m:
        for module in (toolkit, requirements):
            m.setattr(module, "find_nvcc", lambda: None)
        with pytest.raises(rc.RecircuitError, match="no CUDA compiler.*neither in CUDA_HOME"):
            smooth().program("cuda")
    with monkeypatch.context() as m:
        bare = tmp_path / "bin" / "nvcc"
        bare.parent.mkdir()
        shutil.copy(STAND_IN / "bin" / "nvcc", bare)
        m.setenv("CUDA_HOME", str(tmp_path))
        m.setattr(toolkit, "_pathfinder", lambda *_: None)
        with pytest.raises(rc.RecircuitError, match=r"no cuBLAS of CUDA 13.*pip install 'recircuit\[cuda\]'"):
            smooth().program("cuda")
        for version, message in (("11.8", "11.8, which is too old: CUDA 12 or 13"), ("0", "does not say its version")):
            text = (STAND_IN / "bin" / "nvcc").read_text().replace("release 13.0", f"release {version}")
            bare.with_name(f"nvcc-{version}").write_text(text)
            bare.with_name(f"nvcc-{version}").chmod(0o755)
            for module in (toolkit, requirements):
                m.setattr(module, "find_nvcc", lambda version=version: bare.with_name(f"nvcc-{version}"))
            assert message in requirements.missing_tools()
    with monkeypatch.context() as m:
        m.setattr(requirements.shutil, "which", lambda name: None)
        assert requirements.missing_tools().startswith("nvcc needs g++, which is not there. Install it")
        m.setenv("NVCC_PREPEND_FLAGS", "-ccbin=clang++")
        assert requirements.missing_tools() == ""
    with monkeypatch.context() as m:
        m.setattr(requirements, "find_spec", lambda name: None)
        with pytest.raises(rc.RecircuitError, match=r"Brian2CUDA is not installed: pip install 'recircuit\[cuda\]'"):
            smooth().program("cuda")


@pytest.mark.parametrize("name", ["$(touch executed)", "`touch executed`", 'a";touch executed;"', "a\nb"])
def test_no_cache_whose_path_a_shell_would_change(
    on_cpu: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    """nvcc passes the path of the folder in which it runs to a shell, and executes what is in it."""
    monkeypatch.setenv("RECIRCUIT_CACHE", str(tmp_path / name))
    with pytest.raises(rc.RecircuitError, match="backend cuda: nvcc passes paths to a shell.*in RECIRCUIT_CACHE"):
        smooth().program("cuda")


def test_a_cublas_of_another_version_is_not_taken(
    on_cpu: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(STAND_IN, tmp_path / "cuda")
    nvcc = tmp_path / "cuda" / "bin" / "nvcc"
    nvcc.write_text(nvcc.read_text().replace("release 13.0, V13.0.0", "release 12.8, V12.8.93"))
    monkeypatch.setenv("CUDA_HOME", str(tmp_path / "cuda"))
    monkeypatch.setattr(toolkit, "_pathfinder", lambda *_: None)
    assert "no cuBLAS of CUDA 12" in requirements.missing_tools() and "[cuda12]" in requirements.missing_tools()
    api = tmp_path / "cuda" / "include" / "cublas_api.h"
    api.write_text("#define CUBLAS_VER_MAJOR 12\n")
    toolkit._toolkit.cache_clear()
    assert requirements.missing_cuda() == ""


def test_what_nvcc_is_asked_to_compile_for() -> None:
    """nvcc makes code for the GPU's family; for one that is newer than the toolkit, it makes what the driver translates."""
    tools = toolkit.Toolkit(Path("nvcc"), (12, 4), ((5, 0), (8, 0), (8, 6), (9, 0)), None, None)
    assert tools.architecture((8, 0)) == ("-arch=sm_80",) and tools.architecture((8, 9)) == ("-arch=sm_86",)
    assert tools.architecture((12, 0)) == ("-gencode", "arch=compute_90,code=compute_90")
    assert tools.compiles_for((5, 2)) and not tools.compiles_for((3, 5))


def test_what_cannot_be_done_there(on_cpu: None) -> None:
    with pytest.raises(rc.RecircuitError, match="lowering='reference'.*numpy or cpp"):
        layered([3, 2], lowering="reference").program("cuda")
    net = rc.Circuit()
    net.population("h", 2, rc.Neuron("rate = poisson(3) : 1 (stored)"))
    net.phases("feedforward", net.dt)
    with pytest.raises(rc.RecircuitError, match=r"draws by poisson\(\)"):
        net.program("cuda")
    with pytest.raises(rc.RecircuitError, match="exists only on the backend cuda"):
        layered([3, 2], matmul="tf32").program("numpy")
    with pytest.raises(rc.RecircuitError, match="matmul='tf32' goes with precision='float32' only"):
        rc.Circuit(matmul="tf32")


def test_auto_falls_back_and_says_so(on_cpu: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_backend("auto") == ("cuda", "")
    assert choose(layered([3, 2]), "auto", 10**9)[0] == "cuda"
    assert versions("cuda")["gpu"] == GPU.name and "gpu" not in versions("cpp")
    monkeypatch.setattr(gpu, "find_gpu", lambda: gpu.NoGpu("no GPU: the NVIDIA driver finds none", "Look"))
    name, why = choose_backend("auto")
    assert name == "cpp" and why.startswith("cuda: no GPU")
    name, why = choose(layered([3, 2]), "auto", 10**9)
    assert name == "cpp" and why.endswith("cuda: no GPU: the NVIDIA driver finds none")
    with pytest.raises(rc.RecircuitError, match="backend cuda: no GPU"):
        choose(layered([3, 2]), "cuda", 1)


def test_memory_is_counted() -> None:
    net = layered([10, 4, 3], batch_size=7, loss="mse")
    need = Need.of(net, net.lowered().variables.values())
    assert need.batch_size == 7 and need.shared["x_to_h1"] >= 4 * 40 and need.element["h1"] >= 4 * 4
    assert need.total == sum(need.shared.values()) + 7 * sum(need.element.values())
    assert need.total >= Need.of(net).total >= 0.8 * need.total


@pytest.mark.slow
def test_coarse_products(on_cpu: None) -> None:
    """Products with --matmul tf32 are near the exact ones, and not the same."""
    exact, coarse = (
        layered([64, 8, 10], loss="mse", batch_size=5),
        layered([64, 8, 10], loss="mse", batch_size=5, matmul="tf32"),
    )
    for net in (exact, coarse):
        net.run(drawn(20), backend="cuda")
    apart_by = distance(exact["x_to_h1.w"], coarse["x_to_h1.w"])
    assert 1e-7 < apart_by < 1e-2


# --- compiled by nvcc -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Recipe]]:
    """Return projects with every kind of code object, and of images in single precision, and how they are compiled."""
    made = {}
    for name, net, card in (
        ("kitchen", kitchen(3), "sm_80"),
        ("images", local_network(batch_size=3, precision="float32"), "sm_90"),
    ):
        folder = tmp_path_factory.mktemp(name)
        made[name] = folder, write_sources(net, folder, (f"-arch={card}",))
    return made


def test_every_kind_of_kernel_is_in_a_case() -> None:
    """A kind that is added is then compiled, run on the stand-in, and held against numpy."""
    defined = [*vars(kernels).values(), *vars(delay_kernels).values()]
    bases = {Kernel, kernels.OverSynapses, kernels.WeightUpdate, kernels.SynapseLoop}  # what several kinds share
    kinds = {k for k in defined if isinstance(k, type) and issubclass(k, Kernel)} - bases
    lowered = [
        agreement.circuit(case, "float64").lowered() for case in ("weight_perturbation", "quantised", *STRUCTURES)
    ]
    assert kinds == {type(o.kernel) for one in lowered for o in one.all_operations()}


def test_there_is_a_template_for_each_that_cpp_has() -> None:
    """A structure that is added then runs everywhere, or is seen not to."""
    backends = Path(gpu.__file__).parents[1]
    cpp, cuda = ({p.stem for p in (backends / name / "templates").iterdir()} for name in ("cpp", "cuda"))
    assert cpp - {"main"} <= cuda  # that one is no kernel: it is the program


def test_the_sources_hold_what_they_should(sources: dict[str, tuple[Path, Recipe]]) -> None:
    files = {f"{n}/{p.name}": p for n, (folder, _) in sources.items() for p in folder.iterdir()}
    text = {name: file.read_text() for name, file in files.items() if file.is_file()}
    everything = "\n".join(text.values())
    assert not re.findall(r"atomic[A-Z]\w*", everything)
    kernels = "\n".join(v for k, v in text.items() if "kernels_" in k)
    for name in ("propagate_x_to_h", "propagate_copy_to_h", "learn_h_to_o_0", "count_x_to_h", "broadcast_loss_to_h"):
        assert f"void _run_{name}_code()" in kernels
    assert re.search(r"recircuit::propagation\(3, 5, 3, false, 1, ", kernels)
    assert "recircuit::update(" in kernels and "_noise.randn()" in kernels
    assert "cudaMemcpy" not in kernels and "_array_population_h_i" not in everything  # nobody reads the indices
    assert len([k for k in text if k.startswith("kitchen/") and k.endswith(".cu")]) <= 4


@pytest.mark.parametrize(
    ("make", "card"), [(lambda: kitchen(3), (8, 0)), (lambda: local_network(batch_size=3), (9, 0))]
)
def test_nvcc_compiles_and_links(make: Callable[[], rc.Circuit], card: tuple[int, int], tmp_path: Path) -> None:
    """The machine's toolkit compiles with its cuBLAS; nothing runs."""
    from recircuit.circuits.backends.cuda.device import CudaDevice

    if why := requirements.missing_tools():
        pytest.skip(why)
    net, tools = make(), toolkit.find_toolkit()
    assert tools is not None
    device = CudaDevice(tools, tools.architecture(card))
    with device.in_use(), brian_preferences(net.dtype):
        recipe = device.write_sources(emit(net.lowered(), None), tmp_path)
    Compilers().follow(recipe, tmp_path, "cuda")
    arch = f"-arch=sm_{card[0]}{card[1]}"
    assert all(arch in call for call in (*recipe.compile, recipe.link)) and (tmp_path / "main").exists()


# --- on a GPU ---------------------------------------------------------------------------------------------------------


@pytest.mark.cuda
@pytest.mark.parametrize("make", [quiet, lambda: quiet(1), masked, smooth], ids=["quiet", "one", "masked", "smooth"])
def test_a_gpu_computes_the_same(make: Callable[[], rc.Circuit]) -> None:
    a, b = both(make, data() if "judge" in make().populations else drawn())
    bound = BOUNDS[str(a.dtype)]
    assert {k: v for k, v in differences(a, b).items() if v > bound and k != "x_to_h.drive_0"} == {}


@pytest.mark.cuda
@pytest.mark.slow
@pytest.mark.parametrize("precision", BOUNDS)
@pytest.mark.parametrize("case", cases())
def test_a_gpu_computes_every_rule_and_structure(case: str, precision: str) -> None:
    value, variable = agreement.largest_difference(case, precision)
    assert value < BOUNDS[precision], variable


#: Tests above, which need no stand-in.
ANYWHERE = [
    test_everything_is_as_on_numpy, test_series_streams_long_phases_and_closed_loops, test_every_scope_is_as_in_a_loop,
    test_a_last_batch_that_is_not_full, test_the_same_noise_again_after_the_same_seed,
    test_noise_is_what_a_host_computes, test_what_diverges_is_named_with_its_presentation, test_ctrl_c_ends_a_run,
    test_an_evaluation_between_two_runs,
]  # fmt: skip


@pytest.mark.cuda
@pytest.mark.parametrize("check", ANYWHERE, ids=lambda check: check.__name__.removeprefix("test_"))
def test_a_gpu_does_what_the_stand_in_does(check: Callable[[None], None]) -> None:
    """Recordings, series, streams, closed loops, scopes, batches that are not full, evaluations, noise and divergence are the
    same."""
    check(None)


@pytest.mark.cuda
@pytest.mark.parametrize("make", [lambda: kitchen(3), smooth], ids=["kitchen", "smooth"])
def test_a_gpu_walks_through_what_it_would_launch(
    monkeypatch: pytest.MonkeyPatch, make: Callable[[], rc.Circuit]
) -> None:
    """One launch whose blocks wait for each other gives the same bits as a graph of launches."""
    ends = []
    for way in ("graph", "persistent"):
        monkeypatch.setenv("RECIRCUIT_CUDA_PRESENTATION", way)
        net = make()
        net.run(stimuli(net, 40), backend="cuda")
        ends.append(net.state())
    assert [k for k, v in ends[0].items() if not np.array_equal(v, ends[1][k])] == []


@pytest.mark.cuda
def test_coarse_products_on_a_gpu() -> None:
    """They are near the exact ones; how near depends on whether cuBLAS takes its matrix units for products of such a
    size.

    After two presentations: in the third one the weights of this network grow more than tenfold, and differences with them.
    """
    exact, coarse = (layered([64, 64, 10], loss="mse", batch_size=32, matmul=matmul) for matmul in ("full", "tf32"))
    for net in (exact, coarse):
        net.run(drawn(64), backend="cuda")
    assert distance(exact["x_to_h1.w"], coarse["x_to_h1.w"]) < 2e-3


@pytest.mark.cuda
def test_noise_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """The moments of the noise over replays are right, and a seed gives the same numbers again."""
    test_noise_is_normal_new_every_time_and_the_same_for_a_seed(None, monkeypatch)


@pytest.mark.cuda
def test_a_gpu_gives_the_same_bits_twice() -> None:
    ends = []
    for _ in range(2):
        net = kitchen(3)
        net.run(stimuli(net, 20), backend="cuda")
        ends.append(net.state())
    assert all(np.array_equal(ends[0][k], ends[1][k]) for k in ends[0])

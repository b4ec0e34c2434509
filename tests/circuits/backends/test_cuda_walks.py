"""Stretches of a presentation on cuda as one launch, whose blocks wait for each other before each step.

The stand-in for CUDA has such barriers: every block runs up to the barrier, in any order, before one goes on.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from cuda_sources import STAND_IN
from test_backends import differences, kitchen

import recircuit as rc
from benchmarks import agreement
from benchmarks.circuit import reference_circuit
from benchmarks.gpu_right import WALKED
from benchmarks.workload import Settings
from recircuit.circuits.backends.cpp.compiler import missing_compiler
from recircuit.circuits.backends.cuda.presentations import walks

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("brian2cuda") is None,
        reason="brian2cuda is not installed: pip install 'recircuit[cuda]'",
    ),
    pytest.mark.skipif(bool(missing_compiler()), reason="no compiler"),
]
WAY = "RECIRCUIT_CUDA_PRESENTATION"

#: The reference workload with few units: 40 of them are two tiles.
SMALL = Settings(sizes=(12, 40, 35, 3), batch_size=2)
DATA = {"x": np.random.default_rng(0).normal(size=(6, 12)), "s": np.eye(3)[np.arange(6) % 3]}

#: Each block writes its number, and after a barrier reads that of the next one, twice; with `missing`, one does not come.
ROUND = """
#include "cuda_runtime.h"
#include "cooperative_groups.h"
__global__ void pass_on(int missing, int* places) {
    for (int k = 0; k < 2; ++k) {
        if (!threadIdx.x) places[blockIdx.x] = int(blockIdx.x) + 10 * k;
        if (int(blockIdx.x) != missing) cooperative_groups::this_grid().sync();
        const int next = places[(blockIdx.x + 1) % gridDim.x];
        __syncthreads();
        cooperative_groups::this_grid().sync();
        if (!threadIdx.x) places[blockIdx.x + gridDim.x] = next;
    }
}
int main(int, char** given) {
    const unsigned blocks = std::atoi(given[1]);
    int *places, found[6] = {};
    cudaStream_t stream;
    cudaMalloc((void**)&places, sizeof found), cudaStreamCreateWithFlags(&stream, 0);
    cudaLaunchAttribute together = {cudaLaunchAttributeCooperative, {given[3][0] == 't'}};
    cudaLaunchConfig_t config = {dim3(blocks), dim3(64), 0, stream, &together, 1};
    if (auto error = cudaLaunchKernelEx(&config, pass_on, std::atoi(given[2]), places)) return int(error) % 256;
    cudaMemcpyAsync(found, places, sizeof found, cudaMemcpyDeviceToHost, stream);
    for (unsigned k = 0; k < blocks; ++k)
        if (found[blocks + k] != 10 + int((k + 1) % blocks)) return 1;
}
"""


def test_the_stand_in_has_barriers_of_the_grid(tmp_path: Path) -> None:
    """It finds blocks that do not come, and launches for which there are not enough multiprocessors."""
    source, program = tmp_path / "a.cpp", tmp_path / "a"
    source.write_text(ROUND)
    command = [os.environ.get("CXX", "g++"), "-std=c++17", f"-I{STAND_IN / 'include'}", str(source), "-o", str(program)]
    subprocess.run(command, check=True)

    def end(*given: str, order: str = "forward") -> tuple[int, str]:
        environment = os.environ | {"CUDA_ON_CPU_ORDER": order, "CUDA_ON_CPU_PROCESSORS": "3"}
        done = subprocess.run([str(program), *given], env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stderr.strip()

    assert {end("3", "-1", "together", order=o) for o in ("forward", "backward", "strided", "shuffled")} == {(0, "")}
    assert end("4", "-1", "together")[0] == 720 % 256
    assert "not all blocks reach" in end("3", "1", "together")[1]
    assert "whose blocks are not launched together" in end("3", "-1", "-")[1]


@pytest.mark.slow
@pytest.mark.parametrize("case", WALKED)
def test_the_same_bits_as_by_a_graph(on_cpu: None, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    """The bits are the same with any number of multiprocessors, and in any order of blocks and threads."""
    monkeypatch.setenv(WAY, "graph")
    first = agreement.after(case, "float32", "cuda")
    monkeypatch.setenv(WAY, "persistent")
    for processors, order in (("1", "forward"), ("2", "shuffled"), ("5", "backward")):
        monkeypatch.setenv("CUDA_ON_CPU_PROCESSORS", processors)
        monkeypatch.setenv("CUDA_ON_CPU_ORDER", order)
        again = agreement.after(case, "float32", "cuda")
        assert [k for k, v in first.items() if not np.array_equal(v, again[k])] == []


def test_noise_recordings_and_batches_that_are_not_full(on_cpu: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bits are those of a graph, with any number of multiprocessors, and in any order of blocks and threads.

    A walk moves the clock on, which noise counts by, and has as many batch elements as are in use.
    """
    data = {"x": np.random.default_rng(0).normal(size=(22, 6)), "s": np.arange(22) % 3}
    seen = []
    for way, processors, order in (
        ("graph", "2", "forward"),
        ("persistent", "3", "forward"),
        ("persistent", "1", "shuffled"),
    ):
        monkeypatch.setenv(WAY, way)
        monkeypatch.setenv("CUDA_ON_CPU_PROCESSORS", processors)
        monkeypatch.setenv("CUDA_ON_CPU_ORDER", order)
        net = kitchen(3)
        trace = net.run(data, record=["h.jitter", "h.rate"], backend="cuda")
        net.run(data)
        seen.append(net.state() | {name: trace[name] for name in ("h.jitter", "h.rate")})
    assert [k for one in seen[1:] for k in seen[0] if not np.array_equal(seen[0][k], one[k])] == []


def test_the_reference_workload_is_one_walk(on_cpu: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The walk lies between the stimuli and the look for NaN. Its blocks wait once in a step, since the equations
    follow the products tile by tile; and no product sees what is written in the same step, though blocks run one after
    the other here.
    """
    monkeypatch.setenv(WAY, "persistent")
    monkeypatch.setenv("CUDA_ON_CPU_GRAPH", str(tmp_path / "graphs"))
    monkeypatch.setenv("CUDA_ON_CPU_BARRIERS", str(tmp_path / "barriers"))
    nets = [reference_circuit(SMALL) for _ in range(2)]
    for net, backend in zip(nets, ("numpy", "cuda")):
        net.run(DATA, backend=backend)
    assert {k: v for k, v in differences(*nets).items() if v > 1e-5} == {}
    nodes, _ = map(int, (tmp_path / "graphs").read_text().split())
    barriers = [int(line.split()[0]) for line in (tmp_path / "barriers").read_text().splitlines()]
    assert nodes <= 6 and len(set(barriers)) == 1 and len(barriers) == 3
    assert barriers[0] <= 20


def test_a_gpu_that_does_not_hold_blocks_together(on_cpu: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WAY, "persistent")
    monkeypatch.setenv("CUDA_ON_CPU_COOPERATIVE", "0")
    with pytest.raises(rc.RecircuitError, match="set RECIRCUIT_CUDA_PRESENTATION=graph"):
        reference_circuit(SMALL).run(DATA, backend="cuda")


#: Kilobytes of shared memory of a block, of which the kernel itself has 32, multiprocessors, and where weights are.
ROOM = {
    "all": ("227", "2", "shared"),
    "some": ("64", "1", "shared"),
    "few": ("227", "7", "shared"),
    "none": ("227", "2", "cache"),
}


#: The reference workload; and weights of every kind, of which some are written within a walk.
KEEP = ["small", *(pytest.param(case, marks=pytest.mark.slow) for case in ("settling", "settling, one element"))]


@pytest.mark.parametrize("case", KEEP)
def test_weights_stay_in_shared_memory(
    on_cpu: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, case: str
) -> None:
    """They stay as far as they fit; the bits are the same, however many stay."""
    monkeypatch.setenv(WAY, "persistent")
    states, kept = {}, {}
    for room, (kilobytes, processors, where) in ROOM.items():
        monkeypatch.setenv("CUDA_ON_CPU_SHARED", kilobytes)
        monkeypatch.setenv("CUDA_ON_CPU_PROCESSORS", processors)
        monkeypatch.setenv("RECIRCUIT_CUDA_WEIGHTS", where)
        monkeypatch.setenv("CUDA_ON_CPU_BARRIERS", str(tmp_path / room))
        states[room] = _state_after(case)
        kept[room] = max(int(line.split()[2]) for line in (tmp_path / room).read_text().splitlines())
    assert [k for one in states.values() for k in one if not np.array_equal(states["none"][k], one[k])] == []
    assert kept["none"] == 0 and 0 < kept["some"] <= 32 << 10 and kept["some"] <= kept["all"]
    # two tiles of 32 rows of a stage, of 16 packs of 16 bytes, and a pack beside them
    assert kept["all"] >= 2 * 32 * 17 * 16


def _state_after(case: str) -> dict[str, np.ndarray]:
    if case != "small":
        return agreement.after(case, "float32", "cuda")
    net = reference_circuit(SMALL)
    net.run(DATA, backend="cuda")
    return net.state()


def test_who_is_walked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """A circuit is walked through only where that is asked for, until a GPU has measured both ways."""
    monkeypatch.delenv(WAY, raising=False)
    assert not walks()
    for way, wanted in (("auto", False), ("graph", False), ("persistent", True)):
        monkeypatch.setenv(WAY, way)
        assert walks() == wanted
    monkeypatch.setenv(WAY, "quick")
    with pytest.raises(rc.RecircuitError, match="RECIRCUIT_CUDA_PRESENTATION: expected one of auto, graph, persistent"):
        walks()

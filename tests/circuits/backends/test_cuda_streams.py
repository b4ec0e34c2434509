"""How cuda lays out a presentation: what waits for what, what is one launch, and on which stream it is.

The stand-in for CUDA follows streams and graphs in any order that their events and edges allow, as a GPU may. Speed is not
tested here: no order is known to be the fastest before it has run on a GPU.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cuda_sources import STAND_IN, write_sources
from test_backends import kitchen

from benchmarks import agreement
from benchmarks.circuit import reference_circuit
from benchmarks.workload import Settings, products
from recircuit.circuits.backends.cpp.compiler import missing_compiler
from recircuit.circuits.backends.cuda import gpu
from recircuit.circuits.lowering.delays.kernels import DelayedPropagate
from recircuit.circuits.lowering.kernels import Product, Propagate
from recircuit.models import layered

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("brian2cuda") is None,
        reason="brian2cuda is not installed: pip install 'recircuit[cuda]'",
    ),
    pytest.mark.skipif(bool(missing_compiler()), reason="no compiler"),
]
OURS = Path(gpu.__file__).parent / "source"


def compiled(body: str, folder: Path, *includes: str) -> Path:
    """Return a program that is compiled against the stand-in."""
    source, program = folder / "a.cpp", folder / "a"
    lines = [f'#include "{name}"' for name in ("cuda_runtime.h", *includes)]
    source.write_text("\n".join([*lines, body]))
    folders = [f"-I{STAND_IN / 'include'}", f"-I{OURS}"]
    command = [os.environ.get("CXX", "g++"), "-std=c++17", *folders, str(source), "-o", str(program)]
    subprocess.run(command, check=True)
    return program


def output_of(program: Path, *given: str, **environment: str) -> str:
    env = os.environ | environment
    return subprocess.run([str(program), *given], env=env, capture_output=True, text=True, check=True).stdout


# --- the plan ---------------------------------------------------------------------------------------------------------

#: Random works on a few places. A line for each fault: a pair that touches the same place, of which one writes it, and
#: whose nodes are not in order by their streams and what they wait for; a work that is not launched once; a launch, or a step
#: of a walk, of works that touch the same place. Then whether there are fewer nodes than works, on how many streams, and
#: whether there are walks.
RANDOM_WORKS = """
#include <cstdio>
#include <random>
#include <set>
namespace recircuit {
void check(cudaError_t, const char*, const char*, int) {}
void check(cublasStatus_t, const char*, const char*, int) {}
Together held_together() { return {}; }
cudaStream_t stream() { return nullptr; }
}
using namespace recircuit;
static char places[9];
static bool touch(const Work& a, const Work& b) {
    const auto meet = [](const auto& some, const auto& others) {
        for (const void* place : some)
            if (std::count(others.begin(), others.end(), place)) return true;
        return false;
    };
    return meet(a.writes, b.writes) || meet(a.writes, b.reads) || meet(a.reads, b.writes);
}
static bool has(const std::vector<std::size_t>& some, std::size_t work) { return std::count(some.begin(), some.end(), work); }
static std::size_t step_of(const Node& node, std::size_t work) {
    std::size_t k = 0;
    for (; k < node.stages.size(); ++k) {
        const WalkStage& stage = node.stages[k];
        if (has(stage.works, work)) break;
        if (std::any_of(stage.tiles.begin(), stage.tiles.end(), [&](const Tiles& tiles) {
                return has(tiles.products, work) || has(tiles.jobs, work);
            })) break;
    }
    return k;
}
// Whether a job follows a product tile by tile, and they meet nowhere but in the items that are its own.
static bool tile_by_tile(const Node& node, std::size_t product, std::size_t job, const std::vector<Work>& works) {
    for (const Tiles& tiles : node.stages[step_of(node, job)].tiles)
        if (has(tiles.products, product) && has(tiles.jobs, job)) {
            for (const void* place : works[job].reads)
                if (in(works[product].writes, place) && !in(works[job].own, place)) return false;
            for (const void* place : works[job].writes)
                if (in(works[product].reads, place) || in(works[product].writes, place)) return false;
            return true;
        }
    return false;
}
static bool some_walk(const std::vector<Node>& nodes) {
    return std::any_of(nodes.begin(), nodes.end(), [](const Node& node) { return node.stages.size() > 1; });
}
static std::size_t tiles_in(const Node& node) {
    std::size_t found = 0;
    for (const WalkStage& stage : node.stages) found += stage.tiles.size();
    return found;
}
static Product one_item() {
    Product product{};
    product.m = product.n = product.c_lead = product.blocks = 1;
    return product;
}
int main() {
    std::mt19937 drawing(5);
    std::size_t launches = 0, works_in_all = 0, walks_in_all = 0, tiles_in_all = 0;
    std::set<int> used;
    bool two_walks = false;
    for (int circuit = 0; circuit < 300; ++circuit) {
        std::vector<Work> works;
        for (unsigned k = drawing() % 90; k-- > 0;) {
            Work work{"work", nullptr, {int(k), int(drawing() % 2)}, {}, {}};
            if (drawing() % 2) work.launch = [] {}, work.clock.ticks = drawing() % 4 == 0;
            else if (drawing() % 2) work.product = one_item, work.small = drawing() % 3;
            for (unsigned n = drawing() % 3; n-- > 0;) work.reads.push_back(places + drawing() % sizeof places);
            for (unsigned n = drawing() % 3; n-- > 0;) work.writes.push_back(places + drawing() % sizeof places);
            if (work.is_job() && drawing() % 4) {
                work.own = work.writes;
                work.own.insert(work.own.end(), work.reads.begin(), work.reads.end());
            }
            works.push_back(work);
        }
        const auto before = dependencies(works);
        auto nodes = in_launches(works, before);
        if (circuit % 2) nodes = with_walks(nodes, works, before), walks_in_all += some_walk(nodes);
        lay_out(nodes, before);
        std::vector<long> node_of(works.size(), -1), last(lanes, -1);
        std::vector<std::set<std::size_t>> done(nodes.size());
        launches += nodes.size(), works_in_all += works.size();
        for (std::size_t n = 0; n < nodes.size(); ++n) {
            used.insert(nodes[n].lane), tiles_in_all += tiles_in(nodes[n]);
            auto comes_after = nodes[n].waits;
            if (last[nodes[n].lane] >= 0) comes_after.push_back(last[nodes[n].lane]);
            last[nodes[n].lane] = long(n);
            for (const std::size_t other : comes_after) {
                if (other >= n) std::printf("waits for what comes later\\n");
                done[n].insert(done[other].begin(), done[other].end()), done[n].insert(other);
            }
            for (const std::size_t work : nodes[n].works) {
                if (node_of[work] >= 0) std::printf("launched twice\\n");
                node_of[work] = long(n);
                for (const std::size_t other : nodes[n].works) {
                    if (other >= work || !touch(works[other], works[work])) continue;
                    const std::size_t first = step_of(nodes[n], other), then = step_of(nodes[n], work);
                    const bool follows = first == then && tile_by_tile(nodes[n], other, work, works);
                    if (nodes[n].stages.empty() || (first >= then && !follows))
                        std::printf("meet in a launch\\n");
                }
                if (!nodes[n].stages.empty()) {
                    if (!can_be_walked(works[work])) std::printf("cannot be walked\\n");
                    continue;
                }
                const int kind = kind_of(works[work]);
                if (kind != kind_of(works[nodes[n].works[0]]) || (!kind && nodes[n].works.size() > 1))
                    std::printf("with others of another kind\\n");
            }
        }
        for (std::size_t a = 0; a < nodes.size(); ++a)
            for (std::size_t b = a + 1; b < nodes.size(); ++b)
                if (!nodes[a].stages.empty() && !nodes[b].stages.empty()) {
                    two_walks = true;
                    if (!done[b].count(a)) std::printf("two walks at a time\\n");
                }
        for (std::size_t a = 0; a < works.size(); ++a) {
            if (node_of[a] < 0) std::printf("not launched\\n");
            for (std::size_t b = a + 1; b < works.size(); ++b)
                if (node_of[a] != node_of[b] && touch(works[a], works[b]) && !done[node_of[b]].count(node_of[a]))
                    std::printf("not in order\\n");
        }
    }
    std::printf("%s %zu ", launches < works_in_all ? "fewer" : "as many", used.size());
    std::printf("%s %s\\n", walks_in_all > 99 && two_walks ? "walks" : "none", tiles_in_all ? "tiles" : "none");
}
"""


def test_a_plan_keeps_the_order_of_all_that_touches_the_same(tmp_path: Path) -> None:
    program = compiled(RANDOM_WORKS, tmp_path, "walks.h")
    assert output_of(program) == "fewer 4 walks tiles\n"


# --- the stand-in -----------------------------------------------------------------------------------------------------

#: Two streams: one writes 1 then the other doubles it, with or without an event between them, captured or not.
TWO_STREAMS = """
void set(int, float* x) { *x = 1; }
void twice(int, float* x) { *x *= 2; }
template <class K> void launch(K kernel, cudaStream_t stream, float* x) {
    cudaLaunchConfig_t config = {dim3(1), dim3(1), 0, stream, nullptr, 0};
    cudaLaunchKernelEx(&config, kernel, 1, x);
}
int main(int, char** given) {
    const bool waits = given[1][0] == 'w', captured = given[2][0] == 'c', joined = given[3][0] == 'j';
    float *x, found = 0;
    cudaStream_t a, b;
    cudaEvent_t fork, between, join;
    cudaMalloc((void**)&x, sizeof(float));
    cudaStreamCreateWithFlags(&a, 1), cudaStreamCreateWithFlags(&b, 1);
    for (cudaEvent_t* event : {&fork, &between, &join}) cudaEventCreateWithFlags(event, cudaEventDisableTiming);
    cudaMemcpyAsync(x, &found, sizeof(float), cudaMemcpyHostToDevice, a);
    if (captured) cudaStreamBeginCapture(a, cudaStreamCaptureModeThreadLocal);
    cudaEventRecord(fork, a), cudaStreamWaitEvent(b, fork, 0);
    launch(set, a, x);
    cudaEventRecord(between, a);
    if (waits) cudaStreamWaitEvent(b, between, 0);
    launch(twice, b, x);
    cudaEventRecord(join, b);
    if (joined) cudaStreamWaitEvent(a, join, 0);
    if (captured) {
        cudaGraph_t graph, ready;
        if (auto error = cudaStreamEndCapture(a, &graph)) return std::puts(cudaGetErrorString(error)), 0;
        cudaGraphInstantiate(&ready, graph, 0);
        cudaGraphLaunch(ready, a);
    }
    cudaStreamSynchronize(a);
    cudaMemcpyAsync(&found, x, sizeof(float), cudaMemcpyDeviceToHost, a);
    std::printf("%g\\n", found);
}
"""


def test_an_order_that_is_not_asked_for_is_not_kept(tmp_path: Path) -> None:
    """The stand-in finds an event that is missing, and a stream that is not joined."""
    program = compiled(TWO_STREAMS, tmp_path)
    for captured in ("captured", "-"):
        seeds = [str(seed) for seed in range(8)]
        ordered = {output_of(program, "waits", captured, "joined", CUDA_ON_CPU_STREAMS=seed) for seed in seeds}
        loose = {output_of(program, "-", captured, "joined", CUDA_ON_CPU_STREAMS=seed) for seed in seeds}
        assert ordered == {"2\n"} and loose == {"1\n", "2\n"}
    assert "unjoined" in output_of(program, "waits", "captured", "-")


# --- circuits ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["pooled", pytest.param("in time", marks=pytest.mark.slow)])
def test_whatever_order_streams_run_in(on_cpu: None, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    first = agreement.after(case, "float32", "cuda")
    for seed in range(4):
        monkeypatch.setenv("CUDA_ON_CPU_STREAMS", str(seed))
        again = agreement.after(case, "float32", "cuda")
        assert [k for k, v in first.items() if not np.array_equal(v, again[k])] == []


def test_noise_and_recordings_in_whatever_order(on_cpu: None, monkeypatch: pytest.MonkeyPatch) -> None:
    data = {"x": np.random.default_rng(0).normal(size=(20, 6)), "s": np.arange(20) % 3}
    seen = []
    for seed in (None, "1", "2"):
        if seed:
            monkeypatch.setenv("CUDA_ON_CPU_STREAMS", seed)
        net = kitchen(3)
        trace = net.run(data, record=["h.jitter", "h.rate"], backend="cuda")
        seen.append(net.state() | {name: trace[name] for name in ("h.jitter", "h.rate")})
    assert all(np.array_equal(seen[0][k], one[k]) for one in seen[1:] for k in seen[0])


def test_the_graph_of_the_reference_workload(on_cpu: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its 125 launches are 48: the products of a step are one, and so are its equations, the scalars of products, the counts
    of updates, and all learning; and there are the stimuli, the clock, and the end of a presentation."""
    net = reference_circuit(Settings(sizes=(12, 8, 7, 3), batch_size=2))
    entries = [e.operation.kernel for row in net.timetable().entries for e in row if not e.skipped]
    products = sum(isinstance(k, Propagate | Product) and k.connectivity.kind == "dense" for k in entries)
    factors, around = sum(isinstance(k, Product) for k in entries), 3
    assert (len(entries) + factors + around, products) == (125, 49)
    monkeypatch.setenv("CUDA_ON_CPU_GRAPH", str(tmp_path / "graphs"))
    net.run({"x": np.ones((6, 12)), "s": np.eye(3)[np.arange(6) % 3]}, backend="cuda")
    nodes, edges = map(int, (tmp_path / "graphs").read_text().split())
    assert nodes == 48 and nodes - 1 <= edges <= 60


def test_all_products_of_the_reference_workload_share_launches() -> None:
    """At its own size they are small ones, as those above are, so that its graph is the same."""
    source, settings = (OURS / "multiply.h").read_text(), Settings()
    said = dict(re.findall(r"(most_multiplications = 1 <<|longest_sum =) (\d+);", source))
    most, longest = 1 << int(said["most_multiplications = 1 <<"]), int(said["longest_sum ="])
    for product in products(settings, "needed"):
        summed = settings.batch_size if product.learns else product.pre
        assert summed <= longest and settings.batch_size * product.post * product.pre <= most


@pytest.mark.slow
def test_the_plan_does_not_depend_on_how_many_elements_show_something(on_cpu: None) -> None:
    """Whether products share a launch, and so the bits, depends on the batch size alone: a run whose first presentation has
    few elements ends as two runs do."""
    data = {"x": np.random.default_rng(0).normal(size=(1105, 4)), "s": np.arange(1105) % 2}
    few, all_ = np.full(1100, -1), np.arange(5, 1105)
    few[:5] = np.arange(5)
    ends = []
    for runs in ([[few, all_]], [[few], [all_]]):
        net = layered([4, 3, 2], batch_size=1100, loss="mse", precision="float32")
        for order in runs:
            net.run(data, order=np.array(order), backend="cuda")
        ends.append(net.state())
    assert [k for k, v in ends[0].items() if not np.array_equal(v, ends[1][k])] == []


# --- what is written --------------------------------------------------------------------------------------------------


def test_products_declare_what_they_write() -> None:
    for case in ("urfb", *agreement.STRUCTURES):
        for operation in agreement.circuit(case, "float32").lowered().all_operations():
            kernel = operation.kernel
            if isinstance(kernel, Propagate | DelayedPropagate):
                argmax = getattr(kernel, "argmax", "") if not getattr(kernel, "transposed", False) else ""
                assert operation.writes == {kernel.field, argmax} - {""}
            if isinstance(kernel, Product):
                assert operation.writes == {f"{kernel.projection}.{kernel.target}"}


def test_what_is_written_but_not_declared_does_not_compile(tmp_path: Path) -> None:
    """Nothing then runs at the same time as what it has to wait for."""
    net = agreement.circuit("urfb", "float32")
    lowered = net.lowered()
    wrong = tuple(replace(o, writes=frozenset()) if o.name.startswith("sent") else o for o in lowered.operations)
    for number, operations in enumerate((lowered.operations, wrong)):
        folder = tmp_path / str(number)
        folder.mkdir()
        write_sources(net, folder, lowered=replace(lowered, operations=operations))
        compiler = [os.environ.get("CXX", "g++"), "-std=c++17", "-fsyntax-only", "-DREAL=float"]
        includes = [f"-I{STAND_IN / 'include'}", f"-I{folder}"]
        done = subprocess.run([*compiler, *includes, "-x", "c++", str(folder / "kernels_0.cu")],
                              capture_output=True, text=True, check=False)  # fmt: skip
        assert ("read-only" in done.stderr) == (done.returncode != 0) == bool(number), done.stderr

"""Matrix products on cuda: our kernel for small ones, on the stand-in, whose threads wait for each other at barriers."""

from __future__ import annotations

import importlib.util
import os
import subprocess
from pathlib import Path

import pytest
from cuda_sources import STAND_IN

from recircuit.circuits.backends.cpp.compiler import missing_compiler
from recircuit.circuits.backends.cuda import gpu

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("brian2cuda") is None,
        reason="brian2cuda is not installed: pip install 'recircuit[cuda]'",
    ),
    pytest.mark.skipif(bool(missing_compiler()), reason="no compiler"),
]

#: Products of random sizes, of matrices that are turned or not, into what is kept or is NaN. A line for each fault: an item
#: that is far from a plain sum in double precision; bits that cuBLAS's place, or company in a launch, changes.
PRODUCTS = """
#include <cstdio>
#include <random>
namespace recircuit {
void check(cudaError_t result, const char* what, const char*, int) {
    if (result) std::printf("%s: %s\\n", what, cudaGetErrorString(result));
}
void check(cublasStatus_t result, const char* what, const char*, int) { if (result) std::printf("%s\\n", what); }
cudaStream_t stream() { return made_lanes[0]->stream; }
}
using namespace recircuit;
static std::mt19937 drawing(7);
static int up_to(int most) { return 1 + int(drawing() % most); }

template <class T>
struct Made {
    std::vector<T> host;
    T* device = nullptr;
    explicit Made(std::size_t count, bool finite = true) : host(count) {
        for (T& x : host) x = finite ? T(drawing() % 2001) / 1000 - 1 : T(NAN);
        cudaMalloc((void**)&device, count * sizeof(T));
        put();
    }
    void put() { upload(device, host.data(), host.size() * sizeof(T), "a matrix"); }
    std::vector<T> now() const {
        std::vector<T> found(host.size());
        download(found.data(), device, found.size() * sizeof(T), "a matrix");
        return found;
    }
};

template <class T>
struct Case {
    bool a_turned = drawing() % 2, b_turned = drawing() % 2, kept = drawing() % 2;
    int m, n, k;
    Made<T> a, b, c;
    Made<std::int64_t> scalars{2};
    Case(int m, int n, int k)
        : m(m), n(n), k(k), a(std::size_t(m) * k), b(std::size_t(n) * k), c(std::size_t(m) * n, kept) {
        const T scale = 0.5, keep = kept ? 0.25 : 0;
        std::memcpy(&scalars.host[0], &scale, sizeof scale), std::memcpy(&scalars.host[1], &keep, sizeof keep);
        scalars.put();
    }
    Product product() const {
        const Matrix left{a.device, a_turned ? m : k, a_turned}, right{b.device, b_turned ? n : k, b_turned};
        return {m, n, k, left, right, c.device, n, scalars.device, scalars.device + 1, sizeof(T) == 8};
    }
    void look(const std::vector<T>& found) const {
        double worst = 0;
        for (int i = 0; i < m; ++i)
            for (int j = 0; j < n; ++j) {
                double sum = 0;
                for (int l = 0; l < k; ++l)
                    sum += double(a.host[a_turned ? l * m + i : i * k + l]) * b.host[b_turned ? l * n + j : j * k + l];
                const double wanted = 0.5 * sum + (kept ? 0.25 * c.host[i * n + j] : 0);
                const double off = std::abs(found[i * n + j] - wanted);
                if (!(off <= worst)) worst = off;
            }
        if (!(worst < (sizeof(T) == 8 ? 1e-13 : 1e-4))) std::printf("off by %g: %d x %d x %d\\n", worst, m, n, k);
    }
};

// One tile, twice: what is read of b is brought into shared memory, and then stays there.
template <class T>
void keep_tile(Product p, int tile) {
    alignas(alignof(Room<T>)) static thread_local Room<T> room;
    for (int k = 0; k < 2; ++k) {
        if (k) p.b.data = nullptr;  // nobody reads it again
        multiply_tile<T>(p, tile, room, {reinterpret_cast<Pack<T>*>(dynamic_shared), !k});
        __syncthreads();
        if (!k) cooperative_groups::this_grid().sync();
    }
}
template <class T>
void multiply_kept(const Product& product) {
    const int bytes = 16 * Stored<T>::size(product.n, product.k);
    cudaFuncSetAttribute(reinterpret_cast<const void*>(keep_tile<T>), cudaFuncAttributeMaxDynamicSharedMemorySize, bytes);
    cudaLaunchAttribute together = {cudaLaunchAttributeCooperative, {1}};
    for (int tile = 0; tile < tiles_of(product.m, product.n); ++tile) {
        cudaLaunchConfig_t config = {dim3(1), dim3(threads), std::size_t(bytes), stream(), &together, 1};
        check(cudaLaunchKernelEx(&config, keep_tile<T>, product, tile), "kept");
    }
}

template <class T>
void some() {
    std::vector<std::unique_ptr<Case<T>>> cases;
    for (int n = 0; n < 10; ++n) cases.emplace_back(new Case<T>(up_to(40), up_to(80), n ? up_to(200) : 400));
    for (int k : {1, 3, 64, 150, 301}) cases.emplace_back(new Case<T>(1, k == 64 ? 32 : 70, k));
    cases.emplace_back(new Case<T>(33, 1, 1));
    cases.emplace_back(new Case<T>(16, 32, 68));
    std::vector<Product> products;
    for (const auto& one : cases) products.push_back(one->product());
    const std::size_t half = products.size() / 2;
    multiply_small("some", products.data(), int(half));
    multiply_small("others", products.data() + half, int(products.size() - half));
    for (const auto& one : cases) {
        const auto together = one->c.now();
        one->look(together);
        one->c.put();
        const Product product = one->product();
        multiply_small("one", &product, 1);
        if (one->c.now() != together) std::printf("other bits alone\\n");
        one->c.put();
        if (!one->kept) {  // the second time it is the same
            multiply_kept<T>(product);
            if (one->c.now() != together) std::printf("other bits of what is kept: %d x %d x %d\\n", one->m, one->n, one->k);
            one->c.put();
        }
        multiply_large("one", product);
        one->look(one->c.now());
    }
    Case<T> none(5, 6, 1);  // nothing is added up
    Product product = none.product();
    product.k = 0;
    multiply_small("none", &product, 1);
    const auto found = none.c.now();
    for (std::size_t k = 0; k < found.size(); ++k)
        if (found[k] != (none.kept ? T(0.25) * none.c.host[k] : T(0))) return void(std::printf("no sum, but not kept\\n"));
}

// Of weights that are blocks on a diagonal, with 0 elsewhere: as of the whole matrix, and what is 0 stays.
template <class T>
void blocks(int number, int from, int to, bool transposed) {
    const int batch = 5, pre = number * from, post = number * to;
    const auto in_block = [&](int i, int j) { return i / to == j / from; };  // of post i and pre j
    Made<T> signal(batch * pre), weights(post * pre), field(batch * post, false), error(batch * post);
    Made<std::int64_t> scalars{2};
    const T scale = 0.5, keep = 1;
    std::memcpy(&scalars.host[0], &scale, sizeof scale), std::memcpy(&scalars.host[1], &keep, sizeof keep);
    scalars.put();
    const auto at = [&](int i, int j) { return transposed ? j * post + i : i * pre + j; };
    for (int i = 0; i < post; ++i)
        for (int j = 0; j < pre; ++j)
            if (!in_block(i, j)) weights.host[at(i, j)] = 0;
    weights.put();
    double worst = 0;
    for (int who = 0; who < 2; ++who) {
        const auto multiply_by = [&](const Product& p) { who ? multiply_large("blocks", p) : multiply_small("blocks", &p, 1); };
        multiply_by(propagation(batch, pre, post, transposed, number, signal.device, weights.device, field.device));
        const auto found = field.now();
        for (int e = 0; e < batch; ++e)
            for (int i = 0; i < post; ++i) {
                double sum = 0;
                for (int j = 0; j < pre; ++j) sum += double(weights.host[at(i, j)]) * signal.host[e * pre + j];
                worst = std::max(worst, std::isfinite(found[e * post + i]) ? std::abs(found[e * post + i] - sum) : 1.0);
            }
        if (transposed) continue;
        multiply_by(update(pre, post, batch, number, error.device, signal.device, weights.device, scalars.device));
        const auto now = weights.now();
        for (int i = 0; i < post; ++i)
            for (int j = 0; j < pre; ++j) {
                double sum = 0;
                for (int e = 0; e < batch; ++e) sum += double(error.host[e * post + i]) * signal.host[e * pre + j];
                const double wanted = in_block(i, j) ? weights.host[at(i, j)] + 0.5 * sum : 0;
                worst = std::max(worst, std::abs(now[at(i, j)] - wanted));
            }
        weights.put();
    }
    if (worst > (sizeof(T) == 8 ? 1e-13 : 1e-5)) std::printf("blocks are off by %g\\n", worst);
}

int main() {
    make_lanes();
    some<float>();
    some<double>();
    for (const bool transposed : {false, true})
        blocks<float>(3, 7, 5, transposed), blocks<double>(3, 7, 5, transposed), blocks<float>(2, 8, 40, transposed);
    std::printf("%d %d\\n", is_small(Product{100, 500, 784}), is_small(Product{1000, 4096, 4096}));
}
"""


@pytest.fixture(scope="module")
def products(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("products")
    source, program = folder / "a.cpp", folder / "a"
    source.write_text(f'#include "cuda_runtime.h"\n#include "cooperative_groups.h"\n#include "multiply.h"\n{PRODUCTS}')
    includes = [f"-I{STAND_IN / 'include'}", f"-I{Path(gpu.__file__).parent / 'source'}"]
    command = [os.environ.get("CXX", "g++"), "-std=c++17", "-w", *includes, str(source), "-o", str(program)]
    subprocess.run(command, check=True)
    return program


@pytest.mark.parametrize(
    ("side", "order"), [("end", "forward"), ("begin", "shuffled"), ("end", "backward"), ("begin", "strided")]
)
def test_small_products_in_one_launch(products: Path, side: str, order: str) -> None:
    """They are plain sums, wherever arrays lie and in whatever order threads run, with the same bits alone and with others."""
    environment = os.environ | {"CUDA_ON_CPU_SIDE": side, "CUDA_ON_CPU_ORDER": order}
    done = subprocess.run([str(products)], env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("1 0\n", "", 0)


def test_cublas_computes_all_if_it_is_asked_to(products: Path) -> None:
    environment = os.environ | {"RECIRCUIT_CUDA_PRODUCTS": "cublas"}
    done = subprocess.run([str(products)], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "0 0\n"


#: Threads exchange numbers through shared memory; with `missing`, one of them does not come to the barrier.
EXCHANGE = """
#include "cuda_runtime.h"
__global__ void turn(int missing, int* out) {
    __shared__ int room[64];
    room[threadIdx.x] = int(threadIdx.x);
    if (int(threadIdx.x) != missing) __syncthreads();
    out[blockIdx.x * 64 + threadIdx.x] = room[63 - threadIdx.x];
}
int main(int, char** given) {
    int *a, found[128];
    cudaStream_t stream;
    cudaMalloc((void**)&a, sizeof found), cudaStreamCreateWithFlags(&stream, 0);
    cudaLaunchConfig_t config = {dim3(2), dim3(64), 0, stream};
    cudaLaunchKernelEx(&config, turn, std::atoi(given[1]), a);
    cudaMemcpyAsync(found, a, sizeof found, cudaMemcpyDeviceToHost, stream);
    for (int k = 0; k < 128; ++k)
        if (found[k] != 63 - k % 64) return 1;
}
"""


def test_the_stand_in_has_barriers(tmp_path: Path) -> None:
    source, program = tmp_path / "a.cpp", tmp_path / "a"
    source.write_text(EXCHANGE)
    command = [os.environ.get("CXX", "g++"), "-std=c++17", f"-I{STAND_IN / 'include'}", str(source), "-o", str(program)]
    subprocess.run(command, check=True)
    for order in ("forward", "backward", "strided", "shuffled"):
        environment = os.environ | {"CUDA_ON_CPU_ORDER": order}
        assert subprocess.run([str(program), "-1"], env=environment, check=False).returncode == 0
    done = subprocess.run([str(program), "5"], capture_output=True, text=True, check=False)
    assert "a barrier that not all threads of a block reach" in done.stderr

"""Which weights stay in the shared memory of blocks on cuda (source/keeping.h), in random walks."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from cuda_sources import STAND_IN

from recircuit.circuits.backends.cpp.compiler import missing_compiler
from recircuit.circuits.backends.cuda import gpu

pytestmark = pytest.mark.skipif(bool(missing_compiler()), reason="no compiler")
OURS = Path(gpu.__file__).parent / "source"

#: What each block has in its memory is followed, step by step. A line for each fault: a part that finds other weights than
#: those that were written last, or leaves its block's memory; a product that does not begin at a block. Then how much stays of
#: what could, and the weights of a walk that all fit.
RANDOM_WALKS = """
#include <cstdio>
#include <random>
namespace recircuit {
void check(cudaError_t, const char*, const char*, int) {}
cudaStream_t stream() { return nullptr; }
}
using namespace recircuit;
static std::mt19937 drawing(3);
static int up_to(int most) { return 1 + int(drawing() % most); }
static float weights[6];
struct Made {
    std::vector<Step> steps;
    std::vector<Share> shares;
    std::vector<Walked> products;
    std::vector<std::set<const void*>> written;
};
static Product of(int which, int m) {
    Product p{};
    p.m = m, p.n = 10 * which + 7, p.k = 12 * which + 20, p.b = {weights + which, p.k, which % 2 == 0};
    return p;
}
static Made random_walk() {
    Made made;
    const int m = up_to(40);
    for (int step = up_to(12); step > 0; --step) {
        const int first = int(made.shares.size());
        for (int share = up_to(3); share > 0; --share) {
            const Product p = of(int(drawing() % 6), m);
            const int at = int(made.products.size());
            made.products.push_back({p});
            if (drawing() % 3 == 0) made.products.push_back({p}), made.products.back().product.b = of(int(drawing() % 6), m).b;
            Range range{at, int(made.products.size())};
            if (drawing() % 5 == 0) range = {0, 0};  // a job
            made.shares.push_back({Share::TILES, tiles_of(p.m, p.n), range, {}, {}});
        }
        made.steps.push_back({{first, int(made.shares.size())}});
        made.written.emplace_back();
        if (drawing() % 4 == 0) made.written.back().insert(weights + drawing() % 6);
    }
    return made;
}
struct Held {
    const void* data;
    int tile, version;
};
// Looks at what stays in a walk; returns how many parts find their weights in shared memory.
static int look(const Made& made, int blocks, std::size_t most, int kept) {
    if (kept < 0 || std::size_t(kept) > most) std::printf("more is kept than there is room\\n");
    std::vector<std::map<int, Held>> memory(blocks);  // by pack
    std::map<const void*, int> version;
    int found = 0;
    for (std::size_t step = 0; step < made.steps.size(); ++step) {
        for (int s = made.steps[step].shares.first; s < made.steps[step].shares.last; ++s) {
            const Share& share = made.shares[s];
            if (share.first < 0 || share.first >= blocks) std::printf("a share begins at no block\\n");
            for (int part = 0; part < share.parts; ++part)
                for (int p = share.products.first; p < share.products.last; ++p) {
                    const Walked& walked = made.products[p];
                    if (walked.place < 0) continue;
                    auto& mine = memory[(share.first + part) % blocks];
                    const int begin = walked.place + part / blocks * walked.each;
                    const void* data = walked.product.b.data;
                    if (begin + walked.each > kept / 16) std::printf("beyond the room of a block\\n");
                    if (walked.each < Stored<float>::size(walked.product.n, walked.product.k)) std::printf("too small\\n");
                    for (int at = begin; at < begin + walked.each; ++at) {
                        if (walked.brings) mine[at] = {data, part, version[data]};
                        const Held& held = mine[at];
                        if (held.data != data || held.tile != part || held.version != version[data]) {
                            std::printf("other weights than were written last\\n");
                            break;
                        }
                    }
                    found += !walked.brings;
                }
        }
        for (const void* data : made.written[step]) ++version[data];
    }
    return found;
}
int main() {
    long parts = 0, found = 0;
    for (int k = 0; k < 40; ++k) {
        Made made = random_walk();
        const int blocks = up_to(9);
        const std::size_t most = (drawing() % 60) << 10;
        const Keeping keeping(made.steps, made.shares, made.products, made.written, blocks, most);
        found += look(made, blocks, most, keeping.kept());
        for (const Share& share : made.shares) parts += share.parts * (share.products.last - share.products.first);
    }
    std::printf("%s\\n", found > parts / 10 ? "much stays" : "little stays");
    // Hidden layers of 500 units, 100 batch elements, on an H200: of each of 20 steps the products up and down.
    Made made;
    for (int step = 0; step < 20; ++step) {
        const int first = int(made.shares.size());
        for (auto [n, k, which] : {std::tuple{500, 500, 0}, {500, 500, 1}, {10, 500, 2}, {500, 10, 3}}) {
            Product p{};
            p.m = 100, p.n = n, p.k = k, p.b = {weights + which, k, false};
            made.products.push_back({p});
            const int at = int(made.products.size());
            made.shares.push_back({Share::TILES, tiles_of(p.m, p.n), {at - 1, at}, {}, {}});
        }
        made.steps.push_back({{first, int(made.shares.size())}});
        made.written.emplace_back();
    }
    const Keeping keeping(made.steps, made.shares, made.products, made.written, 132, (227 << 10) - sizeof(Room<float>));
    int stay = 0;
    for (const Walked& walked : made.products) stay += walked.place >= 0 && !walked.brings;
    look(made, 132, 227 << 10, keeping.kept());
    std::printf("%d of 76, %d KB\\n", stay, keeping.kept() >> 10);
}
"""


def test_weights_that_stay_are_those_that_were_written_last(tmp_path: Path) -> None:
    source, program = tmp_path / "a.cpp", tmp_path / "a"
    source.write_text(f'#include "cuda_runtime.h"\n#include "keeping.h"\n{RANDOM_WALKS}')
    command = [os.environ.get("CXX", "g++"), "-std=c++17", f"-I{STAND_IN / 'include'}", f"-I{OURS}", str(source)]
    subprocess.run([*command, "-o", str(program)], check=True)
    output = subprocess.run([str(program)], capture_output=True, text=True, check=True).stdout.splitlines()
    assert output[0] == "much stays" and len(output) == 2
    assert output[1].startswith("76 of 76") and int(output[1].split()[3]) <= 200

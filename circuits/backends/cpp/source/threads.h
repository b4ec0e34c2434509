// Blocks of work on a few threads. How work is cut never depends on how many threads there are, so that the bits of a
// result do not either.
#pragma once
#include <type_traits>

#include "pool.h"

namespace recircuit {

template <class Run>
inline void each_block(int blocks, const Run& run) {
    Pool::get().each(blocks, [](const void* context, int block) { (*static_cast<const Run*>(context))(block); }, &run);
}

// How an operation is cut: into how many blocks, and whether two operations of its size are worth sharing among threads.
struct Cut {
    int blocks;
    bool large;
};

// As each_block, but the blocks may be done later, with those of other operations that do not depend on them. `run` is copied,
// so that it holds values alone.
template <class Run>
inline void each_block_later(const Cut& cut, const Run& run) {
    static_assert(std::is_trivially_copyable<Run>() && sizeof(Run) <= Pool::most_bytes, "what waits is copied");
    const auto block_of = [](const void* context, int block) { (*static_cast<const Run*>(context))(block); };
    Pool::get().each_later(cut.blocks, cut.large, block_of, &run, sizeof run);
}

// The range [begin, end) of block k of n things, cut at multiples of 32.
struct Range {
    int begin, end;
    Range(int n, int blocks, int k) : begin(cut(n, blocks, k)), end(cut(n, blocks, k + 1)) {}
    static int cut(int n, int blocks, int k) {
        if (k == blocks) return n;
        return int(long(n) * k / blocks + 16) & ~31;
    }
};

// An elementwise loop over n things; long ones are shared.
template <class Run>
inline void each_range(int n, const Run& run) {
    const int blocks = n < 8192 ? 1 : n < 65536 ? 4 : 8;
    each_block(blocks, [&](int block) {
        const Range range(n, blocks, block);
        run(range.begin, range.end);
    });
}

// A loop over rows, of so much work in all; run(begin, end).
template <class Run>
inline void each_rows(int rows, long work, const Run& run) {
    const int blocks = work < 1L << 14 ? 1 : rows < 8 ? rows : 8;
    each_block(blocks, [&](int block) {
        run(int(long(rows) * block / blocks), int(long(rows) * (block + 1) / blocks));
    });
}

template <class Run>
inline void each_row(int rows, long work, const Run& run) {
    each_rows(rows, work, [&](int begin, int end) {
        for (int row = begin; row < end; ++row) run(row);
    });
}

}  // namespace recircuit

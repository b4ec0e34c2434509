// Blocks of work on a few threads. How work is cut does not depend on the number of threads, and so the bits of a result do
// not depend on it either.
#pragma once
#include <type_traits>

#include "pool.h"

namespace recircuit {

template <class Run>
inline void each_block(int blocks, const Run& run) {
    Pool::get().each(blocks, [](const void* context, int block) { (*static_cast<const Run*>(context))(block); }, &run);
}

// The way in which an operation is cut: the number of blocks, and whether two operations of its size are worth sharing.
struct Cut {
    int blocks;
    bool large;
};

// Does what each_block does, but the blocks may be done later, together with those of independent operations. `run` is copied,
// so that it must hold only values.
template <class Run>
inline void each_block_later(const Cut& cut, const Run& run) {
    static_assert(std::is_trivially_copyable<Run>() && sizeof(Run) <= Pool::most_bytes, "what waits is copied");
    const auto block_of = [](const void* context, int block) { (*static_cast<const Run*>(context))(block); };
    Pool::get().each_later(cut.blocks, cut.large, block_of, &run, sizeof run);
}

// Returns the range [begin, end) of block k of n items, cut at multiples of 32.
struct Range {
    int begin, end;
    Range(int n, int blocks, int k) : begin(cut(n, blocks, k)), end(cut(n, blocks, k + 1)) {}
    static int cut(int n, int blocks, int k) {
        if (k == blocks) return n;
        return int(long(n) * k / blocks + 16) & ~31;
    }
};

// Runs an elementwise loop over n items; threads share long loops.
template <class Run>
inline void each_range(int n, const Run& run) {
    const int blocks = n < 8192 ? 1 : n < 65536 ? 4 : 8;
    each_block(blocks, [&](int block) {
        const Range range(n, blocks, block);
        run(range.begin, range.end);
    });
}

// Runs a loop over rows with this total work; it calls run(begin, end).
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

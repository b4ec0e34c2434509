// Work that is done together with that of other operations (see region.h).
#pragma once
#include <cstddef>
#include <type_traits>

#include "threads.h"

namespace recircuit {

// A loop that is kept: of `run`, the things from `begin` to `end`; or the block `begin`.
using Call = void (*)(const void* run, int begin, int end);

// `count` things in ranges, or (0) blocks that know themselves what they are; `bytes` of `run` are copied.
void later(int count, int blocks, const void* run, std::size_t bytes, Call call);

// As each_block, when the region ends.
template <class Run>
inline void later_block(int blocks, const Run& run) {
    static_assert(std::is_trivially_copyable<Run>::value, "it is kept as bytes");
    later(0, blocks, &run, sizeof run, [](const void* one, int block, int) { (*static_cast<const Run*>(one))(block); });
}
// As each_range, likewise.
template <class Run>
inline void later_range(int n, const Run& run) {
    static_assert(std::is_trivially_copyable<Run>::value, "it is kept as bytes");
    later(n, range_blocks(n), &run, sizeof run,
          [](const void* one, int begin, int end) { (*static_cast<const Run*>(one))(begin, end); });
}

}  // namespace recircuit

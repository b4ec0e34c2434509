// The kernels of the presentation loop. Values that change from one presentation to the next are read from device memory, so
// that a captured presentation can be replayed.
#pragma once
#include "recircuit.h"
#include "walk.h"

namespace recircuit {

// The progress of a run, in device memory.
struct Progress {
    const std::int32_t* order;      // rows of the data, presentations x batch_size; -1: the element stays empty
    std::int64_t presentation;      // that is shown
    std::int32_t slot;              // presentations since the kept values were last fetched
    std::int32_t diverged;          // 1 + the slot in which a rate became NaN or infinite, or 0
};

struct Watched {
    const void* data;
    std::int64_t count;
    std::int32_t itemsize;
};

__device__ inline std::int32_t row_of(const Progress* progress, int batch_size, int column) {
    return progress->order[progress->presentation * batch_size + column];
}

// The row of a sample that is shown: `begin / every` (for series), or, in a stream, that number of steps after it.
struct Shown {
    std::int64_t begin, every, rows_each, stride;
    const std::int32_t* lengths;  // the number of rows of each sample, or nullptr
    bool stream;
    bool staged;  // the samples are in the order in which they are shown since the kept values were last fetched
};

__device__ inline std::int64_t place_of(std::int64_t sample, const Shown& shown, const Progress* progress, int batch_size,
                                        int column) {
    return shown.staged ? std::int64_t(progress->slot) * batch_size + column : sample;
}

// Clamp a stimulus to the row of each batch element (a column): scale*data + offset, and 0 in elements that stay empty.
template <class Rate, class Value>
__global__ void show_rows(int count, Rate* rates, const Value* data, const Progress* progress, int batch_size, int width,
                          Rate scale, Rate offset, Shown shown) {
    const int k = thread();
    if (k >= count) return;
    const int column = k / width;
    const std::int32_t sample = row_of(progress, batch_size, column);
    const std::int64_t row = shown.every ? (shown.begin + (shown.stream ? progress->presentation : 0)) / shown.every : 0;
    const std::int64_t first = shown.stride ? sample : 0;
    const bool none = sample < 0 || row >= (shown.lengths ? shown.lengths[first] : shown.rows_each);
    const std::int64_t place = place_of(first, shown, progress, batch_size, column);
    rates[k] = none ? Rate(0) : Rate(data[(place * shown.stride + row) * width + k % width]) * scale + offset;
}

// Clamp a supervisor: on at the label of each batch element, off elsewhere, and 0 in elements that stay empty.
template <class Rate>
__global__ void show_labels(int count, Rate* rates, const std::int32_t* labels, const Progress* progress, int batch_size,
                            int width, Rate on, Rate off, Shown shown) {
    const int k = thread();
    if (k >= count) return;
    const std::int32_t row = row_of(progress, batch_size, k / width);
    const std::int64_t place = place_of(row, shown, progress, batch_size, k / width);
    rates[k] = row < 0 ? Rate(0) : labels[place] == k % width ? on : off;
}

// Copy `count` words to the place of the present presentation.
template <class Word>
__global__ void keep_words(int count, const Word* from, Word* to, const Progress* progress, std::int64_t stride) {
    const int k = thread();
    if (k < count) to[progress->slot * stride + k] = from[k];
}

__global__ void advance(int, Clock clock) { move_on(clock); }

__device__ inline bool not_finite_bits(const void* data, std::int64_t k, int itemsize) {
    if (itemsize == 4) return (static_cast<const std::uint32_t*>(data)[k] & 0x7f800000u) == 0x7f800000u;
    return (static_cast<const std::uint64_t*>(data)[k] & 0x7ff0000000000000ull) == 0x7ff0000000000000ull;
}

// Look for NaN and infinity, in a run only until a presentation had one. All threads that find one write the same value, so
// that no write needs to be atomic.
__global__ void look(int count, const Watched* watched, int variables, std::int32_t* bad, const Progress* run) {
    const int first = thread();
    if (first >= count || (run && run->diverged)) return;
    for (int v = 0; v < variables; ++v)
        for (std::int64_t k = first; k < watched[v].count; k += count)
            if (not_finite_bits(watched[v].data, k, watched[v].itemsize)) bad[v] = 1;
}

// The end of a presentation. bad: for each variable, whether it has a NaN or an infinity.
__global__ void finish(int, Progress* progress, const std::int32_t* bad, int variables) {
    for (int v = 0; v < variables; ++v)
        if (bad[v] && !progress->diverged) progress->diverged = progress->slot + 1;
    ++progress->presentation;
    ++progress->slot;
}

}  // namespace recircuit

// Tied weights whose taps have the same distance from all places: a sum over taps goes along the image in the order of memory,
// one batch element after the other. The pre image is put into a grid of zeros, and the pixels that a tap reads are this grid
// from another position on. So nothing is transposed, and one batch element is computed as efficiently as a hundred.
#pragma once
#include <algorithm>
#include <vector>

#include "windows.h"

namespace recircuit {

// An image of some channels, with rows of the length `pitch`, channels of the length `room`, and its first unit at `origin`.
struct Grid {
    int channels, height, width, pitch, origin, room;

    long size() const { return long(channels) * room; }
    template <class T>
    void fill(const T* image, T* grid) const {
        for (int c = 0; c < channels; ++c)
            for (int y = 0; y < height; ++y)
                std::copy_n(image + (long(c) * height + y) * width, width, grid + long(c) * room + origin + y * pitch);
    }
    template <class T>
    void read(const T* grid, T* image) const {
        for (int c = 0; c < channels; ++c)
            for (int y = 0; y < height; ++y)
                std::copy_n(grid + long(c) * room + origin + y * pitch, width, image + (long(c) * height + y) * width);
    }
};

// The grids of both images, and the distance from a place at which each tap reads; -1: it reads nothing anywhere. `back`: the
// synapses in the opposite direction, in which the pre image reads the places.
template <class T>
struct TapOffsets {
    Grid below, above;
    std::vector<int> taps;
    std::vector<long> far;  // where each register of the grid above begins in the grid below

    TapOffsets(const Local& s, bool back) : taps(s.taps, -1) {
        std::vector<int> down(s.taps), right(s.taps);
        int top = 0, left = 0, bottom = 0, end = 0;
        for (int k = 0; k < s.taps; ++k) {
            int p = 0;
            while (p < s.places && s.where[long(p) * s.taps + k] < 0) ++p;
            if (p == s.places) continue;
            const int from = s.where[long(p) * s.taps + k], sign = back ? -1 : 1;
            taps[k] = 0, down[k] = sign * (from / s.width - p / s.across), right[k] = sign * (from % s.width - p % s.across);
            top = std::max(top, -down[k]), bottom = std::max(bottom, down[k]);
            left = std::max(left, -right[k]), end = std::max(end, right[k]);
        }
        below = {s.channels, s.sources / s.width, s.width, 0, 0, 0};
        above = {s.maps, s.places / s.across, s.across, 0, 0, 0};
        if (back) std::swap(below, above);
        // The zeros to the left of a row are those at the end of the row before.
        const int pitch = std::max(below.width + left, above.width + end), n = Lanes<T>::width;
        below.pitch = pitch, below.origin = top * pitch + left;
        for (int k = 0; k < s.taps; ++k)
            if (taps[k] == 0) taps[k] = below.origin + down[k] * pitch + right[k];
        // Registers begin with each row of places, or continue from row to row, whichever takes fewer.
        const int each = (above.width + n - 1) / n, whole = (above.height * pitch + n - 1) / n;
        const bool by_rows = each * above.height <= whole;
        far.resize(by_rows ? each * above.height : whole);
        for (int r = 0; r < int(far.size()); ++r) far[r] = by_rows ? r / each * pitch + r % each * n : r * n;
        above.pitch = by_rows ? each * n : pitch, above.room = int(far.size()) * n;
        below.room = std::max(int(far.back()) + n + below.origin + bottom * pitch + end, below.origin + below.height * pitch);
    }
    // The values that each channel and tap reads from a grid, position by position; `silence` is a channel of zeros.
    void rows(T* grid, T* silence, T** inputs_at) const {
        for (int c = 0; c < below.channels; ++c)
            for (int k : taps) *inputs_at++ = k < 0 ? silence : grid + long(c) * below.room + k;
    }
};

// Returns whether this takes fewer registers than batch elements side by side, which must also be transposed.
template <class T>
bool along_images(const Local& s) {
    if (!s.tied || !s.even) return false;
    const Grid grid = TapOffsets<T>(s, false).above;
    return double(grid.room) * s.batch_size <= 1.3 * s.places * Lanes<T>::padded(s.batch_size);
}

// field = the sums of signals that the places receive; if `back`, the sums that the pixels receive from the places.
template <class T>
void tied_propagate(const Local& s, bool back, const T* signal, const T* weights, T* field) {
    const TapOffsets<T> offsets(s, back);
    const Grid below = offsets.below, above = offsets.above;
    const int inputs = below.channels * s.taps, blocks = s.blocks(s.batch_size);
    const long per_map = back ? s.taps : s.inputs(), per_channel = back ? s.inputs() : s.taps;
    T* laid = scratch<T, 2>(long(above.channels) * inputs);
    lay_out(above.channels, below.channels, s.taps, weights, per_map, per_channel, laid);
    const long whole = (below.size() + below.room + 15) / 16 * 16;
    T *grids = scratch<T, 0>(blocks * whole), *sums = scratch<T, 1>(blocks * above.size());
    each_block(blocks, [=, &offsets](int block) {
        T *grid = grids + block * whole, *sum = sums + block * above.size();
        std::fill(grid, grid + whole, T(0));
        std::vector<T*> inputs_at(inputs);
        offsets.rows(grid, grid + below.size(), inputs_at.data());
        for (int b = s.batch_size * block / blocks; b < s.batch_size * (block + 1) / blocks; ++b) {
            below.fill(signal + b * long(below.channels) * below.height * below.width, grid);
            by_registers<T, sum_registers>(above.room, [&](auto N, int first) {
                const long* far = &offsets.far[first / Lanes<T>::width];
                correlate_all<T, N()>(above.channels, inputs, laid, true, inputs_at.data(), far, sum + first, above.room);
            });
            above.read(sum, field + b * long(above.channels) * above.height * above.width);
        }
    });
}

// target = keep*target + scale * the blocks' sums, added up in their order.
template <class T>
void add_up(int blocks, long size, T keep, T scale, const T* sums, T* target) {
    each_range(int(size), [=](int begin, int end) {
        for (int k = begin; k < end; ++k) {
            T sum = 0;
            for (int block = 0; block < blocks; ++block) sum += sums[block * size + k];
            target[k] = keep * target[k] + scale * sum;
        }
    });
}

// target = keep*target + scale * sum over places and the first `filled` batch elements of post (x) its inputs.
template <class T>
void tied_accumulate(const Local& s, int filled, T keep, T scale, const T* posts, const T* pres, T* target) {
    const TapOffsets<T> offsets(s, false);
    const Grid below = offsets.below, above = offsets.above;
    const int together = std::max(1, 64 / int(offsets.far.size()));  // the batch elements that are summed at once, with 64 registers for each map
    const int inputs = s.inputs(), groups = (filled + together - 1) / together, blocks = s.blocks(groups);
    const long size = long(s.maps) * inputs, stride_between_maps = long(together) * above.room;
    const long whole = (together * below.size() + below.room + 15) / 16 * 16;
    T *grids = scratch<T, 0>(blocks * whole), *errors = scratch<T, 1>(blocks * s.maps * stride_between_maps);
    T* sums = scratch<T, 2>(blocks * size);
    each_block(blocks, [=, &offsets](int block) {
        T *grid = grids + block * whole, *sent = errors + block * s.maps * stride_between_maps, *mine = sums + block * size;
        std::fill(grid, grid + whole, T(0));
        std::fill(sent, sent + s.maps * stride_between_maps, T(0));
        std::fill(mine, mine + size, T(0));
        std::vector<T*> inputs_at(long(together) * inputs);
        for (int k = 0; k < together; ++k)
            offsets.rows(grid + k * below.size(), grid + together * below.size(), inputs_at.data() + long(k) * inputs);
        Grid spread = above;  // the maps of one batch element, with those of the others between them
        spread.room = int(stride_between_maps);
        for (int g = groups * block / blocks; g < groups * (block + 1) / blocks; ++g) {
            const int begin = g * together, many = std::min(together, filled - begin);
            for (int k = 0; k < many; ++k) {
                below.fill(pres + (begin + k) * long(s.channels) * s.sources, grid + k * below.size());
                spread.fill(posts + (begin + k) * long(s.maps) * s.places, sent + k * above.room);
            }
            outer_all(many, offsets.far, s.maps, inputs, sent, stride_between_maps, inputs_at.data(), mine);
        }
    });
    add_up(blocks, size, keep, scale, sums, target);
}

}  // namespace recircuit

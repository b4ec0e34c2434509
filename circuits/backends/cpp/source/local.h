// Products of local connections, tied or not, over batch elements, which are side by side in memory (lanes.h). If images are
// large and weights are tied, loops go along the images instead (tied.h).
#pragma once
#include <algorithm>
#include <vector>

#include "tied.h"
#include "tiles.h"

namespace recircuit {

// The pieces of work on an image above: as many places as a register is wide, with all of their maps; if there are few places,
// with some maps in each piece.
struct Pieces {
    struct Piece { int begin, many, first_map, end_map; };
    int places, maps, together, groups, parts;

    Pieces(const Local& s, int together) : places(s.places), maps(s.maps), together(together) {
        groups = (places + together - 1) / together;
        parts = std::max(1, std::min(8 / groups, maps / maps_together));
    }
    int many() const { return groups * parts; }
    Piece operator[](int i) const {
        const int begin = i / parts * together, part = i % parts, runs = (maps + maps_together - 1) / maps_together;
        return {begin, std::min(together, places - begin), runs * part / parts * maps_together,
                std::min(maps, runs * (part + 1) / parts * maps_together)};
    }
};

// field = the sums of signals that the places receive, transposed back for as many places at a time as a register is wide.
template <class T>
void local_propagate(const Local& s, const T* signal, const T* weights, T* field) {
    if (along_images<T>(s)) return tied_propagate(s, false, signal, weights, field);
    constexpr int n = Lanes<T>::width;
    const int padded = Lanes<T>::padded(s.batch_size), units = s.channels * s.sources, inputs = s.inputs();
    T* below = scratch<T, 0>(long(units + 1) * padded);
    T* outside = below + long(units) * padded;
    std::fill(outside, outside + padded, T(0));
    to_lanes(s.batch_size, s.batch_size, units, signal, below);
    T* laid = nullptr;
    if (s.tied)
        lay_out(s.maps, s.channels, s.taps, weights, inputs, s.taps, laid = scratch<T, 2>(long(s.maps) * inputs));
    const Pieces pieces(s, n);
    const int blocks = s.blocks(pieces.many());
    const long stride_between_maps = long(n) * padded, room = s.maps * stride_between_maps;
    T* above = scratch<T, 1>(blocks * room);
    each_block(blocks, [=](int block) {
        std::vector<T*> inputs_at(inputs);
        const auto far = one_by_one<T>(padded);
        T* mine = above + block * room;
        for (int i = pieces.many() * block / blocks; i < pieces.many() * (block + 1) / blocks; ++i) {
            const auto [begin, many, first_map, end_map] = pieces[i];
            for (int k = 0; k < many; ++k) {
                s.rows(begin + k, padded, below, outside, inputs_at.data());
                const T* w = (s.tied ? laid : weights + long(begin + k) * s.maps * inputs) + long(first_map) * inputs;
                T* to = mine + first_map * stride_between_maps + long(k) * padded;
                by_registers<T, sum_registers>(padded, [&](auto N, int first) {
                    correlate_all<T, N()>(end_map - first_map, inputs, w, s.tied, inputs_at.data(), &far[first / n], to + first, stride_between_maps);
                });
            }
            for (int m = first_map; m < end_map; ++m)
                turn_back(s.batch_size, many, long(s.maps) * s.places, mine + m * stride_between_maps, field + long(m) * s.places + begin);
        }
    });
}

// inputs_at[t] += sum over m of w[m*inputs + t] * sent[m], for K taps.
template <class T, int K, int N>
inline void scatter(int maps, int inputs, const T* w, const T* sent, long stride_between_maps, int first, T* const* inputs_at) {
    typedef typename Lanes<T>::Vector Vector;
    Vector sum[K][N];
    for (int t = 0; t < K; ++t)
        for (int n = 0; n < N; ++n) sum[t][n] = reinterpret_cast<Vector*>(inputs_at[t] + first)[n];
    for (int m = 0; m < maps; ++m) {
        const Vector* x = reinterpret_cast<const Vector*>(sent + m * stride_between_maps + first);
        for (int t = 0; t < K; ++t)
            for (int n = 0; n < N; ++n) sum[t][n] += w[long(m) * inputs + t] * x[n];
    }
    for (int t = 0; t < K; ++t)
        for (int n = 0; n < N; ++n) reinterpret_cast<Vector*>(inputs_at[t] + first)[n] = sum[t][n];
}

template <class T, int N>
inline void scatter_all(const Local& s, int begin, int end, const T* w, const T* sent, long stride_between_maps, int first, T* const* inputs_at) {
    int t = begin;
    for (; t + sum_rows <= end; t += sum_rows) scatter<T, sum_rows, N>(s.maps, s.inputs(), w + t, sent, stride_between_maps, first, inputs_at + t);
    for (; t < end; ++t) scatter<T, 1, N>(s.maps, s.inputs(), w + t, sent, stride_between_maps, first, inputs_at + t);
}

// The same synapses in the opposite direction: field (of the pre image) = the sums of signals from the places. Each block has
// channels of its own, so that no two blocks add to one unit.
template <class T>
void local_propagate_back(const Local& s, const T* signal, const T* weights, T* field) {
    if (along_images<T>(s)) return tied_propagate(s, true, signal, weights, field);
    const int padded = Lanes<T>::padded(s.batch_size), units = s.channels * s.sources;
    const int blocks = s.blocks(s.channels);
    T* below = scratch<T, 0>(long(units + blocks) * padded);
    T* above = scratch<T, 1>(long(s.maps) * s.places * padded);
    to_lanes(s.batch_size, s.batch_size, s.maps * s.places, signal, above);
    each_block(blocks, [=](int block) {
        const int begin = s.channels * block / blocks, end = s.channels * (block + 1) / blocks;
        std::fill(below + long(begin) * s.sources * padded, below + long(end) * s.sources * padded, T(0));
        T* outside = below + long(units + block) * padded;
        std::vector<T*> inputs_at(s.inputs());
        for (int p = 0; p < s.places; ++p) {
            std::fill(outside, outside + padded, T(0));
            s.rows(p, padded, below, outside, inputs_at.data());
            const T* w = weights + (s.tied ? 0 : long(p) * s.maps * s.inputs());
            by_registers<T, sum_registers>(padded, [&](auto N, int first) {
                scatter_all<T, N()>(s, begin * s.taps, end * s.taps, w, above + long(p) * padded, long(s.places) * padded, first,
                                 inputs_at.data());
            });
        }
    });
    from_lanes(s.batch_size, units, below, field);
}

// A tile of a place's weights: some maps, and as many inputs as a few registers hold.
#ifdef __AVX512F__
constexpr int tile_maps = tile_rows, input_vectors = tile_vectors;
#else
constexpr int tile_maps = sum_rows, input_vectors = sum_registers;
#endif

// panel (deep x span) = the values of some inputs, column by column.
template <class T, int span>
void transpose_inputs(int deep, int inputs, T* const* inputs_at, long first, T* panel) {
    typedef typename Lanes<T>::Vector Vector;
    constexpr int n = Lanes<T>::width;
    for (int t = 0; t < span; t += n)
        for (int k = 0; k < deep; k += n) {
            Vector rows[n] = {};
            for (int r = 0; r < n && t + r < inputs; ++r) rows[r] = *reinterpret_cast<const Vector*>(inputs_at[t + r] + first + k);
            turn<T>(rows);
            for (int r = 0; r < n; ++r) *reinterpret_cast<Vector*>(panel + (k + r) * span + t) = rows[r];
        }
}

// target = keep*target + scale * sum over the first `filled` batch elements of post (x) its inputs; if tied, over places too.
// It is one matrix product for each place; for tied weights, some inputs are taken at a time, with all places one by one.
template <class T>
void local_accumulate(const Local& s, int filled, T keep, T scale, const T* posts, const T* pres, T* target) {
    if (!changes(filled, s.channels * s.sources, s.maps * s.places, keep, posts, pres)) return;
    if (along_images<T>(s)) return tied_accumulate(s, filled, keep, scale, posts, pres, target);
    constexpr int n = Lanes<T>::width, span = input_vectors * n;
    const int padded = Lanes<T>::padded(s.batch_size), units = s.channels * s.sources, inputs = s.inputs();
    T* below = scratch<T, 0>(long(units + 1) * padded);
    T* outside = below + long(units) * padded;
    std::fill(outside, outside + padded, T(0));
    to_lanes(s.batch_size, filled, units, pres, below);
    const long stride_between_elements = Lanes<T>::padded(s.maps), between = filled * stride_between_elements;
    T* sent = scratch<T, 1>(s.places * between);  // (places, batch elements, maps)
    const int blocks_sent = s.blocks(filled);
    each_block(blocks_sent, [=](int block) {
        for (int b = filled * block / blocks_sent; b < filled * (block + 1) / blocks_sent; ++b)
            for (int p = 0; p < s.places; p += n)
                turn_over(s.maps, s.maps, std::min(n, s.places - p), s.places, posts + long(b) * s.maps * s.places + p,
                          sent + p * between + b * stride_between_elements, between);
    });
    const int spans = (inputs + span - 1) / span, things = s.tied ? spans : s.places, tiles = (s.maps + tile_maps - 1) / tile_maps;
    const int parts = std::max(1, std::min(8 / things, tiles)), blocks = s.blocks(things * parts);
    each_block(blocks, [=](int block) {
        alignas(64) T panel[panel_depth * span];
        for (int i = things * parts * block / blocks; i < things * parts * (block + 1) / blocks; ++i) {
            const int thing = i / parts, begin = tiles * (i % parts) / parts * tile_maps;
            const int end = std::min(s.maps, tiles * (i % parts + 1) / parts * tile_maps);
            const auto outer = [&](int p, int first, T keep, T* to) {
                T* inputs_at[span];
                const int width = std::min(span, inputs - first);
                s.rows(p, padded, below, outside, inputs_at, first, first + width);
                for (int b = 0; b == 0 || b < filled; b += panel_depth) {
                    const int deep = std::min(panel_depth, filled - b);
                    transpose_inputs<T, span>(deep, width, inputs_at, b, panel);
                    for (int m = begin; m < end; m += tile_maps)
                        tile_of<T, input_vectors, tile_maps>(std::min(tile_maps, end - m), deep,
                            {sent + p * between + b * stride_between_elements + m, 1, stride_between_elements}, panel, span,
                            {to + long(m) * inputs + first, inputs, b ? T(1) : keep, scale}, width);
                }
            };
            if (s.tied)
                for (int p = 0; p < s.places; ++p) outer(p, thing * span, p ? T(1) : keep, target);
            else
                for (int t = 0; t < spans; ++t) outer(thing, t * span, keep, target + long(thing) * s.maps * inputs);
        }
    });
}

}  // namespace recircuit

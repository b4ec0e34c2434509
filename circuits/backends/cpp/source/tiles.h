// Products of small matrices, with one tile of the result in registers at a time. A library packs both factors in every call,
// which for 10 to 500 batch elements costs more time than it saves. Here the weights are transposed in registers on their way
// to a panel that fits the first cache, and the other factor is read in place.
//
// Every element of a result is one sum over k in order, for all sizes of blocks and tiles.
#pragma once
#include <algorithm>
#include <cstring>

#include "lanes.h"

namespace recircuit {

// The most rows (batch elements of a circuit), with 32 registers of 64 bytes; for more rows, packing costs OpenBLAS less than it
// saves.
#ifdef __AVX512F__
constexpr int tiled = 512;
#else
constexpr int tiled = 0;
#endif
constexpr int tile_rows = 12, tile_vectors = 2, panel_depth = 192;

// A factor with its strides: element (i, k) lies at data[i*row + k*depth].
template <class T>
struct Factor {
    const T* data;
    long row, depth;
    const T* at(int i, int k) const { return data + i * row + k * depth; }
};

// The result, of which (rows x width) are computed at a time: keep*result + scale*sum.
template <class T>
struct Result {
    T* data;
    long row;
    T keep, scale;
};

// Computes rows x (vectors*lanes) sums over `depth`. Three rows share a pointer, so that all addresses fit the registers.
template <class T, int rows, int vectors>
void tile(int depth, Factor<T> a, const T* panel, long stride, Result<T> c, int width) {
    using Vector = typename Lanes<T>::Vector;
    using Loose = typename Lanes<T>::Loose;
    constexpr int lanes = Lanes<T>::width, groups = (rows + 2) / 3;
    Vector sums[rows][vectors] = {};
    const T* from[groups];
#pragma GCC unroll 16
    for (int g = 0; g < groups; ++g) from[g] = a.at(3 * g, 0);
    for (int k = 0; k < depth; ++k) {
        Vector b[vectors];
#pragma GCC unroll 16
        for (int v = 0; v < vectors; ++v) b[v] = *reinterpret_cast<const Loose*>(panel + v * lanes);
#pragma GCC unroll 16
        for (int r = 0; r < rows; ++r)
#pragma GCC unroll 16
            for (int v = 0; v < vectors; ++v) sums[r][v] += from[r / 3][(r % 3) * a.row] * b[v];
        panel += stride;
#pragma GCC unroll 16
        for (int g = 0; g < groups; ++g) from[g] += a.depth;
    }
    for (int r = 0; r < rows; ++r) {
        T sum[vectors * lanes], *row = c.data + r * c.row;
        std::memcpy(sum, sums[r], sizeof sum);
        if (c.keep == T(0))
            for (int j = 0; j < width; ++j) row[j] = c.scale * sum[j];
        else
            for (int j = 0; j < width; ++j) row[j] = c.keep * row[j] + c.scale * sum[j];
    }
}

template <class T, int vectors, int rows = tile_rows>
void tile_of(int count, int depth, Factor<T> a, const T* panel, long stride, Result<T> c, int width) {
    if constexpr (rows > 0) {
        if (count == rows) tile<T, rows, vectors>(depth, a, panel, stride, c, width);
        else tile_of<T, vectors, rows - 1>(count, depth, a, panel, stride, c, width);
    }
}

// panel[k*span + j] = b(j, k) for j < width, 0 beyond.
template <class T>
void pack(Factor<T> b, int depth, int width, int span, T* panel) {
    using Vector = typename Lanes<T>::Vector;
    using Loose = typename Lanes<T>::Loose;
    constexpr int n = Lanes<T>::width;
    for (int j = 0; j < span; j += n) {
        int k = 0;
        if (b.depth == 1 && j + n <= width)
            for (; k + n <= depth; k += n) {
                Vector rows[n];
#pragma GCC unroll 16
                for (int r = 0; r < n; ++r) rows[r] = *reinterpret_cast<const Loose*>(b.at(j + r, k));
                turn<T>(rows);
#pragma GCC unroll 16
                for (int r = 0; r < n; ++r) *reinterpret_cast<Vector*>(panel + (k + r) * span + j) = rows[r];
            }
        for (; k < depth; ++k)
            for (int r = 0; r < n; ++r) panel[k * span + j + r] = j + r < width ? *b.at(j + r, k) : T(0);
    }
}

// Fetches part `part` of `parts` of a block of b into the second cache before it is packed.
template <class T>
void fetch(Factor<T> b, int depth, int width, int part, int parts) {
    for (int j = width * part / parts; j < width * (part + 1) / parts; ++j)
        for (int k = 0; k < depth; k += 64 / int(sizeof(T))) __builtin_prefetch(b.at(j, k), 0, 2);
}

// c (m x n) = keep*c + scale * a b^T, with a (m x depth) and b (n x depth).
template <class T, int vectors>
void product_of(int m, int n, int depth, Factor<T> a, Factor<T> b, Result<T> c) {
    constexpr int span = vectors * Lanes<T>::width;
    alignas(64) T panel[panel_depth * span];
    const int tiles = (m + tile_rows - 1) / tile_rows;
    for (int first = 0; first < n; first += span)
        for (int k = 0; k < depth; k += panel_depth) {
            const int width = std::min(span, n - first), deep = std::min(panel_depth, depth - k);
            const bool ready = b.row == 1 && width == span, last = k + panel_depth >= depth;
            const int next = last ? first + span : first, beyond = last ? 0 : k + panel_depth;
            if (!ready) pack<T>({b.at(first, k), b.row, b.depth}, deep, width, span, panel);
            for (int t = 0; t < tiles; ++t) {
                const int i = t * tile_rows;
                if (b.depth == 1 && next < n)
                    fetch<T>({b.at(next, beyond), b.row, 1}, std::min(panel_depth, depth - beyond),
                             std::min(span, n - next), t, tiles);
                tile_of<T, vectors>(std::min(tile_rows, m - i), deep, {a.at(i, k), a.row, a.depth},
                                    ready ? b.at(first, k) : panel, ready ? b.depth : span,
                                    {c.data + i * c.row + first, c.row, k ? T(1) : c.keep, c.scale}, width);
            }
        }
}
template <class T>
void product(int m, int n, int depth, Factor<T> a, Factor<T> b, Result<T> c) {
    if (n > Lanes<T>::width) product_of<T, tile_vectors>(m, n, depth, a, b, c);
    else product_of<T, 1>(m, n, depth, a, b, c);
}

}  // namespace recircuit

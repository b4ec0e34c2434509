// Our kernel for small products. A block computes a tile of 16 x 32 of one of them: each of its eight warps takes an eighth of
// the sum over k, and they add up their parts in a fixed order. So even one small product keeps many multiprocessors busy, and
// the bits do not depend on which products share a launch.
#pragma once
#include <type_traits>

#include "products.h"
#include "recircuit.h"

namespace recircuit {

constexpr int tile_m = 16, tile_n = 32, warps = threads / 32;
constexpr int packs = 16;  // packs of 16 bytes along k in a stage of shared memory, two for each warp

template <class T>
struct alignas(16) Pack {
    static constexpr int size = 16 / sizeof(T);
    T x[size];
};

// Returns whether a whole pack may be read here at once.
template <class T>
__device__ inline bool whole(const T* data) {
    return reinterpret_cast<std::uintptr_t>(data) % sizeof(Pack<T>) == 0;
}

// Rows of packs, each with one extra pack, so that the rows that a warp reads at once are in different banks.
template <class T>
struct Stage {
    Pack<T> a[tile_m][packs + 1], b[tile_n][packs + 1];
};

// The shared memory of a block: two stages, of which one is filled while the other is read; then partial sums.
template <class T>
union Room {
    Stage<T> stage[2];
    T sums[warps][tile_m * tile_n];
    T lanes[tile_n][33];  // for a single row
};

// A matrix of a product, as a block reads it: the items (row, k), (row, k + 1), ..., and 0 outside of it.
template <class T>
struct Rows {
    Matrix from;
    int rows, depth;
    __device__ bool turned() const { return from.turned; }
    // Returns whether whole packs can be read in every row.
    __device__ bool aligned(const T* data) const { return from.lead % Pack<T>::size == 0 && whole(data); }
    __device__ Pack<T> operator()(int row, int k) const {
        const T* data = static_cast<const T*>(from.data);
        Pack<T> found;
        if (row < rows && !from.turned && aligned(data) && k + Pack<T>::size <= depth)
            return *reinterpret_cast<const Pack<T>*>(data + std::int64_t(row) * from.lead + k);
        for (int i = 0; i < Pack<T>::size; ++i) {
            const std::int64_t place =
                from.turned ? std::int64_t(k + i) * from.lead + row : std::int64_t(row) * from.lead + k + i;
            found.x[i] = row < rows && k + i < depth ? data[place] : T(0);
        }
        return found;
    }
};

// Items of b that stay in shared memory, from one column of the product on: rows of packs, with zeros up to a whole stage.
template <class T>
struct Stored {
    Pack<T>* items;
    int stride, column, rows;  // rows: those of the whole of b
    __host__ __device__ static int width(int depth) {
        constexpr int deep = packs * Pack<T>::size;
        return (depth + deep - 1) / deep * packs;
    }
    // Returns the distance from row to row, with one extra pack as in a stage.
    __host__ __device__ static int stride_of(int depth) { return width(depth) + 1; }
    // Returns the packs of a tile of a product.
    __host__ __device__ static int size(int n, int depth) { return (n < tile_n ? n : tile_n) * stride_of(depth); }
    // Rows that do not exist are read for items that are not stored.
    __device__ const Pack<T>* at(int row) const {
        const int last = (rows - column < tile_n ? rows - column : tile_n) - 1;
        return items + (row < last ? row : last) * stride;
    }
    __device__ Pack<T> operator()(int row, int k) const { return at(row - column)[k / Pack<T>::size]; }
    // All threads of a block copy them.
    __device__ void bring(const Rows<T>& from) const {
        const int here = rows - column < tile_n ? rows - column : tile_n, wide = stride - 1;
        for (int k = int(threadIdx.x); k < here * wide; k += threads) {
            const int row = from.turned() ? k % here : k / wide, pack = from.turned() ? k / here : k % wide;
            items[row * stride + pack] = from(column + row, pack * Pack<T>::size);
        }
        __syncthreads();
    }
};

// The row and pack of a stage that a thread loads; neighbouring threads load neighbouring packs in memory.
struct Place {
    int row, pack;
};
__device__ inline Place place_of(int number, int rows, bool turned) {
    return turned ? Place{number % rows, number / rows} : Place{number / packs, number % packs};
}

// The packs that a thread loads from device memory for one stage: one of a, and two of b, or none if b stays.
template <class T>
struct Brought {
    Pack<T> a, b[2];
    template <class A, class B>
    __device__ void fetch(const A& from_a, const B& from_b, int row, int column, int k) {
        const int me = int(threadIdx.x);
        const Place at = place_of(me, tile_m, from_a.turned());
        a = from_a(row + at.row, k + at.pack * Pack<T>::size);
        if constexpr (!std::is_same<B, Stored<T>>::value)
            for (int half = 0; half < 2; ++half) {
                const Place to = place_of(me + half * threads, tile_n, from_b.turned());
                b[half] = from_b(column + to.row, k + to.pack * Pack<T>::size);
            }
    }
    template <class A, class B>
    __device__ void put_into(Stage<T>& stage, const A& from_a, const B& from_b) const {
        const int me = int(threadIdx.x);
        const Place at = place_of(me, tile_m, from_a.turned());
        stage.a[at.row][at.pack] = a;
        if constexpr (!std::is_same<B, Stored<T>>::value)
            for (int half = 0; half < 2; ++half) {
                const Place to = place_of(me + half * threads, tile_n, from_b.turned());
                stage.b[to.row][to.pack] = b[half];
            }
    }
};

// Returns the packs of a row of b in a stage that begins at this k, from the stage or from where they stay.
template <class T, class B>
__device__ inline const Pack<T>* packs_of(const Stage<T>& stage, const B&, int row, int) {
    return stage.b[row];
}
template <class T>
__device__ inline const Pack<T>* packs_of(const Stage<T>&, const Stored<T>& b, int row, int k) {
    return b.at(row) + k / Pack<T>::size;
}

// Computes a thread's 4 x 4 items of the tile, over its warp's part of k: rows lane/8 + 4i, columns lane%8 + 8j.
template <class T, class B>
__device__ inline void add_up(const Stage<T>& stage, const B& from_b, int k, T (&sums)[4][4]) {
    const int lane = int(threadIdx.x) % 32, first = int(threadIdx.x) / 32 * (packs / warps);
#pragma unroll 1  // two at once need more registers than there are on some GPUs
    for (int pack = first; pack < first + packs / warps; ++pack) {
        Pack<T> a[4], b[4];
#pragma unroll
        for (int i = 0; i < 4; ++i)
            a[i] = stage.a[lane / 8 + 4 * i][pack], b[i] = packs_of(stage, from_b, lane % 8 + 8 * i, k)[pack];
#pragma unroll
        for (int l = 0; l < Pack<T>::size; ++l)
#pragma unroll
            for (int i = 0; i < 4; ++i)
#pragma unroll
                for (int j = 0; j < 4; ++j) sums[i][j] += a[i].x[l] * b[j].x[l];
    }
}

// Computes the sums of a tile over k from first to last, by all threads of a block; each warp leaves its part.
template <class T, class A, class B>
__device__ inline void sum_tile(const A& a, const B& b, int row, int column, int first, int last, Room<T>& room) {
    constexpr int deep = packs * Pack<T>::size;
    T sums[4][4] = {};
    Brought<T> brought;
    brought.fetch(a, b, row, column, first);
    brought.put_into(room.stage[0], a, b);
    __syncthreads();
    for (int k = first, now = 0; k < last; k += deep, now = 1 - now) {
        const bool more = k + deep < last;
        if (more) brought.fetch(a, b, row, column, k + deep);
        add_up(room.stage[now], b, k, sums);
        if (more) brought.put_into(room.stage[1 - now], a, b);
        __syncthreads();
    }
    const int lane = int(threadIdx.x) % 32, warp = int(threadIdx.x) / 32;
    for (int i = 0; i < 4; ++i)
        for (int j = 0; j < 4; ++j) room.sums[warp][(lane / 8 + 4 * i) * tile_n + lane % 8 + 8 * j] = sums[i][j];
    __syncthreads();
}

// Stores every item of a tile within m x n, with the sum of all warps in their order.
template <class T, class Put>
__device__ inline void put_tile(int row, int column, int m, int n, const Room<T>& room, const Put& put) {
    for (int k = int(threadIdx.x); k < tile_m * tile_n; k += threads) {
        const int r = row + k / tile_n, q = column + k % tile_n;
        if (r >= m || q >= n) continue;
        T sum = 0;
        for (int warp = 0; warp < warps; ++warp) sum += room.sums[warp][k];
        put(r, q, sum);
    }
}

__host__ __device__ inline int tiles_of(int m, int n) { return (m + tile_m - 1) / tile_m * ((n + tile_n - 1) / tile_n); }

// Computes a tile of a product with one row, in which nothing is read twice: each warp has a few columns, and its lanes share the
// sum. One thread for each column adds up their parts in order.
template <class T, class B, class Put>
__device__ inline void multiply_row(const Rows<T>& a, const B& b, int column, Room<T>& room, const Put& put) {
    constexpr int each = tile_n / warps;
    const int me = int(threadIdx.x), lane = me % 32, first = me / 32 * each;
    T sums[each] = {};
#pragma unroll 1
    for (int k = lane * Pack<T>::size; k < a.depth; k += 32 * Pack<T>::size) {
        const Pack<T> x = a(0, k);
#pragma unroll
        for (int i = 0; i < each; ++i) {
            const Pack<T> w = b(column + first + i, k);
#pragma unroll
            for (int l = 0; l < Pack<T>::size; ++l) sums[i] += x.x[l] * w.x[l];
        }
    }
    for (int i = 0; i < each; ++i) room.lanes[first + i][lane] = sums[i];
    __syncthreads();
    if (me >= tile_n || column + me >= b.rows) return;
    T sum = 0;
    for (int k = 0; k < 32; ++k) sum += room.lanes[me][k];
    put(0, column + me, sum);
}

template <class T>
__device__ inline Matrix moved(const Matrix& from, std::int64_t items) {
    return {static_cast<const T*>(from.data) + items, from.lead, from.turned};
}

// The place where a block keeps the items of b for its tile, and whether it has to load them first.
template <class T>
struct Shelf {
    Pack<T>* items = nullptr;
    bool brings = false;
};

template <class T>
__device__ inline void multiply_tile(const Product& p, int number, Room<T>& room, const Shelf<T>& shelf = {}) {
    const int tiles = tiles_of(p.m, p.n), block = number / tiles, tile = number % tiles;
    const int across = (p.n + tile_n - 1) / tile_n, row = tile / across * tile_m, column = tile % across * tile_n;
    const Rows<T> a{moved<T>(p.a, block * p.a_step), p.m, p.k}, b{moved<T>(p.b, block * p.b_step), p.n, p.k};
    const T scale = p.scale ? *static_cast<const T*>(p.scale) : T(1), keep = p.keep ? *static_cast<const T*>(p.keep) : T(0);
    T* c = static_cast<T*>(p.c) + block * p.c_step;
    const auto put = [&](int r, int q, T sum) {
        T& place = c[std::int64_t(r) * p.c_lead + q];
        const T made = p.k ? scale * sum : T(0);          // with no elements the scale is infinite
        place = keep == 0 ? made : made + keep * place;  // a value that is not kept may be NaN
    };
    const auto multiply_by = [&](const auto& from) {
        if (p.m == 1 && !p.b.turned) return multiply_row<T>(a, from, column, room, put);
        sum_tile<T>(a, from, row, column, 0, p.k, room);
        put_tile(row, column, p.m, p.n, room, put);
    };
    if (!shelf.items) return multiply_by(b);
    const Stored<T> stored{shelf.items, Stored<T>::stride_of(p.k), column, p.n};
    if (shelf.brings) stored.bring(b);
    multiply_by(stored);
}

// The kernel with a block for each tile of some products.
template <class T>
__global__ void __launch_bounds__(threads, 2) multiply_tiles(const RECIRCUIT_GRID_CONSTANT Products all) {
    __shared__ Room<T> room;
    int which = 0;
    while (int(blockIdx.x) >= all.first[which + 1]) ++which;
    multiply_tile(all.product[which], int(blockIdx.x) - all.first[which], room);
}

}  // namespace recircuit

// Batch elements side by side: a matrix (batch_size x units) is transposed, so that the values of one unit in all batch elements
// are neighbours and are processed in whole vector registers. The last register of a unit is filled up with zeros. In the code
// a column is one batch element.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "threads.h"

namespace recircuit {

// The registers of the processor: how long they are, and how many sums a kernel keeps in them, as rows of some registers. Vectors
// that are longer than a register must be avoided, as GCC moves them to memory and back for each operation.
#ifdef __AVX512F__
constexpr int register_bytes = 64, sum_rows = 8;  // of 32 registers
#else
constexpr int register_bytes = 32, sum_rows = 4;  // of 16 registers; or of 32 that are half as long
#endif
constexpr int sum_registers = 3;

// A vector register.
template <class T>
struct Lanes {
    static constexpr int width = register_bytes / sizeof(T);
    typedef T Vector __attribute__((vector_size(register_bytes)));
    typedef T Loose __attribute__((vector_size(register_bytes), aligned(sizeof(T)), may_alias));  // anywhere in memory
    typedef typename std::conditional<sizeof(T) == 4, std::int32_t, std::int64_t>::type Index;
    typedef Index Indices __attribute__((vector_size(register_bytes)));
    static int padded(int batch_size) { return (batch_size + width - 1) / width * width; }
};

// Memory that stays valid until the next call of the same kind; it is aligned for registers.
template <class T, int kind>
T* scratch(std::size_t count) {
    static T* memory = nullptr;
    static std::size_t size = 0;
    if (count > size) {
        std::free(memory);
        memory = static_cast<T*>(std::aligned_alloc(64, (count * sizeof(T) + 63) / 64 * 64));
        size = memory ? count : 0;
        if (!memory) throw std::bad_alloc();
    }
    return memory;
}

// Exchanges values of two registers that are `far` lanes apart.
template <class T, int far, int... lane>
inline void exchange(typename Lanes<T>::Vector& a, typename Lanes<T>::Vector& b, std::integer_sequence<int, lane...>) {
    constexpr int n = Lanes<T>::width;
#if defined(__clang__) || __GNUC__ >= 12
    const auto low = __builtin_shufflevector(a, b, (lane & far ? n + lane - far : lane)...);
    const auto high = __builtin_shufflevector(a, b, (lane & far ? n + lane : lane + far)...);
#else
    const auto low = __builtin_shuffle(a, b, typename Lanes<T>::Indices{(lane & far ? n + lane - far : lane)...});
    const auto high = __builtin_shuffle(a, b, typename Lanes<T>::Indices{(lane & far ? n + lane : lane + far)...});
#endif
    a = low;
    b = high;
}

// Transposes as many rows as a register is wide, by halves, quarters, ...
template <class T, int far = Lanes<T>::width / 2>
inline void turn(typename Lanes<T>::Vector (&rows)[Lanes<T>::width]) {
    constexpr int n = Lanes<T>::width;
    #pragma GCC unroll 16
    for (int r = 0; r < n; ++r)
        if (!(r & far)) exchange<T, far>(rows[r], rows[r + far], std::make_integer_sequence<int, n>());
    if constexpr (far > 1) turn<T, far / 2>(rows);
}

// rows[0][k] = the sum of row k: rows are halved and added until one is left.
template <class T, int far = Lanes<T>::width / 2>
inline void add_rows(typename Lanes<T>::Vector (&rows)[Lanes<T>::width]) {
    #pragma GCC unroll 16
    for (int r = 0; r < far; ++r) {
        exchange<T, far>(rows[r], rows[r + far], std::make_integer_sequence<int, Lanes<T>::width>());
        rows[r] += rows[r + far];
    }
    if constexpr (far > 1) add_rows<T, far / 2>(rows);
}

// lanes (many x padded) = the first `filled` of some columns, transposed; the rest is zero. There are `many` units, at most the
// width of a register. The distance between columns is `stride`, and in the lanes the distance between units is `between`.
template <class T>
inline void turn_over(int columns, int filled, int many, long stride, const T* values, T* lanes, long between) {
    constexpr int n = Lanes<T>::width;
    const int padded = Lanes<T>::padded(columns);
    for (int column = 0; column < padded; column += n) {
        typename Lanes<T>::Vector rows[n] = {};
        if (many == n && column + n <= filled) {
            for (int k = 0; k < n; ++k) __builtin_memcpy(&rows[k], values + (column + k) * stride, sizeof rows[k]);
        } else {
            for (int k = 0; k < n && column + k < filled; ++k)
                for (int u = 0; u < many; ++u) rows[k][u] = values[(column + k) * stride + u];
        }
        turn<T>(rows);
        for (int u = 0; u < many; ++u) __builtin_memcpy(lanes + u * between + column, &rows[u], sizeof rows[u]);
    }
}

// The reverse: values (columns, with the distance `stride`) = lanes (many x padded), transposed.
template <class T>
inline void turn_back(int columns, int many, long stride, const T* lanes, T* values) {
    constexpr int n = Lanes<T>::width;
    const int padded = Lanes<T>::padded(columns);
    for (int column = 0; column < columns; column += n) {
        typename Lanes<T>::Vector rows[n] = {};
        for (int u = 0; u < many; ++u) __builtin_memcpy(&rows[u], lanes + long(u) * padded + column, sizeof rows[u]);
        turn<T>(rows);
        for (int k = 0; k < n && column + k < columns; ++k) {
            T* to = values + (column + k) * stride;
            if (many == n) __builtin_memcpy(to, &rows[k], sizeof rows[k]);
            else for (int u = 0; u < many; ++u) to[u] = rows[k][u];
        }
    }
}

// Returns where the registers of a unit begin.
template <class T>
std::vector<long> one_by_one(int padded) {
    std::vector<long> far(padded / Lanes<T>::width);
    for (std::size_t r = 0; r < far.size(); ++r) far[r] = long(r) * Lanes<T>::width;
    return far;
}

// Calls `run(N, first)` for all registers of a unit, N of them at a time, with N at most `most`.
template <int most, class Run>
inline void with_registers(int many, int first, const Run& run) {
    if constexpr (most > 1)
        if (many < most) return with_registers<most - 1>(many, first, run);
    run(std::integral_constant<int, most>(), first);
}
template <class T, int most, class Run>
inline void by_registers(int padded, const Run& run) {
    constexpr int n = Lanes<T>::width;
    for (int first = 0, left = padded / n; left > 0;) {
        const int parts = (left + most - 1) / most, many = (left + parts - 1) / parts;
        with_registers<most>(many, first, run);
        first += many * n, left -= many;
    }
}

// A few units at a time, in blocks.
template <class T, class Run>
void each_tile(int units, const Run& run) {
    constexpr int n = Lanes<T>::width;
    const int tiles = (units + n - 1) / n, blocks = tiles < 8 ? 1 : 8;
    each_block(blocks, [=](int block) {
        for (int tile = tiles * block / blocks; tile < tiles * (block + 1) / blocks; ++tile)
            run(tile * n, units - tile * n < n ? units - tile * n : n);
    });
}

// lanes (units x padded) = values (batch_size x units), transposed: the first `filled` batch elements; the others are zero.
template <class T>
void to_lanes(int batch_size, int filled, int units, const T* values, T* lanes) {
    each_tile<T>(units, [=](int unit, int many) {
        const long padded = Lanes<T>::padded(batch_size);
        turn_over(batch_size, filled, many, units, values + unit, lanes + unit * padded, padded);
    });
}

// values (batch_size x units) = lanes (units x padded), transposed back.
template <class T>
void from_lanes(int batch_size, int units, const T* lanes, T* values) {
    each_tile<T>(units, [=](int unit, int many) {
        turn_back(batch_size, many, units, lanes + long(unit) * Lanes<T>::padded(batch_size), values + unit);
    });
}

}  // namespace recircuit

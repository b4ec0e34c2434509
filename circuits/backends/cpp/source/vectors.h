// The product of a matrix and a vector, which takes as long as reading the matrix. A library reads some rows at the same time and
// waits for memory at the beginning of each; here the next rows are fetched into the first cache meanwhile.
//
// A sum has the order of OpenBLAS for processors with AVX2, so that its bits are the same: eight sums of every eighth product
// (preceded by the first four products, if the number of columns is not a multiple of eight), added by halves.
#pragma once
#if defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>
#endif

namespace recircuit {

#if defined(__AVX2__) && defined(__FMA__)
constexpr int rows_at_once = 4, longest_row = 2048;  // OpenBLAS cuts longer rows

// Returns how many of the rows `dot_rows` computes; the library computes the others.
inline int dotted(int rows, int cols) { return cols % 4 || cols > longest_row ? 0 : rows / rows_at_once * rows_at_once; }

inline float add_lanes(__m256 sums) {
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(sums), _mm256_extractf128_ps(sums, 1));
    four = _mm_hadd_ps(four, four);
    return _mm_cvtss_f32(_mm_hadd_ps(four, four));
}

// y = W x, for `rows` consecutive rows of W (a multiple of rows_at_once).
inline void dot_rows(int rows, int cols, const float* w, const float* x, float* y) {
    const auto add = [&](const float* row, int k, __m256 (&sums)[rows_at_once]) {
        const __m256 sent = _mm256_loadu_ps(x + k);
#pragma GCC unroll 4
        for (int r = 0; r < rows_at_once; ++r) sums[r] = _mm256_fmadd_ps(sent, _mm256_loadu_ps(row + long(r) * cols + k), sums[r]);
    };
    for (int first = 0; first < rows; first += rows_at_once) {
        const float *row = w + long(first) * cols, *next = row + long(rows_at_once) * cols;
        __m256 sums[rows_at_once] = {};
        int k = cols & 4;
        if (k)
            for (int r = 0; r < rows_at_once; ++r)
                sums[r] = _mm256_zextps128_ps256(_mm_mul_ps(_mm_loadu_ps(x), _mm_loadu_ps(row + long(r) * cols)));
        for (; k + 16 <= cols; k += 16) {
#pragma GCC unroll 4
            for (int r = 0; r < rows_at_once; ++r) __builtin_prefetch(next + long(r) * cols + k, 0, 3);
            add(row, k, sums);
            add(row, k + 8, sums);
        }
        if (k < cols) add(row, k, sums);
        for (int r = 0; r < rows_at_once; ++r) y[first + r] = add_lanes(sums[r]);
    }
}
#else
inline int dotted(int, int) { return 0; }
inline void dot_rows(int, int, const float*, const float*, float*) {}
#endif

}  // namespace recircuit

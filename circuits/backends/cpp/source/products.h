// Matrix products, cut into blocks of rows of the weights, or of batch elements. OpenBLAS itself runs on one thread.
#pragma once
#include <cblas.h>

#include "changes.h"
#include "kernels.h"
#include "threads.h"
#include "tiles.h"
#include "vectors.h"

namespace recircuit {

inline void gemm(bool ta, bool tb, int m, int n, int k, float alpha, const float* a, int lda, const float* b, int ldb,
                 float beta, float* c, int ldc) {
    scipy_cblas_sgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, m, n, k, alpha, a,
                      lda, b, ldb, beta, c, ldc);
}
inline void gemm(bool ta, bool tb, int m, int n, int k, double alpha, const double* a, int lda, const double* b,
                 int ldb, double beta, double* c, int ldc) {
    scipy_cblas_dgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, m, n, k, alpha, a,
                      lda, b, ldb, beta, c, ldc);
}
inline void gemv(bool t, int rows, int cols, const float* a, int lda, const float* x, float* y) {
    const int done = t ? 0 : dotted(rows, cols);
    if (done) dot_rows(done, cols, a, x, y);
    if (done == rows) return;
    a += long(done) * lda, y += done, rows -= done;
    scipy_cblas_sgemv(CblasRowMajor, t ? CblasTrans : CblasNoTrans, rows, cols, 1, a, lda, x, 1, 0, y, 1);
}
inline void gemv(bool t, int rows, int cols, const double* a, int lda, const double* x, double* y) {
    scipy_cblas_dgemv(CblasRowMajor, t ? CblasTrans : CblasNoTrans, rows, cols, 1, a, lda, x, 1, 0, y, 1);
}

// Returns how a product is cut, which depends on its work alone.
inline Cut cut_product(long work, int rows) {
    constexpr long shared = 1L << 18;
    int blocks = work < shared ? 1 : work < 1L << 24 ? 2 : work < 1L << 27 ? 4 : 8;
    while (blocks > 1 && rows / blocks < 32) blocks /= 2;
    return {blocks, work >= shared / 2};
}
inline Cut cut_vector(long work, int rows) {
    constexpr long shared = 1L << 15;
    int blocks = work < shared ? 1 : work < 1L << 17 ? 2 : 8;
    while (blocks > 1 && rows / blocks < 16) blocks /= 2;
    return {blocks, work >= shared / 2};
}

template <class T>
void propagate(int batch_size, int pre, int post, bool transposed, const T* signal, const T* weights, T* field) {
    if (batch_size == 1) {
        const Cut cut = cut_vector(long(pre) * post, post);
        each_block_later(cut, [=, blocks = cut.blocks](int block) {
            const Range rows(post, blocks, block);
            const int n = rows.end - rows.begin;
            if (transposed) gemv(true, pre, n, weights + rows.begin, post, signal, field + rows.begin);
            else gemv(false, n, pre, weights + long(rows.begin) * pre, pre, signal, field + rows.begin);
        });
        return;
    }
    const bool wide = batch_size > tiled || post >= 64;  // otherwise the batch elements are cut
    const Cut cut = cut_product(long(batch_size) * pre * post, wide ? post : batch_size);
    each_block_later(cut, [=, blocks = cut.blocks](int block) {
        const Range rows = wide ? Range(post, blocks, block) : Range(post, 1, 0);
        const Range shown = wide ? Range(batch_size, 1, 0) : Range(batch_size, blocks, block);
        const int n = rows.end - rows.begin;
        const T* w = weights + (transposed ? rows.begin : long(rows.begin) * pre);
        if (batch_size <= tiled)
            return product<T>(shown.end - shown.begin, n, pre, {signal + long(shown.begin) * pre, pre, 1},
                              transposed ? Factor<T>{w, 1, post} : Factor<T>{w, pre, 1},
                              {field + long(shown.begin) * post + rows.begin, post, T(0), T(1)});
        gemm(false, !transposed, batch_size, n, pre, T(1), signal, pre, w, transposed ? post : pre, T(0),
             field + rows.begin, post);
    });
}

template <class T>
void accumulate(int batch_size, int pre, int post, T keep, T scale, const T* posts, const T* pres, T* target) {
    if (!changes(batch_size, pre, post, keep, posts, pres)) return;
    const long work = long(batch_size) * pre * post;
    // If the signals do not fit the second cache, each block reads only its part of them; otherwise it has whole rows.
    const bool across = batch_size > 1 && batch_size <= tiled && long(batch_size) * pre * sizeof(T) > 1L << 21;
    const Cut cut = batch_size == 1 ? cut_vector(work, post) : cut_product(work, across ? pre : post);
    each_block_later(cut, [=, blocks = cut.blocks](int block) {
        const Range rows = across ? Range(post, 1, 0) : Range(post, blocks, block);
        if (across) {
            const Range sent(pre, blocks, block);
            return product<T>(post, sent.end - sent.begin, batch_size, {posts, 1, post}, {pres + sent.begin, 1, pre},
                              {target + sent.begin, pre, keep, scale});
        }
        if (batch_size > 1 && batch_size <= tiled)
            return product<T>(rows.end - rows.begin, pre, batch_size, {posts + rows.begin, 1, post}, {pres, 1, pre},
                              {target + long(rows.begin) * pre, pre, keep, scale});
        if (batch_size > 1) {
            gemm(true, false, rows.end - rows.begin, pre, batch_size, scale, posts + rows.begin, post, pres, pre, keep,
                 target + long(rows.begin) * pre, pre);
            return;
        }
        for (int i = rows.begin; i < rows.end; ++i) {
            T* row = target + long(i) * pre;
            const T factor = scale * posts[i];
            if (keep == T(1))
                for (int j = 0; j < pre; ++j) row[j] += factor * pres[j];
            else if (keep == T(0))
                for (int j = 0; j < pre; ++j) row[j] = factor * pres[j];
            else
                for (int j = 0; j < pre; ++j) row[j] = keep * row[j] + factor * pres[j];
        }
    });
}

}  // namespace recircuit

// The choice between cuBLAS and our kernel for a product, and the launch of both.
#pragma once
#include <cublas_v2.h>

#include <cstdlib>
#include <cstring>

#include "lanes.h"
#include "tiles.h"

namespace recircuit {

// ---- by cuBLAS -----------------------------------------------------------------------------------------------------
// Our matrices are stored row by row. To cuBLAS they are their transposes, stored column by column.

inline cublasStatus_t gemm(cublasOperation_t a_, cublasOperation_t b_, int m, int n, int k, const float* alpha,
                           const float* a, int lda, const float* b, int ldb, const float* beta, float* c, int ldc) {
    return cublasSgemm(cublas(), a_, b_, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
inline cublasStatus_t gemm(cublasOperation_t a_, cublasOperation_t b_, int m, int n, int k, const double* alpha,
                           const double* a, int lda, const double* b, int ldb, const double* beta, double* c, int ldc) {
    return cublasDgemm(cublas(), a_, b_, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
inline cublasStatus_t gemv(cublasOperation_t a_, int m, int n, const float* alpha, const float* a, int lda,
                           const float* x, const float* beta, float* y) {
    return cublasSgemv(cublas(), a_, m, n, alpha, a, lda, x, 1, beta, y, 1);
}
inline cublasStatus_t gemv(cublasOperation_t a_, int m, int n, const double* alpha, const double* a, int lda,
                           const double* x, const double* beta, double* y) {
    return cublasDgemv(cublas(), a_, m, n, alpha, a, lda, x, 1, beta, y, 1);
}

inline cublasStatus_t gemm_blocks(cublasOperation_t a_, cublasOperation_t b_, const Product& p, const float* alpha,
                                  const float* a, const float* b, const float* beta, float* c) {
    return cublasSgemmStridedBatched(cublas(), a_, b_, p.n, p.m, p.k, alpha, a, p.b.lead, p.b_step, b, p.a.lead, p.a_step,
                                     beta, c, p.c_lead, p.c_step, p.blocks);
}
inline cublasStatus_t gemm_blocks(cublasOperation_t a_, cublasOperation_t b_, const Product& p, const double* alpha,
                                  const double* a, const double* b, const double* beta, double* c) {
    return cublasDgemmStridedBatched(cublas(), a_, b_, p.n, p.m, p.k, alpha, a, p.b.lead, p.b_step, b, p.a.lead, p.a_step,
                                     beta, c, p.c_lead, p.c_step, p.blocks);
}

template <class T>
void multiply_by_cublas(const char* name, const Product& p) {
    const T one = 1, zero = 0;
    const T *a = static_cast<const T*>(p.a.data), *b = static_cast<const T*>(p.b.data);
    const T *scale = p.scale ? static_cast<const T*>(p.scale) : &one, *keep = p.keep ? static_cast<const T*>(p.keep) : &zero;
    const cublasOperation_t b_ = p.b.turned ? CUBLAS_OP_N : CUBLAS_OP_T, a_ = p.a.turned ? CUBLAS_OP_T : CUBLAS_OP_N;
    check(cublasSetPointerMode(cublas(), p.scale ? CUBLAS_POINTER_MODE_DEVICE : CUBLAS_POINTER_MODE_HOST), name);
    T* c = static_cast<T*>(p.c);
    if (p.blocks > 1)
        check(gemm_blocks(b_, a_, p, scale, b, a, keep, c), name);
    else if (p.m == 1 && !p.a.turned)
        check(gemv(b_, p.b.lead, p.b.turned ? p.k : p.n, scale, b, p.b.lead, a, keep, c), name);
    else
        check(gemm(b_, a_, p.n, p.m, p.k, scale, b, p.b.lead, a, p.a.lead, keep, c, p.c_lead), name);
}

void multiply_large(const char* name, const Product& product) {
    product.wide ? multiply_by_cublas<double>(name, product) : multiply_by_cublas<float>(name, product);
}

// ---- by our kernel -------------------------------------------------------------------------------------------------

// The most multiplications, and the longest sum, of a product that does not fill a GPU by itself. With
// RECIRCUIT_CUDA_PRODUCTS=cublas, cuBLAS computes all products; it always computes those in TF32.
constexpr std::int64_t most_multiplications = 1 << 26;
constexpr int longest_sum = 1024;

bool is_small(const Product& p) {
    static const char* who = std::getenv("RECIRCUIT_CUDA_PRODUCTS");
    static const bool none = coarse() || (who && !std::strcmp(who, "cublas"));
    if (!p.k) return true;  // a sum of nothing, whose factor is infinite: what cuBLAS makes of it is not documented
    return !none && p.k <= longest_sum && std::int64_t(p.m) * p.n * p.k * p.blocks <= most_multiplications;
}

inline int blocks_of(const Product& p) { return tiles_of(p.m, p.n) * p.blocks; }

void multiply_small(const char* name, const Product* products, int count) {
    Products all;
    all.count = count, all.first[0] = 0;
    for (int k = 0; k < count; ++k) all.product[k] = products[k], all.first[k + 1] = all.first[k] + blocks_of(products[k]);
    launch_blocks(name, products[0].wide ? multiply_tiles<double> : multiply_tiles<float>, all.first[count], threads, all);
}

void multiply(const char* name, const Product& product) {
    is_small(product) ? multiply_small(name, &product, 1) : multiply_large(name, product);
}

}  // namespace recircuit

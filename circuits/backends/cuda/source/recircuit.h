// What the generated code of a circuit needs: how kernels are launched, products, and noise.
#pragma once
#include <cublas_v2.h>
#include <cuda_runtime.h>

#include <cmath>
#include <cstdint>

#include "noise.h"

namespace recircuit {

void serve();

// ---- launching -----------------------------------------------------------------------------------------------------

cudaStream_t stream();                            // that what comes next is launched on
cublasHandle_t cublas();                          // that stream's own
const Draws* draws();                             // the state of the noise, in device memory
void* const* pieces();                            // where the circuit's arrays are, in device memory
void check(cudaError_t result, const char* what); // throws what went wrong with what
void check(cublasStatus_t result, const char* what);
extern int active;                                // how many batch_size hold a stimulus

constexpr int threads = 256;  // of a block

__device__ inline int thread() { return blockIdx.x * blockDim.x + threadIdx.x; }

template <class... Expected, class... Given>
void launch_blocks(const char* name, void (*kernel)(Expected...), int blocks, int each, Given... given) {
    cudaLaunchConfig_t config = {};
    config.gridDim = dim3(blocks);
    config.blockDim = dim3(each);
    config.stream = stream();
    check(cudaLaunchKernelEx(&config, kernel, Expected(given)...), name);
}

// A thread for each of `count` things.
template <class... Expected, class... Given>
void launch(const char* name, void (*kernel)(int, Expected...), int count, Given... given) {
    launch_blocks(name, kernel, (count + threads - 1) / threads, count < threads ? count : threads, count, given...);
}

// ---- products ------------------------------------------------------------------------------------------------------
// Our matrices are stored row by row, which cuBLAS takes for their transposes, column by column.

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

// field (batch_size x post) = signal (batch_size x pre) W^T, W (post x pre); or signal W, W (pre x post).
template <class T>
void propagate(const char* name, int batch_size, int pre, int post, bool transposed, const T* signal, const T* weights,
               T* field) {
    const T one = 1, zero = 0;
    const cublasOperation_t turned = transposed ? CUBLAS_OP_N : CUBLAS_OP_T;
    const int lead = transposed ? post : pre;
    check(cublasSetPointerMode(cublas(), CUBLAS_POINTER_MODE_HOST), name);
    if (batch_size == 1)
        check(gemv(turned, lead, transposed ? pre : post, &one, weights, lead, signal, &zero, field), name);
    else
        check(gemm(turned, CUBLAS_OP_N, post, batch_size, pre, &one, weights, lead, signal, pre, &zero, field, post), name);
}

// target (post x pre) = keep*target + scale * sum over active batch_size of post (x) pre; scale and keep are the scalars.
template <class T>
void accumulate(const char* name, int pre, int post, const T* posts, const T* pres, T* target, std::int64_t* scalars) {
    const T *scale = reinterpret_cast<const T*>(scalars), *keep = reinterpret_cast<const T*>(scalars + 1);
    check(cublasSetPointerMode(cublas(), CUBLAS_POINTER_MODE_DEVICE), name);
    check(gemm(CUBLAS_OP_N, CUBLAS_OP_T, pre, post, active, scale, pres, pre, posts, post, keep, target, pre),
          name);
}

}  // namespace recircuit

// As much of cuBLAS as the cuda backend uses, on the processor: for tests only. Plain loops, column by column as there.
#pragma once
#include "cuda_runtime.h"

enum cublasStatus_t {
    CUBLAS_STATUS_SUCCESS = 0,
    CUBLAS_STATUS_NOT_INITIALIZED = 1,
    CUBLAS_STATUS_ALLOC_FAILED = 3,
    CUBLAS_STATUS_INVALID_VALUE = 7,
    CUBLAS_STATUS_EXECUTION_FAILED = 13
};
enum cublasOperation_t { CUBLAS_OP_N, CUBLAS_OP_T };
enum cublasPointerMode_t { CUBLAS_POINTER_MODE_HOST, CUBLAS_POINTER_MODE_DEVICE };
enum cublasMath_t { CUBLAS_DEFAULT_MATH = 0, CUBLAS_TF32_TENSOR_OP_MATH = 3 };

struct cublasContext {
    cublasPointerMode_t mode = CUBLAS_POINTER_MODE_HOST;
    cublasMath_t math = CUBLAS_DEFAULT_MATH;
    cudaStream_t stream = nullptr;
    void* workspace = nullptr;
};
using cublasHandle_t = cublasContext*;

inline const char* cublasGetStatusString(cublasStatus_t status) {
    return status == CUBLAS_STATUS_INVALID_VALUE ? "CUBLAS_STATUS_INVALID_VALUE" : "CUBLAS_STATUS_EXECUTION_FAILED";
}
inline cublasStatus_t cublasCreate(cublasHandle_t* handle) {
    *handle = new cublasContext;
    return CUBLAS_STATUS_SUCCESS;
}
inline cublasStatus_t cublasSetStream(cublasHandle_t handle, cudaStream_t stream) {
    handle->stream = stream, handle->workspace = nullptr;  // as it does there
    return CUBLAS_STATUS_SUCCESS;
}
inline cublasStatus_t cublasSetWorkspace(cublasHandle_t handle, void* workspace, std::size_t) {
    handle->workspace = workspace;
    return CUBLAS_STATUS_SUCCESS;
}
inline cublasStatus_t cublasSetMathMode(cublasHandle_t handle, cublasMath_t math) {
    handle->math = math;
    return CUBLAS_STATUS_SUCCESS;
}
inline cublasStatus_t cublasSetPointerMode(cublasHandle_t handle, cublasPointerMode_t mode) {
    handle->mode = mode;
    return CUBLAS_STATUS_SUCCESS;
}

namespace on_cpu {

// TF32: 10 bits of the 23 of a float's fraction.
inline float rounded(float x, cublasMath_t math) {
    if (math != CUBLAS_TF32_TENSOR_OP_MATH) return x;
    std::uint32_t bits;
    std::memcpy(&bits, &x, 4);
    bits = (bits + 0x1000u) & 0xffffe000u;
    std::memcpy(&x, &bits, 4);
    return x;
}
inline double rounded(double x, cublasMath_t) { return x; }

// A factor: now from the host, or when the work is done from the device.
template <class T>
std::function<T()> factor(const T* given, cublasPointerMode_t mode) {
    if (memory.holds(given) != (mode == CUBLAS_POINTER_MODE_DEVICE)) die("a factor in the wrong memory for the pointer mode");
    if (mode == CUBLAS_POINTER_MODE_DEVICE) return [given] { return *given; };
    return [value = *given] { return value; };
}

// c (m x n) = alpha op(a) op(b) + beta c
template <class T>
cublasStatus_t gemm(cublasHandle_t handle, cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k, const T* alpha,
                    const T* a, int lda, const T* b, int ldb, const T* beta, T* c, int ldc) {
    if (m < 0 || n < 0 || k < 0 || lda < (ta == CUBLAS_OP_N ? m : k) || ldb < (tb == CUBLAS_OP_N ? k : n) || ldc < m)
        return CUBLAS_STATUS_INVALID_VALUE;
    if (!handle->stream || !handle->workspace) die("cuBLAS without a stream or a workspace of its own");
    const auto scale = factor(alpha, handle->mode), keep = factor(beta, handle->mode);
    const cublasMath_t math = handle->math;
    const auto done = submit(handle->stream, [=] {
        for (const void* p : {(const void*)a, (const void*)b, (const void*)c}) expect_on_device(p);
        const T s = scale(), t = keep();
        for (int j = 0; j < n; ++j)
            for (int i = 0; i < m; ++i) {
                T sum = 0;
                for (int l = 0; l < k; ++l)
                    sum += rounded(ta == CUBLAS_OP_N ? a[i + std::size_t(l) * lda] : a[l + std::size_t(i) * lda], math) *
                           rounded(tb == CUBLAS_OP_N ? b[l + std::size_t(j) * ldb] : b[j + std::size_t(l) * ldb], math);
                T& place = c[i + std::size_t(j) * ldc];
                place = s * sum + (t == 0 ? 0 : t * place);
            }
    });
    return done ? CUBLAS_STATUS_EXECUTION_FAILED : CUBLAS_STATUS_SUCCESS;
}

}  // namespace on_cpu

inline cublasStatus_t cublasSgemm(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k,
                                  const float* alpha, const float* a, int lda, const float* b, int ldb,
                                  const float* beta, float* c, int ldc) {
    return on_cpu::gemm(h, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
inline cublasStatus_t cublasDgemm(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k,
                                  const double* alpha, const double* a, int lda, const double* b, int ldb,
                                  const double* beta, double* c, int ldc) {
    return on_cpu::gemm(h, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
inline cublasStatus_t cublasSgemmStridedBatched(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int m, int n,
                                                int k, const float* alpha, const float* a, int lda, long long a_step,
                                                const float* b, int ldb, long long b_step, const float* beta, float* c,
                                                int ldc, long long c_step, int count) {
    for (int i = 0; i < count; ++i)
        if (auto bad = on_cpu::gemm(h, ta, tb, m, n, k, alpha, a + i * a_step, lda, b + i * b_step, ldb, beta, c + i * c_step, ldc))
            return bad;
    return CUBLAS_STATUS_SUCCESS;
}
inline cublasStatus_t cublasDgemmStridedBatched(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int m, int n,
                                                int k, const double* alpha, const double* a, int lda, long long a_step,
                                                const double* b, int ldb, long long b_step, const double* beta, double* c,
                                                int ldc, long long c_step, int count) {
    for (int i = 0; i < count; ++i)
        if (auto bad = on_cpu::gemm(h, ta, tb, m, n, k, alpha, a + i * a_step, lda, b + i * b_step, ldb, beta, c + i * c_step, ldc))
            return bad;
    return CUBLAS_STATUS_SUCCESS;
}
// y = alpha op(a) x + beta y, a (m x n)
inline cublasStatus_t cublasSgemv(cublasHandle_t h, cublasOperation_t ta, int m, int n, const float* alpha, const float* a,
                                  int lda, const float* x, int, const float* beta, float* y, int) {
    const int rows = ta == CUBLAS_OP_N ? m : n, inner = ta == CUBLAS_OP_N ? n : m;
    return on_cpu::gemm(h, ta, CUBLAS_OP_N, rows, 1, inner, alpha, a, lda, x, inner, beta, y, rows);
}
inline cublasStatus_t cublasDgemv(cublasHandle_t h, cublasOperation_t ta, int m, int n, const double* alpha, const double* a,
                                  int lda, const double* x, int, const double* beta, double* y, int) {
    const int rows = ta == CUBLAS_OP_N ? m : n, inner = ta == CUBLAS_OP_N ? n : m;
    return on_cpu::gemm(h, ta, CUBLAS_OP_N, rows, 1, inner, alpha, a, lda, x, inner, beta, y, rows);
}

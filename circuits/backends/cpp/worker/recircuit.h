// What the generated code and the worker share: the registry of a circuit, and matrix products.
#pragma once
#include <cblas.h>
#include <cstddef>

namespace recircuit {

// A variable that Python may read and set. Floats are watched for NaN and infinity; rates after every presentation.
struct Array {
    const char* name;
    void* (*data)();
    std::size_t (*count)();
    int itemsize;
    bool floating;
};

struct Operation {
    const char* name;
    void (*run)();
};

// Filled by the generated registry.
extern const Array arrays[];
extern const std::size_t array_count;
extern const Operation operations[];
extern const std::size_t operation_count;
extern const int columns;

void serve();

// c = alpha * op(a) op(b) + beta * c, row-major.
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
inline void gemv(bool t, int rows, int cols, float alpha, const float* a, const float* x, float beta, float* y) {
    scipy_cblas_sgemv(CblasRowMajor, t ? CblasTrans : CblasNoTrans, rows, cols, alpha, a, cols, x, 1, beta, y, 1);
}
inline void gemv(bool t, int rows, int cols, double alpha, const double* a, const double* x, double beta, double* y) {
    scipy_cblas_dgemv(CblasRowMajor, t ? CblasTrans : CblasNoTrans, rows, cols, alpha, a, cols, x, 1, beta, y, 1);
}

}  // namespace recircuit

// Matrix products, as data. Small ones that do not depend on each other are one launch of our own kernel (tiles.h); cuBLAS
// computes large ones.
#pragma once
#include <cstdint>

namespace recircuit {

// A matrix, stored row by row; or, if it is turned, column by column, which is its transpose row by row.
struct Matrix {
    const void* data;
    int lead;  // the distance from one row (if turned, column) to the next
    bool turned;
};

// c (m x n) = scale * a b^T + keep * c, with a (m x k) and b (n x k); or one such product for each block, at given distances
// between their items.
struct Product {
    int m, n, k;
    Matrix a, b;
    void* c;
    int c_lead;
    const void *scale, *keep;  // in device memory; nullptr: 1, and 0
    bool wide;                 // double precision
    int blocks = 1;
    std::int64_t a_step = 0, b_step = 0, c_step = 0;
};

// field (batch_size x post) = signal (batch_size x pre) W^T, W (post x pre); or signal W, W (pre x post). W may have a number of
// blocks on its diagonal, outside of which it is 0.
template <class T>
Product propagation(int batch_size, int pre, int post, bool transposed, int blocks, const T* signal, const T* weights, T* field) {
    const int from = pre / blocks, to = post / blocks;
    const Matrix w{weights, transposed ? post : pre, transposed};
    const std::int64_t step = transposed ? std::int64_t(from) * post + to : std::int64_t(to) * pre + from;
    return {batch_size, to, from, {signal, pre, false}, w, field, post, nullptr, nullptr, sizeof(T) == 8, blocks, from, step, to};
}

// target (post x pre) = keep*target + scale * sum over active batch elements of post (x) pre, also with blocks; scale and keep
// are the scalars.
template <class T>
Product update(int pre, int post, int active, int blocks, const T* posts, const T* pres, T* target, const std::int64_t* scalars) {
    const int from = pre / blocks, to = post / blocks;
    return {to, from, active, {posts, post, true}, {pres, pre, true}, target, pre, scalars, scalars + 1, sizeof(T) == 8,
            blocks, to, from, std::int64_t(to) * pre + from};
}

constexpr int most_products = 16;  // in one launch

struct Products {
    int count = 0;
    int first[most_products + 1];  // the first block of each, and the number of blocks
    Product product[most_products];
};

// Returns whether our kernel computes it, with others in one launch.
bool is_small(const Product& product);
// Launches small products, all in the same precision.
void multiply_small(const char* name, const Product* products, int count);
// Launches a product by cuBLAS.
void multiply_large(const char* name, const Product& product);
// Launches one product, by our kernel or by cuBLAS.
void multiply(const char* name, const Product& product);

}  // namespace recircuit

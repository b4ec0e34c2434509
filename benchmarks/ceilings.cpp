// How fast this machine does the products of a presentation, and nothing else.
//
//   ceilings blocks  COLUMNS THREADS SECONDS POST,PRE,TIMES,LEARNS ...    each thread its part of the rows, by OpenBLAS
//   ceilings library COLUMNS THREADS SECONDS POST,PRE,TIMES,LEARNS ...    OpenBLAS with its own threads
//   ceilings read    1       THREADS SECONDS POST,PRE,TIMES,LEARNS ...    the weights are only read (and updated)
//   ceilings arithmetic COLUMNS THREADS SECONDS POST,PRE,TIMES,LEARNS ... as many multiplications and additions, in registers
//   ceilings stream  BYTES   THREADS SECONDS                              bytes a second, read from BYTES of memory
//
// The first four print presentations of COLUMNS a second. Threads do not wait for each other.
#include <cblas.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

using Vector = float __attribute__((vector_size(64)));
using Clock = std::chrono::steady_clock;

struct Product {
    int post, pre, times, learns;
};

float* zeros(std::size_t count) {
    const std::size_t bytes = (count * sizeof(float) + 1023) / 1024 * 1024;
    float* data = static_cast<float*>(std::aligned_alloc(1024, bytes));
    std::memset(data, 0, bytes);
    for (std::size_t k = 0; k < count; ++k) data[k] = 1e-3f * float(k % 17);
    return data;
}

std::atomic<int> sink{0};

// Reads count floats, a multiple of 128, as fast as it can.
void read(const float* data, std::size_t count) {
    const Vector* v = reinterpret_cast<const Vector*>(data);
    Vector sums[8] = {};
    for (std::size_t k = 0; k + 8 <= count / 16; k += 8)
        for (int j = 0; j < 8; ++j) sums[j] += v[k + j];
    Vector sum = sums[0];
    for (int j = 1; j < 8; ++j) sum += sums[j];
    if (sum[0] == 1234567.f) ++sink;
}

void add(float* data, std::size_t count, float factor) {
    Vector* v = reinterpret_cast<Vector*>(data);
    const Vector other = Vector{} + factor;
    for (std::size_t k = 0; k < count / 16; ++k) v[k] += other;
}

// So many multiplications with an addition, which wait neither for memory nor for each other.
void multiply_and_add(double count) {
#ifdef __AVX512F__
    constexpr int sums = 16;
#else
    constexpr int sums = 5;  // of two registers each, or more
#endif
    Vector sum[sums];
    for (int j = 0; j < sums; ++j) sum[j] = Vector{} + float(j);  // or else a compiler finds that they are all the same
    const Vector factor = Vector{} + 0.5f, term = Vector{} + 1.0f;
    for (long k = 0; k < long(count / (16 * sums)); ++k)
        for (int j = 0; j < sums; ++j) sum[j] = sum[j] * factor + term;
    for (int j = 1; j < sums; ++j) sum[0] += sum[j];
    if (sum[0][0] == 1234567.f) ++sink;
}

// The part of a product that one thread does, on memory of its own.
struct Part {
    Product product;
    int batch_size, rows;
    float *weights, *pre, *post;
    Part(Product p, int batch_size, int parts, int part) : product(p), batch_size(batch_size) {
        rows = p.post * (part + 1) / parts - p.post * part / parts;
        weights = zeros(std::size_t(rows) * p.pre);
        pre = zeros(std::size_t(batch_size) * p.pre);
        post = zeros(std::size_t(batch_size) * rows);
    }
    void by_blas() const {
        const int n = product.pre;
        if (rows == 0) return;
        if (product.learns && batch_size == 1) scipy_cblas_sger(CblasRowMajor, rows, n, 1e-9f, post, 1, pre, 1, weights, n);
        else if (product.learns)
            scipy_cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, rows, n, batch_size, 1e-9f, post, rows, pre, n, 1,
                              weights, n);
        else if (batch_size == 1) scipy_cblas_sgemv(CblasRowMajor, CblasNoTrans, rows, n, 1, weights, n, pre, 1, 0, post, 1);
        else
            scipy_cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, batch_size, rows, n, 1, pre, n, weights, n, 0, post,
                              rows);
    }
    void by_arithmetic() const { multiply_and_add(double(batch_size) * rows * product.pre); }
    void by_reading() const {
        const std::size_t count = std::size_t(rows) * product.pre;
        if (product.learns) add(weights, count, 1e-9f);
        else read(weights, count);
    }
};

using Work = void (Part::*)() const;

// Presentations a second of one thread's parts.
double rate(const std::vector<Part>& parts, Work work, double seconds) {
    int steps = 0;
    for (const Part& part : parts) steps = std::max(steps, part.product.times);
    const auto presentation = [&] {
        for (int step = 0; step < steps; ++step)
            for (const Part& part : parts)
                if (step < part.product.times) (part.*work)();
    };
    presentation();
    long count = 0;
    const auto begin = Clock::now();
    double took = 0;
    while (took < seconds) {
        presentation();
        ++count;
        took = std::chrono::duration<double>(Clock::now() - begin).count();
    }
    return count / took;
}

int main(int argc, char** argv) {
    if (argc < 5) return 2;
    const std::string kind = argv[1];
    const int threads = std::atoi(argv[3]);
    const double seconds = std::atof(argv[4]);
    const int parts = kind == "library" ? 1 : threads;
    scipy_openblas_set_num_threads(kind == "library" ? threads : 1);
    std::vector<double> rates(parts);
    std::vector<std::thread> running;
    for (int k = 0; k < parts; ++k)
        running.emplace_back([&, k] {
            std::vector<Part> mine;
            if (kind == "stream") {
                const int rows = int(std::atof(argv[2]) / sizeof(float) / 1024);
                mine.emplace_back(Product{rows, 1024, 1, 0}, 1, parts, k);
            }
            for (int a = 5; a < argc; ++a) {
                Product p{};
                if (std::sscanf(argv[a], "%d,%d,%d,%d", &p.post, &p.pre, &p.times, &p.learns) != 4) std::exit(2);
                mine.emplace_back(p, std::atoi(argv[2]), parts, k);
            }
            const Work work = kind == "arithmetic" ? &Part::by_arithmetic
                : kind == "read" || kind == "stream" ? &Part::by_reading : &Part::by_blas;
            rates[k] = rate(mine, work, seconds);
        });
    for (std::thread& thread : running) thread.join();
    double all = 0;
    for (double r : rates) all += r / parts;
    std::printf("%.6g\n", kind == "stream" ? all * std::atof(argv[2]) : all);
}

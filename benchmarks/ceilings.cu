// The matrix products of a presentation alone, by cuBLAS, replayed as a CUDA graph: what a GPU allows.
// ceilings COLUMNS SECONDS POST PRE TIMES LEARNS ...   prints presentations (of all batch_size) a second
#include <cublas_v2.h>
#include <cuda_runtime.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

struct Product {
    int post, pre, times, learns;
    float *weights, *signal, *field;
};

#define CHECK(call)                                                             \
    if (auto status = call) {                                                   \
        std::fprintf(stderr, "%s failed with status %d\n", #call, int(status)); \
        std::exit(1);                                                           \
    }

cudaStream_t stream;

// Uniform in [-.5, .5): products of zeros draw less power, and so run at a higher clock.
float* numbers(std::size_t count) {
    static std::uint32_t state = 1;
    std::vector<float> drawn(count);
    for (float& x : drawn) state = state * 1664525u + 1013904223u, x = (state >> 8) * 0x1p-24f - .5f;
    float* place = nullptr;
    CHECK(cudaMalloc((void**)&place, count * sizeof(float)));
    CHECK(cudaMemcpyAsync(place, drawn.data(), count * sizeof(float), cudaMemcpyHostToDevice, stream));
    CHECK(cudaStreamSynchronize(stream));
    return place;
}

int main(int argc, char** argv) {
    const int batch_size = std::atoi(argv[1]);
    const double seconds = std::atof(argv[2]);
    CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    std::vector<Product> products;
    for (int k = 3; k + 3 < argc; k += 4) {
        Product p{std::atoi(argv[k]), std::atoi(argv[k + 1]), std::atoi(argv[k + 2]), std::atoi(argv[k + 3])};
        p.weights = numbers(std::size_t(p.post) * p.pre);
        p.signal = numbers(std::size_t(batch_size) * p.pre);
        p.field = numbers(std::size_t(batch_size) * p.post);
        products.push_back(p);
    }
    cublasHandle_t cublas;
    CHECK(cublasCreate(&cublas));
    CHECK(cublasSetStream(cublas, stream));
    CHECK(cublasSetWorkspace(cublas, numbers(8 << 20), 32 << 20));
    const float one = 1, zero = 0;
    const auto presentation = [&] {
        for (const Product& p : products)
            for (int k = 0; k < p.times; ++k)
                if (p.learns) {
                    CHECK(cublasSgemm(cublas, CUBLAS_OP_N, CUBLAS_OP_T, p.pre, p.post, batch_size, &one, p.signal, p.pre,
                                      p.field, p.post, &one, p.weights, p.pre));
                } else {
                    CHECK(cublasSgemm(cublas, CUBLAS_OP_T, CUBLAS_OP_N, p.post, batch_size, p.pre, &one, p.weights, p.pre,
                                      p.signal, p.pre, &zero, p.field, p.post));
                }
    };
    presentation();
    CHECK(cudaStreamSynchronize(stream));
    cudaGraph_t graph;
    cudaGraphExec_t ready;
    CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    presentation();
    CHECK(cudaStreamEndCapture(stream, &graph));
    CHECK(cudaGraphInstantiate(&ready, graph, 0));
    long count = 0;
    double took = 0;
    for (long batch = 1; took < seconds; batch *= 2) {
        const auto begin = std::chrono::steady_clock::now();
        for (long k = 0; k < batch; ++k) CHECK(cudaGraphLaunch(ready, stream));
        CHECK(cudaStreamSynchronize(stream));
        took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(), count = batch;
    }
    std::printf("%.9g\n", count / took);
}

// As much of CUDA as the cuda backend uses, on the processor: for tests only.
//
// Kernels run thread by thread, forward or (CUDA_ON_CPU_ORDER=backward) backward, so that a result that depends on the
// order of threads is found. Device memory cannot be touched but by kernels, copies and cuBLAS: it is protected at all
// other times, so that host code which follows a device pointer dies; and it begins as NaN. A captured stream records
// instead of running, and keeps arguments by value, as a graph does. What CUDA forbids while capturing is an error here.
//
// CUDA_ON_CPU_MEMORY=N megabytes of device memory (256). CUDA_ON_CPU_FAIL=N: the Nth kernel from the start fails.
#pragma once
#include <math.h>
#include <sys/mman.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline

inline float cospi(float x) { return std::cos(float(M_PI) * x); }
#if !defined(__GLIBC__) || !__GLIBC_PREREQ(2, 42)
inline double cospi(double x) { return std::cos(M_PI * x); }
#endif

struct dim3 {
    unsigned x, y, z;
    dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};
inline dim3 threadIdx, blockIdx, blockDim, gridDim;

enum cudaError_t {
    cudaSuccess = 0,
    cudaErrorInvalidValue = 1,
    cudaErrorMemoryAllocation = 2,
    cudaErrorInvalidConfiguration = 9,
    cudaErrorIllegalAddress = 700,
    cudaErrorStreamCaptureUnsupported = 900
};
enum cudaMemcpyKind { cudaMemcpyHostToDevice = 1, cudaMemcpyDeviceToHost = 2 };
enum cudaStreamCaptureMode { cudaStreamCaptureModeGlobal, cudaStreamCaptureModeThreadLocal, cudaStreamCaptureModeRelaxed };
constexpr unsigned cudaStreamNonBlocking = 1;

namespace on_cpu {

using Work = std::function<void()>;
using Graph = std::vector<Work>;

inline std::size_t number(const char* name, std::size_t otherwise) {
    const char* given = std::getenv(name);
    return given ? std::strtoull(given, nullptr, 10) : otherwise;
}

[[noreturn]] inline void die(const char* why) {
    std::fprintf(stderr, "cuda on cpu: %s\n", why);
    std::abort();
}

// Device memory: one stretch, given out from its beginning, and open only while the device works.
struct Memory {
    std::size_t size = number("CUDA_ON_CPU_MEMORY", 256) << 20, used = 0;
    char* begin = nullptr;
    int open = 0;
    Memory() {
        void* place = mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (place == MAP_FAILED) die("no memory");
        begin = static_cast<char*>(place);
    }
    bool holds(const void* p) const { return p >= begin && p < begin + size; }
};
inline Memory memory;

struct Opened {
    Opened() {
        if (!memory.open++) mprotect(memory.begin, memory.size, PROT_READ | PROT_WRITE);
    }
    ~Opened() {
        if (!--memory.open) mprotect(memory.begin, memory.size, PROT_NONE);
    }
};

inline Graph* recording = nullptr;
inline std::size_t kernels = 0;
inline cudaError_t error = cudaSuccess;  // stays, as on a GPU

inline cudaError_t submit(Work work) {
    if (error) return error;
    if (recording) {
        recording->push_back(std::move(work));
    } else {
        Opened opened;
        work();
    }
    return error;
}

template <class T>
void expect_on_device(const T& argument) {
    if constexpr (std::is_pointer_v<T>)
        if (argument && !memory.holds(argument)) die("a kernel was given a pointer that is not to device memory");
}

}  // namespace on_cpu

struct cudaStream {};
using cudaStream_t = cudaStream*;
using cudaGraph_t = on_cpu::Graph*;
using cudaGraphExec_t = on_cpu::Graph*;

struct cudaLaunchConfig_t {
    dim3 gridDim, blockDim;
    std::size_t dynamicSmemBytes;
    cudaStream_t stream;
    void* attrs;
    unsigned numAttrs;
};

template <class... Expected, class... Given>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Expected...), Given&&... given) {
    const dim3 grid = config->gridDim, block = config->blockDim;
    if (!grid.x || !block.x || block.x > 1024 || grid.y != 1 || grid.z != 1 || block.y != 1 || block.z != 1)
        return cudaErrorInvalidConfiguration;
    if (!config->stream) on_cpu::die("a kernel on the default stream");
    auto arguments = std::make_tuple(Expected(given)...);
    return on_cpu::submit([=] {
        std::apply([](const auto&... each) { (on_cpu::expect_on_device(each), ...); }, arguments);
        if (++on_cpu::kernels == on_cpu::number("CUDA_ON_CPU_FAIL", 0)) {
            on_cpu::error = cudaErrorIllegalAddress;
            return;
        }
        static const char* order = std::getenv("CUDA_ON_CPU_ORDER");
        static const bool backward = order && !std::strcmp(order, "backward");
        gridDim = grid, blockDim = block;
        const std::size_t threads = std::size_t(grid.x) * block.x;
        for (std::size_t k = 0; k < threads; ++k) {
            const std::size_t thread = backward ? threads - 1 - k : k;
            blockIdx.x = unsigned(thread / block.x), threadIdx.x = unsigned(thread % block.x);
            std::apply(kernel, arguments);
        }
    });
}

inline cudaError_t refused_in_capture() { return on_cpu::recording ? cudaErrorStreamCaptureUnsupported : on_cpu::error; }

inline const char* cudaGetErrorString(cudaError_t error) {
    switch (error) {
        case cudaSuccess: return "no error";
        case cudaErrorMemoryAllocation: return "out of memory";
        case cudaErrorInvalidConfiguration: return "invalid configuration argument";
        case cudaErrorIllegalAddress: return "an illegal memory access was encountered";
        case cudaErrorStreamCaptureUnsupported: return "operation not permitted when stream is capturing";
        default: return "invalid argument";
    }
}
inline cudaError_t cudaGetLastError() { return on_cpu::error; }
inline cudaError_t cudaSetDevice(int) { return cudaSuccess; }
inline cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
    *free = on_cpu::memory.size - on_cpu::memory.used, *total = on_cpu::memory.size;
    return refused_in_capture();
}
inline cudaError_t cudaMalloc(void** place, std::size_t bytes) {
    if (auto refused = refused_in_capture()) return refused;
    bytes = (bytes + 255) & ~std::size_t(255);
    if (on_cpu::memory.used + bytes > on_cpu::memory.size) return cudaErrorMemoryAllocation;
    *place = on_cpu::memory.begin + on_cpu::memory.used;
    on_cpu::memory.used += bytes;
    on_cpu::Opened opened;
    std::memset(*place, 0xff, bytes);
    return cudaSuccess;
}
inline cudaError_t cudaFree(void*) { return refused_in_capture(); }  // nothing is given out twice
inline cudaError_t cudaMemsetAsync(void* place, int value, std::size_t bytes, cudaStream_t) {
    return on_cpu::submit([=] { std::memset(place, value, bytes); });
}
inline cudaError_t cudaMemset(void* place, int value, std::size_t bytes) { return cudaMemsetAsync(place, value, bytes, nullptr); }
inline cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t) {
    if (auto refused = refused_in_capture()) return refused;  // allowed there, but never meant
    if (on_cpu::memory.holds(to) != (kind == cudaMemcpyHostToDevice) && bytes) return cudaErrorInvalidValue;
    if (on_cpu::memory.holds(from) != (kind == cudaMemcpyDeviceToHost) && bytes) return cudaErrorInvalidValue;
    on_cpu::Opened opened;
    std::memcpy(to, from, bytes);
    return on_cpu::error;
}
inline cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
    *stream = new cudaStream;
    return cudaSuccess;
}
inline cudaError_t cudaStreamSynchronize(cudaStream_t) { return refused_in_capture(); }

inline cudaError_t cudaStreamBeginCapture(cudaStream_t, cudaStreamCaptureMode) {
    if (auto refused = refused_in_capture()) return refused;
    on_cpu::recording = new on_cpu::Graph;
    return cudaSuccess;
}
inline cudaError_t cudaStreamEndCapture(cudaStream_t, cudaGraph_t* graph) {
    *graph = std::exchange(on_cpu::recording, nullptr);
    return on_cpu::error;
}
inline cudaError_t cudaGraphInstantiate(cudaGraphExec_t* ready, cudaGraph_t graph, unsigned long long) {
    *ready = new on_cpu::Graph(*graph);
    return cudaSuccess;
}
inline cudaError_t cudaGraphLaunch(cudaGraphExec_t graph, cudaStream_t) {
    on_cpu::Opened opened;
    for (const auto& work : *graph)
        if (!on_cpu::error) work();
    return on_cpu::error;
}
inline cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
    delete graph;
    return cudaSuccess;
}
inline cudaError_t cudaGraphExecDestroy(cudaGraphExec_t graph) { return cudaGraphDestroy(graph); }

// As much of CUDA as the cuda backend uses, on the processor: for tests only.
//
// Kernels run thread by thread, in the order that CUDA_ON_CPU_ORDER names (forward, backward, strided, shuffled), so that a
// result that depends on the order of threads is found; where threads of a block wait for each other, see threads.h. Device memory cannot be touched but by kernels, copies and cuBLAS:
// it is protected at all other times, so that host code which follows a device pointer dies; and the first megabyte of an
// allocation begins as NaN. Every allocation lies between two pages that nobody may touch: its end is at the second one or,
// with CUDA_ON_CPU_SIDE=begin, its begin at the first; and nobody may touch it after it is freed. A captured stream records
// instead of running, and keeps arguments by value, as a graph does. What CUDA forbids while capturing is an error here.
//
// Streams are followed at once; with CUDA_ON_CPU_STREAMS=N, what streams and graphs allow to run in several orders runs in one
// that is drawn, with the seed N. CUDA_ON_CPU_GRAPH=FILE: the numbers of nodes and edges of each graph are added to it.
//
// CUDA_ON_CPU_BARRIERS=FILE: how often the blocks of each launch that is made together have waited for each other, how many
// blocks there are, and how many bytes of shared memory each has asked for, a line each.
// CUDA_ON_CPU_COPIES=FILE: the bytes of each copy to the device are added to it, a line each.
//
// CUDA_ON_CPU_PROCESSORS=N multiprocessors (2). CUDA_ON_CPU_SHARED=N kilobytes of shared memory of each (227). CUDA_ON_CPU_MEMORY=N megabytes of device memory (256). CUDA_ON_CPU_FAIL=N: the Nth kernel from the start fails.
// CUDA_ON_CPU_HANG=N: it never ends. CUDA_ON_CPU_START=N: the device cannot be used, which is the error N.
// CUDA_ON_CPU_COOPERATIVE=0: blocks cannot be launched together.
#pragma once
#include <math.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __shared__ thread_local
#define __align__(bytes) __attribute__((aligned(bytes)))

inline float cospi(float x) { return std::cos(float(M_PI) * x); }
#if !defined(__GLIBC__) || !__GLIBC_PREREQ(2, 42)
inline double cospi(double x) { return std::cos(M_PI * x); }
#endif

struct dim3 {
    unsigned x, y, z;
    dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};
inline dim3 threadIdx, blockIdx, blockDim, gridDim;

#include "threads.h"

enum cudaError_t {
    cudaSuccess = 0,
    cudaErrorInvalidValue = 1,
    cudaErrorMemoryAllocation = 2,
    cudaErrorInvalidConfiguration = 9,
    cudaErrorInsufficientDriver = 35,
    cudaErrorDevicesUnavailable = 46,
    cudaErrorNoKernelImageForDevice = 209,
    cudaErrorECCUncorrectable = 214,
    cudaErrorUnsupportedPtxVersion = 222,
    cudaErrorIllegalAddress = 700,
    cudaErrorLaunchTimeout = 702,
    cudaErrorCooperativeLaunchTooLarge = 720,
    cudaErrorSystemNotReady = 802,
    cudaErrorStreamCaptureUnsupported = 900,
    cudaErrorStreamCaptureUnjoined = 904
};
enum cudaMemcpyKind { cudaMemcpyHostToDevice = 1, cudaMemcpyDeviceToHost = 2 };
enum cudaStreamCaptureMode { cudaStreamCaptureModeGlobal, cudaStreamCaptureModeThreadLocal, cudaStreamCaptureModeRelaxed };
constexpr unsigned cudaStreamNonBlocking = 1, cudaEventDisableTiming = 2;

namespace on_cpu {

using Work = std::function<void()>;
using Places = std::set<std::size_t>;
// A node of a graph, and those that have to be done before it.
struct GraphNode {
    Work work;
    Places after;
};
using Graph = std::vector<GraphNode>;

inline std::size_t number(const char* name, std::size_t otherwise) {
    const char* given = std::getenv(name);
    return given ? std::strtoull(given, nullptr, 10) : otherwise;
}

// Multiprocessors, of which each holds one block at a time.
inline std::size_t processors() { return number("CUDA_ON_CPU_PROCESSORS", 2); }

constexpr std::size_t page = 4096;

// An allocation: its pages, which are open while the device works, and where in them it lies.
struct Block {
    char* pages;
    std::size_t length, bytes;
    char* data() const {
        static const char* side = std::getenv("CUDA_ON_CPU_SIDE");
        if (side && !std::strcmp(side, "begin")) return pages;
        const std::size_t aligned = std::min<std::size_t>(16, bytes & -bytes);  // what divides its size, as its items do
        return pages + (length - bytes) / aligned * aligned;
    }
    void protect(int how) const {
        if (mprotect(pages, length, how)) die("mprotect");
    }
};

// Device memory: one stretch of addresses, given out from its beginning and never twice.
struct Memory {
    std::size_t size = number("CUDA_ON_CPU_MEMORY", 256) << 20, used = 0, span = (2 * size) + (std::size_t(1) << 30);
    char *begin = nullptr, *next = nullptr;
    int open = 0;
    std::vector<Block> blocks;
    Memory() {
        void* place = mmap(nullptr, span, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (place == MAP_FAILED) die("no memory");
        begin = next = static_cast<char*>(place);
    }
    bool holds(const void* p) const { return p >= begin && p < begin + span; }
    // Of pages between two that stay closed; nullptr if there is not so much.
    void* take(std::size_t bytes) {
        const std::size_t length = (bytes + page - 1) / page * page;
        if (used + bytes > size || next + length + 2 * page > begin + span) return nullptr;
        blocks.push_back({next + page, length, bytes});
        next += length + page;
        used += bytes;
        const Block& block = blocks.back();
        block.protect(PROT_READ | PROT_WRITE);
        std::memset(block.pages, 0xff, std::min<std::size_t>(length, 1 << 20));  // pages that exist take long to protect
        if (!open) block.protect(PROT_NONE);
        return block.data();
    }
    void give_back(void* data) {
        if (!data) return;
        for (std::size_t k = 0; k < blocks.size(); ++k)
            if (blocks[k].data() == data) {
                blocks[k].protect(PROT_NONE);
                used -= blocks[k].bytes;
                blocks.erase(blocks.begin() + k);
                return;
            }
        die("cudaFree of what is not allocated");
    }
};
inline Memory memory;

struct Opened {
    Opened() {
        if (!memory.open++)
            for (const Block& block : memory.blocks) block.protect(PROT_READ | PROT_WRITE);
    }
    ~Opened() {
        if (!--memory.open)
            for (const Block& block : memory.blocks) block.protect(PROT_NONE);
    }
};

inline Graph* recording = nullptr;
inline std::size_t kernels = 0;
inline cudaError_t error = cudaSuccess;  // stays, as on a GPU

}  // namespace on_cpu

// What waits to be done, each with a test of whether it can be yet; in a capture, after which nodes the next one comes.
struct cudaStream {
    std::deque<std::pair<std::function<bool()>, on_cpu::Work>> queue;
    bool capturing = false;
    on_cpu::Places tail;
};
struct cudaEvent {
    std::size_t recorded = 0, reached = 0;
    bool captured = false;
    on_cpu::Places tail;
};
using cudaStream_t = cudaStream*;
using cudaEvent_t = cudaEvent*;

namespace on_cpu {

inline std::vector<cudaStream_t>& streams = *new std::vector<cudaStream_t>;
inline bool shuffled() {
    static const bool found = std::getenv("CUDA_ON_CPU_STREAMS");
    return found;
}
inline std::size_t drawn(std::size_t count) {
    static std::mt19937_64 drawing(number("CUDA_ON_CPU_STREAMS", 0));
    return drawing() % count;
}

inline void carry_out(const Work& work) {
    if (!error) work();
}

// All that streams have to do, in one of the orders that are allowed.
inline void drain() {
    if (!shuffled()) return;  // everything is done
    Opened opened;
    for (;;) {
        std::vector<cudaStream_t> able;
        bool some = false;
        for (cudaStream_t stream : streams) {
            some = some || !stream->queue.empty();
            if (!stream->queue.empty() && stream->queue.front().first()) able.push_back(stream);
        }
        if (!some) return;
        if (able.empty()) die("streams that wait for each other");
        cudaStream_t stream = able[drawn(able.size())];
        const Work work = std::move(stream->queue.front().second);
        stream->queue.pop_front();
        carry_out(work);
    }
}

inline void add(cudaStream_t stream, Work work, std::function<bool()> can = [] { return true; }) {
    if (shuffled()) stream->queue.emplace_back(std::move(can), std::move(work));
    else carry_out(work);
}

inline cudaError_t submit(cudaStream_t stream, Work given) {
    if (error) return error;
    Work work = [given = std::move(given)] {
        Opened opened;
        given();
    };
    if (!recording) {
        add(stream, std::move(work));
        return error;
    }
    if (!stream->capturing) die("work on a stream that is not captured, while another one is");
    recording->push_back({std::move(work), stream->tail});
    stream->tail = {recording->size() - 1};
    return error;
}

// Every node, in one of the orders that its edges allow.
inline void follow(const Graph& graph) {
    Opened opened;
    std::vector<std::size_t> left;
    std::vector<bool> done(graph.size());
    for (std::size_t k = 0; k < graph.size(); ++k) left.push_back(k);
    while (!left.empty()) {
        std::vector<std::size_t> able;
        for (std::size_t k = 0; k < left.size() && (shuffled() || able.empty()); ++k) {
            const Places& after = graph[left[k]].after;
            if (std::all_of(after.begin(), after.end(), [&](std::size_t n) { return done[n]; })) able.push_back(k);
        }
        const std::size_t k = able[shuffled() ? drawn(able.size()) : 0];
        carry_out(graph[left[k]].work);
        done[left[k]] = true;
        left.erase(left.begin() + k);
    }
}

// Whether everything that was captured comes before the end of the stream that began.
inline bool joined(const Graph& graph, const Places& tail) {
    Places reached = tail;
    for (std::size_t k = graph.size(); k-- > 0;)
        if (reached.count(k)) reached.insert(graph[k].after.begin(), graph[k].after.end());
    return reached.size() == graph.size();
}

// Bytes of shared memory of a block: what it may have at most, and what it may ask for when it is launched.
inline std::size_t shared_memory() { return number("CUDA_ON_CPU_SHARED", most_dynamic >> 10) << 10; }
constexpr std::size_t static_shared = 32 << 10;  // as much has a kernel by itself, it is said
inline std::map<const void*, std::size_t>& opted_in = *new std::map<const void*, std::size_t>;

inline cudaError_t refuse_dynamic(const void* kernel, std::size_t bytes) {
    const auto found = opted_in.find(kernel);
    const std::size_t most = found == opted_in.end() ? (48 << 10) - static_shared : found->second;
    return bytes > most ? cudaErrorInvalidValue : cudaSuccess;
}

template <class T>
void expect_on_device(const T& argument) {
    if constexpr (std::is_pointer_v<T>)
        if (argument && !memory.holds(argument)) die("a kernel was given a pointer that is not to device memory");
}

}  // namespace on_cpu

using cudaGraph_t = on_cpu::Graph*;
using cudaGraphExec_t = on_cpu::Graph*;

enum cudaLaunchAttributeID { cudaLaunchAttributeCooperative = 2 };
union cudaLaunchAttributeValue {
    int cooperative;
};
struct cudaLaunchAttribute {
    cudaLaunchAttributeID id;
    cudaLaunchAttributeValue val;
};
struct cudaLaunchConfig_t {
    dim3 gridDim, blockDim;
    std::size_t dynamicSmemBytes;
    cudaStream_t stream;
    cudaLaunchAttribute* attrs;
    unsigned numAttrs;
};

template <class... Expected, class... Given>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Expected...), Given&&... given) {
    const dim3 grid = config->gridDim, block = config->blockDim;
    if (!grid.x || !block.x || block.x > 1024 || grid.y != 1 || grid.z != 1 || block.y != 1 || block.z != 1)
        return cudaErrorInvalidConfiguration;
    if (!config->stream) on_cpu::die("a kernel on the default stream");
    if (auto refused = on_cpu::refuse_dynamic(reinterpret_cast<const void*>(kernel), config->dynamicSmemBytes)) return refused;
    const std::size_t dynamic = config->dynamicSmemBytes;
    const bool together = config->numAttrs && config->attrs->val.cooperative;  // blocks that wait for each other
    if (together && grid.x > on_cpu::processors()) return cudaErrorCooperativeLaunchTooLarge;
    auto arguments = std::make_tuple(Expected(given)...);
    return on_cpu::submit(config->stream, [=] {
        std::apply([](const auto&... each) { (on_cpu::expect_on_device(each), ...); }, arguments);
        if (++on_cpu::kernels == on_cpu::number("CUDA_ON_CPU_FAIL", 0)) {
            on_cpu::error = cudaErrorIllegalAddress;
            return;
        }
        if (on_cpu::kernels == on_cpu::number("CUDA_ON_CPU_HANG", 0))
            for (;;) pause();
        gridDim = grid, blockDim = block;
        const auto key = reinterpret_cast<const void*>(kernel);
        const std::function<void()> thread = [&] { std::apply(kernel, arguments); };
        together ? on_cpu::run_grid(grid.x, block.x, dynamic, thread) : on_cpu::run_threads(key, grid.x, block.x, thread);
    });
}

inline cudaError_t refused_in_capture() { return on_cpu::recording ? cudaErrorStreamCaptureUnsupported : on_cpu::error; }

inline const char* cudaGetErrorString(cudaError_t error) {
    switch (error) {
        case cudaSuccess: return "no error";
        case cudaErrorMemoryAllocation: return "out of memory";
        case cudaErrorDevicesUnavailable: return "CUDA-capable device(s) is/are busy or unavailable";
        case cudaErrorInvalidConfiguration: return "invalid configuration argument";
        case cudaErrorIllegalAddress: return "an illegal memory access was encountered";
        case cudaErrorStreamCaptureUnjoined: return "capturing stream has unjoined work";
        case cudaErrorStreamCaptureUnsupported: return "operation not permitted when stream is capturing";
        default: return "invalid argument";
    }
}
enum cudaDeviceAttr {
    cudaDevAttrMultiProcessorCount = 16,
    cudaDevAttrCooperativeLaunch = 95,
    cudaDevAttrMaxSharedMemoryPerBlockOptin = 97
};
inline cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr what, int) {
    *value = int(what == cudaDevAttrMultiProcessorCount  ? on_cpu::processors()
                 : what == cudaDevAttrCooperativeLaunch ? on_cpu::number("CUDA_ON_CPU_COOPERATIVE", 1)
                                                        : on_cpu::shared_memory());
    return on_cpu::error;
}
struct cudaFuncAttributes {
    std::size_t sharedSizeBytes;
};
enum cudaFuncAttribute { cudaFuncAttributeMaxDynamicSharedMemorySize = 8 };
inline cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* found, const void*) {
    found->sharedSizeBytes = on_cpu::static_shared;
    return on_cpu::error;
}
inline cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute, int bytes) {
    if (bytes < 0 || bytes + on_cpu::static_shared > on_cpu::shared_memory()) return cudaErrorInvalidValue;
    on_cpu::opted_in[kernel] = std::size_t(bytes);
    return on_cpu::error;
}
template <class Kernel>
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, Kernel kernel, int, std::size_t dynamic) {
    *blocks = !on_cpu::refuse_dynamic(reinterpret_cast<const void*>(kernel), dynamic);
    return on_cpu::error;
}
inline cudaError_t cudaGetLastError() { return on_cpu::error; }
inline cudaError_t cudaSetDevice(int) { return cudaError_t(on_cpu::number("CUDA_ON_CPU_START", cudaSuccess)); }
inline cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
    *free = on_cpu::memory.size - on_cpu::memory.used, *total = on_cpu::memory.size;
    return refused_in_capture();
}
inline cudaError_t cudaMalloc(void** place, std::size_t bytes) {
    if (auto refused = refused_in_capture()) return refused;
    *place = on_cpu::memory.take(bytes);
    return *place ? cudaSuccess : cudaErrorMemoryAllocation;
}
inline cudaError_t cudaFree(void* place) {
    if (auto refused = refused_in_capture()) return refused;
    on_cpu::memory.give_back(place);
    return cudaSuccess;
}
inline cudaError_t cudaMemsetAsync(void* place, int value, std::size_t bytes, cudaStream_t stream) {
    return on_cpu::submit(stream, [=] { std::memset(place, value, bytes); });
}
inline cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t) {
    if (auto refused = refused_in_capture()) return refused;  // allowed there, but never meant
    if (on_cpu::memory.holds(to) != (kind == cudaMemcpyHostToDevice) && bytes) return cudaErrorInvalidValue;
    if (on_cpu::memory.holds(from) != (kind == cudaMemcpyDeviceToHost) && bytes) return cudaErrorInvalidValue;
    on_cpu::drain();
    on_cpu::Opened opened;
    std::memcpy(to, from, bytes);
    if (const char* file = std::getenv("CUDA_ON_CPU_COPIES"); file && kind == cudaMemcpyHostToDevice)
        std::ofstream(file, std::ios::app) << bytes << std::endl;
    return on_cpu::error;
}
inline cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
    if (auto refused = refused_in_capture()) return refused;
    on_cpu::streams.push_back(*stream = new cudaStream);
    return cudaSuccess;
}
inline cudaError_t cudaStreamSynchronize(cudaStream_t) {
    if (!on_cpu::recording) on_cpu::drain();
    return refused_in_capture();
}
inline cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
    if (auto refused = refused_in_capture()) return refused;
    *event = new cudaEvent;
    return cudaSuccess;
}
inline cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
    event->captured = stream->capturing, event->tail = stream->tail;
    if (event->captured) return on_cpu::error;
    const std::size_t count = ++event->recorded;
    on_cpu::add(stream, [=] { event->reached = count; });
    return on_cpu::error;
}
inline cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
    if (event->captured != (on_cpu::recording != nullptr)) return cudaErrorStreamCaptureUnsupported;
    if (event->captured) {
        stream->capturing = true;
        stream->tail.insert(event->tail.begin(), event->tail.end());
        return on_cpu::error;
    }
    const std::size_t count = event->recorded;
    on_cpu::add(stream, [] {}, [=] { return event->reached >= count; });
    return on_cpu::error;
}

inline cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
    if (auto refused = refused_in_capture()) return refused;
    on_cpu::recording = new on_cpu::Graph;
    stream->capturing = true;
    return cudaSuccess;
}
inline cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
    *graph = std::exchange(on_cpu::recording, nullptr);
    const bool joined = on_cpu::joined(**graph, stream->tail);
    for (cudaStream_t one : on_cpu::streams) one->capturing = false, one->tail.clear();
    return joined ? on_cpu::error : cudaErrorStreamCaptureUnjoined;
}
inline cudaError_t cudaGraphInstantiate(cudaGraphExec_t* ready, cudaGraph_t graph, unsigned long long) {
    *ready = new on_cpu::Graph(*graph);
    if (const char* file = std::getenv("CUDA_ON_CPU_GRAPH")) {
        std::size_t edges = 0;
        for (const auto& node : *graph) edges += node.after.size();
        std::ofstream(file, std::ios::app) << graph->size() << " " << edges << std::endl;
    }
    return cudaSuccess;
}
inline cudaError_t cudaGraphLaunch(cudaGraphExec_t graph, cudaStream_t stream) {
    on_cpu::add(stream, [=] { on_cpu::follow(*graph); });
    return on_cpu::error;
}
inline cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
    on_cpu::drain();
    delete graph;
    return cudaSuccess;
}
inline cudaError_t cudaGraphExecDestroy(cudaGraphExec_t graph) { return cudaGraphDestroy(graph); }

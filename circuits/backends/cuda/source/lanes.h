// The streams on which a presentation runs, each with a cuBLAS of its own.
#pragma once
#include <cublas_v2.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "memory.h"
#include "plan.h"

namespace recircuit {

void check(cublasStatus_t result, const char* what, const char* file = __builtin_FILE(), int line = __builtin_LINE());

// Returns whether products of single precision use the coarse factors of TF32.
inline bool coarse() {
    static const char* matmul = std::getenv("RECIRCUIT_MATMUL");
    return matmul && !std::strcmp(matmul, "tf32");
}

// The workspace is allocated here, so that the bits are the same every time, and nothing is allocated in a capture. It has the
// same size on all streams, since cuBLAS chooses its method by this size.
struct Lane {
    cudaStream_t stream = nullptr;
    cublasHandle_t cublas = nullptr;
    Memory workspace;
};
inline std::vector<std::unique_ptr<Lane>>& made_lanes = *new std::vector<std::unique_ptr<Lane>>;
inline int current_lane = 0;
inline cublasHandle_t cublas() { return made_lanes[current_lane]->cublas; }

inline void make_lanes() {
    const char* what = "starting the GPU";
    const std::size_t workspace = 32 << 20;
    while (made_lanes.size() < lanes) {
        std::unique_ptr<Lane> lane(new Lane);
        check(cudaStreamCreateWithFlags(&lane->stream, cudaStreamNonBlocking), what);
        check(cublasCreate(&lane->cublas), what);
        check(cublasSetStream(lane->cublas, lane->stream), what);
        lane->workspace.resize(workspace, "the workspace of cuBLAS");
        check(cublasSetWorkspace(lane->cublas, lane->workspace.as<void>(), workspace), what);
        check(cublasSetMathMode(lane->cublas, coarse() ? CUBLAS_TF32_TENSOR_OP_MATH : CUBLAS_DEFAULT_MATH), what);
        made_lanes.push_back(std::move(lane));
    }
}

// One event for the beginning of a presentation, and one for each node for which others wait.
inline std::vector<cudaEvent_t>& events = *new std::vector<cudaEvent_t>;

inline void add_events(std::size_t count) {
    while (events.size() < count) {
        events.emplace_back();
        check(cudaEventCreateWithFlags(&events.back(), cudaEventDisableTiming), "a presentation");
    }
}

}  // namespace recircuit

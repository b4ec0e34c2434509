// The streams on which a presentation runs, each with a cuBLAS of its own, and how its plan is followed on them.
#pragma once
#include <cublas_v2.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "memory.h"
#include "plan.h"

namespace recircuit {

void check(cublasStatus_t result, const char* what);

// Whether products of single precision have the coarse factors of TF32.
inline bool coarse() {
    static const char* matmul = std::getenv("RECIRCUIT_MATMUL");
    return matmul && !std::strcmp(matmul, "tf32");
}

// The workspace is of our own: the same bits every time, and nothing to allocate in a capture. It has the same size on all
// streams, since cuBLAS chooses what it does by it.
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

// One for the beginning of a presentation, and one for each node that others wait for.
inline std::vector<cudaEvent_t>& events = *new std::vector<cudaEvent_t>;

inline void add_events(std::size_t count) {
    while (events.size() < count) {
        events.emplace_back();
        check(cudaEventCreateWithFlags(&events.back(), cudaEventDisableTiming), "a presentation");
    }
}

inline void run_alone(const Work& work) {
    if (work.is_product()) return multiply(work.name, work.product());
    work.is_job() ? launch_job(work.name, work.job.number, work.job.things) : work.launch();
}

// The launches of a presentation, in an order in which they can be given.
struct Plan {
    std::vector<Work> works;
    std::vector<Node> nodes;
    std::vector<std::size_t> event;  // of each node, if a node of another stream or the end waits for it; otherwise 0
    std::vector<std::size_t> last;   // nodes: of each other stream that is used

    explicit Plan(std::vector<Work> given) : works(std::move(given)) {
        const auto before = dependencies(works);
        nodes = in_launches(works, before);
        lay_out(nodes, before);
        event.assign(nodes.size(), 0);
        std::size_t count = 1;
        const auto await = [&](std::size_t node) {
            if (!event[node]) event[node] = count++;
        };
        std::vector<long> ends(lanes, -1);
        for (std::size_t n = 0; n < nodes.size(); ++n) {
            for (const std::size_t other : nodes[n].waits) await(other);
            ends[nodes[n].lane] = long(n);
        }
        for (int lane = 1; lane < lanes; ++lane)
            if (ends[lane] >= 0) last.push_back(ends[lane]), await(ends[lane]);
        add_events(count);
    }
};

inline void launch_node(const Plan& plan, const Node& node) {
    const Work& first = plan.works[node.works[0]];
    if (node.works.size() == 1) return run_alone(first);
    if (first.is_product()) {
        std::vector<Product> products;
        for (const std::size_t work : node.works) products.push_back(plan.works[work].product());
        return multiply_small("several products", products.data(), int(products.size()));
    }
    Jobs jobs;
    for (const std::size_t work : node.works) add_job(jobs, plan.works[work].job);
    launch_jobs("several kernels", jobs);
}

inline void wait_for(cudaEvent_t event) { check(cudaStreamWaitEvent(stream(), event, 0), "a presentation"); }

// All begin after what came before on the first stream, and what comes next on it begins after all.
inline void follow(const Plan& plan) {
    const char* what = "a presentation";
    check(cudaEventRecord(events[0], stream()), what);
    std::vector<bool> begun(lanes, false);
    for (std::size_t n = 0; n < plan.nodes.size(); ++n) {
        const Node& node = plan.nodes[n];
        current_lane = node.lane;
        if (node.lane && !begun[node.lane] && node.waits.empty()) wait_for(events[0]);
        begun[node.lane] = true;
        for (const std::size_t other : node.waits) wait_for(events[plan.event[other]]);
        launch_node(plan, node);
        if (plan.event[n]) check(cudaEventRecord(events[plan.event[n]], stream()), what);
    }
    current_lane = 0;
    for (const std::size_t n : plan.last) wait_for(events[plan.event[n]]);
}

}  // namespace recircuit

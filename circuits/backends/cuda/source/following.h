// The execution of a presentation's plan on the streams.
#pragma once
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "lanes.h"
#include "multiply.h"
#include "plan.h"
#include "walks.h"

namespace recircuit {

inline void run_alone(const Work& work) {
    if (work.is_product()) return multiply(work.name, work.product());
    work.is_job() ? launch_job(work.name, work.job.number, work.job.things) : work.launch();
}

// The launches of a presentation, in an order in which they can be given.
struct Plan {
    std::vector<Work> works;
    std::vector<Node> nodes;
    std::vector<std::size_t> event;  // for each node, if a node of another stream or the end waits for it; otherwise 0
    std::vector<std::size_t> last;   // the last node of each other stream that is used
    std::map<std::pair<const Node*, int>, std::unique_ptr<Script>> scripts;  // scripts of walks, by the number of active elements

    explicit Plan(std::vector<Work> given) : works(std::move(given)) {
        const auto before = dependencies(works);
        nodes = in_launches(works, before);
        if (walks) nodes = with_walks(nodes, works, before);
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

// Writes the script of a walk into device memory the first time, since no capture allows this.
inline void walk(Plan& plan, const Node& node) {
    auto& script = plan.scripts[{&node, active}];
    if (!script) script.reset(new Script(node, plan.works));
    launch_walk("a walk through a presentation", script->walk);
}

inline void launch_node(Plan& plan, const Node& node) {
    if (!node.stages.empty()) return walk(plan, node);
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

// Work after a presentation is on the first stream, also if the presentation failed.
struct BackToFirstLane {
    ~BackToFirstLane() { current_lane = 0; }
};

// All streams begin after earlier work on the first stream, and later work on it begins after all streams.
inline void follow(Plan& plan) {
    const char* what = "a presentation";
    const BackToFirstLane back;
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

// Which launches of a plan become a walk (walk.h), and what it does for so many batch elements.
#pragma once
#include <algorithm>
#include <vector>

#include "memory.h"
#include "multiply.h"
#include "plan.h"
#include "walk.h"

namespace recircuit {

inline bool can_be_walked(const Work& work) { return kind_of(work) || work.clock.ticks; }

// The steps of a walk through these nodes: a new one begins where something depends on what is in the one before.
inline std::vector<std::vector<std::size_t>> in_steps(const std::vector<Node>& nodes, std::size_t first, std::size_t last,
                                                      const std::vector<std::vector<std::size_t>>& before) {
    std::vector<std::vector<std::size_t>> steps(1);
    for (std::size_t n = first; n < last; ++n) {
        const auto depends = [&](std::size_t work) {
            return std::any_of(before[work].begin(), before[work].end(), [&](std::size_t other) {
                return std::count(steps.back().begin(), steps.back().end(), other) != 0;
            });
        };
        const auto& works = nodes[n].works;
        if (std::any_of(works.begin(), works.end(), depends)) steps.emplace_back();
        steps.back().insert(steps.back().end(), works.begin(), works.end());
    }
    return steps;
}

// The nodes of a plan, of which those that follow each other and can be walked are one.
inline std::vector<Node> with_walks(const std::vector<Node>& nodes, const std::vector<Work>& works,
                                    const std::vector<std::vector<std::size_t>>& before) {
    std::vector<Node> found;
    for (std::size_t n = 0; n < nodes.size();) {
        std::size_t end = n;
        while (end < nodes.size() && can_be_walked(works[nodes[end].works[0]])) ++end;
        if (end < n + 2) {
            found.push_back(nodes[n++]);
            continue;
        }
        Node walk;
        walk.steps = in_steps(nodes, n, end, before);
        for (const auto& step : walk.steps) walk.works.insert(walk.works.end(), step.begin(), step.end());
        found.push_back(std::move(walk));
        n = end;
    }
    return found;
}

inline Share share_of(const Work& work) {
    if (work.is_product()) {
        const Product product = work.product();
        return {Share::PRODUCT, blocks_of(product), {}, product, {}};
    }
    if (work.is_job()) return {work.job.things ? Share::EACH : Share::ALONE, blocks_of(work.job), work.job, {}, {}};
    return {Share::CLOCK, 1, {}, {}, work.clock};
}

// A walk in device memory, as it is for the batch elements that are active now.
class Script {
  public:
    Script(const Node& node, const std::vector<Work>& works) {
        const char* what = "a walk through a presentation";
        std::vector<Share> shares;
        std::vector<Step> steps;
        int most = 1;
        for (const auto& step : node.steps) {
            int parts = 0;
            const int first = int(shares.size());
            for (const std::size_t work : step) shares.push_back(share_of(works[work])), parts += shares.back().parts;
            steps.push_back({first, int(shares.size()), parts});
            most = std::max(most, parts);
        }
        shares_.resize(shares.size() * sizeof(Share), what);
        steps_.resize(steps.size() * sizeof(Step), what);
        upload(shares_.as<void>(), shares.data(), shares.size() * sizeof(Share), what);
        upload(steps_.as<void>(), steps.data(), steps.size() * sizeof(Step), what);
        walk = {steps_.as<Step>(), shares_.as<Share>(), int(steps.size()), most};
    }
    Walk walk;

  private:
    Memory shares_, steps_;
};

}  // namespace recircuit

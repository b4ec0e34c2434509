// The plan of a presentation: which work has to wait for other work, which jobs become one launch, and on which of a few streams
// each launch is. The plan does not depend on what the work computes.
#pragma once
#include <algorithm>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "jobs.h"
#include "products.h"
#include "walk.h"

namespace recircuit {

constexpr int lanes = 4;  // streams

// A launch, product or job, and the places in device memory that it reads and writes.
struct Work {
    const char* name;
    std::function<void()> launch;  // empty for a job and for a product
    Job job;
    std::vector<const void*> reads, writes;
    Product (*product)() = nullptr;
    bool small = false;  // for a product: whether others may share its launch
    Clock clock;         // the movement of the clock
    std::vector<const void*> own;  // for a job, as in pieces.h
    bool is_product() const { return product; }
    bool is_job() const { return !launch && !product; }
};

// Products of which a block computes the same tile, and jobs that work on the items of this tile.
struct Tiles {
    std::vector<std::size_t> products, jobs;
};

// A step of a walk: work that is done by itself, and work that is done tile by tile. Some arrays have two copies: products read
// one of them, which is the array before the step; threads that write the array also write the other copy.
struct WalkStage {
    std::vector<std::size_t> works;
    std::vector<Tiles> tiles;
    std::map<const void*, int> seen, copied;
};

// A node: the work of one launch.
struct Node {
    std::vector<std::size_t> works;
    std::vector<WalkStage> stages;                  // for a walk
    std::map<const void*, std::size_t> copied;  // for a walk: arrays that have copies, and their numbers of items
    int lane = 0;
    std::vector<std::size_t> waits;  // the nodes on other streams for which it waits
};

// For each work, the earlier work that must be done first: writers of what it reads or writes, and readers of what it writes.
inline std::vector<std::vector<std::size_t>> dependencies(const std::vector<Work>& works) {
    struct Seen {
        std::vector<std::size_t> writer, readers;  // since the last write
    };
    std::map<const void*, Seen> seen;
    std::vector<std::vector<std::size_t>> found(works.size());
    for (std::size_t k = 0; k < works.size(); ++k) {
        auto& mine = found[k];
        const auto after = [&](const std::vector<std::size_t>& some) { mine.insert(mine.end(), some.begin(), some.end()); };
        for (const void* place : works[k].reads) after(seen[place].writer);
        for (const void* place : works[k].writes) after(seen[place].writer), after(seen[place].readers);
        for (const void* place : works[k].reads) seen[place].readers.push_back(k);
        for (const void* place : works[k].writes) seen[place] = {{k}, {}};
        std::sort(mine.begin(), mine.end());
        mine.erase(std::unique(mine.begin(), mine.end()), mine.end());
    }
    return found;
}

// The kind of work that may share a launch: 0 none, 1 small products, 2 jobs of one thread, 3 other jobs.
constexpr int kinds = 4;
inline int kind_of(const Work& work) {
    if (work.is_job()) return work.job.things ? 3 : 2;
    return work.is_product() && work.small ? 1 : 0;
}

// The order of launches. Work that does not share a launch is launched as soon as possible. Jobs and small products wait until
// nothing else can be launched; then all of a kind that are ready become one launch.
inline std::vector<Node> in_launches(const std::vector<Work>& works, const std::vector<std::vector<std::size_t>>& before) {
    std::vector<std::vector<std::size_t>> after(works.size());
    std::vector<std::size_t> missing(works.size());
    std::vector<std::size_t> ready[kinds];
    std::vector<Node> nodes;
    const auto kind = [&](std::size_t k) { return kind_of(works[k]); };
    for (std::size_t k = 0; k < works.size(); ++k) {
        missing[k] = before[k].size();
        for (const std::size_t other : before[k]) after[other].push_back(k);
        if (!missing[k]) ready[kind(k)].push_back(k);
    }
    const auto launch = [&](std::vector<std::size_t> some) {
        for (const std::size_t k : some)
            for (const std::size_t other : after[k])
                if (!--missing[other]) ready[kind(other)].push_back(other);
        nodes.push_back({std::move(some), {}});
    };
    while (std::any_of(ready, ready + kinds, [](const auto& some) { return !some.empty(); })) {
        std::vector<std::size_t> now[kinds];
        if (!ready[0].empty()) {
            now[0].swap(ready[0]);
            std::sort(now[0].begin(), now[0].end());
            for (const std::size_t k : now[0]) launch({k});
            continue;
        }
        for (int which = 1; which < kinds; ++which) now[which].swap(ready[which]);
        for (int which = 1; which < kinds; ++which) {
            const std::size_t most = which == 1 ? most_products : most_jobs;
            std::sort(now[which].begin(), now[which].end());
            for (std::size_t begin = 0; begin < now[which].size(); begin += most) {
                const std::size_t end = std::min(now[which].size(), begin + most);
                launch({now[which].begin() + begin, now[which].begin() + end});
            }
        }
    }
    return nodes;
}

// Gives every node a stream, and the nodes of other streams for which it waits. A node is put on a stream whose last node it
// waits for; or else on one whose last node is known to be done, or is the oldest. A walk always waits for the walk before it,
// since two walks at a time, each with some of the multiprocessors, would wait for ever.
inline void lay_out(std::vector<Node>& nodes, const std::vector<std::vector<std::size_t>>& before) {
    using Known = std::vector<long>;  // for each stream, its last node that is known to be done
    std::map<std::size_t, std::size_t> node_of;
    std::vector<Known> known(nodes.size(), Known(lanes, -1));
    Known last(lanes, -1);
    long walk = -1;
    for (std::size_t n = 0; n < nodes.size(); ++n)
        for (const std::size_t work : nodes[n].works) node_of[work] = n;
    for (std::size_t n = 0; n < nodes.size(); ++n) {
        std::vector<std::size_t> needed;
        for (const std::size_t work : nodes[n].works)
            for (const std::size_t other : before[work])
                if (node_of[other] != n) needed.push_back(node_of[other]);
        if (!nodes[n].stages.empty()) {
            if (walk >= 0) needed.push_back(std::size_t(walk));
            walk = long(n);
        }
        std::sort(needed.rbegin(), needed.rend());  // the latest first, since it often waited for the others
        needed.erase(std::unique(needed.begin(), needed.end()), needed.end());
        Known all(lanes, -1);
        for (const std::size_t other : needed)
            for (int lane = 0; lane < lanes; ++lane)
                all[lane] = std::max({all[lane], known[other][lane], nodes[other].lane == lane ? long(other) : -1});
        int lane = 0;
        const auto worth = [&](int one) {  // a late node that it waits for is better; otherwise an early one
            return last[one] <= all[one] ? std::make_pair(2, last[one]) : std::make_pair(1, -last[one]);
        };
        for (int other = 1; other < lanes; ++other)
            if (worth(other) > worth(lane)) lane = other;
        Known done = last[lane] < 0 ? Known(lanes, -1) : known[last[lane]];
        done[lane] = last[lane];
        for (const std::size_t other : needed)
            if (long(other) > done[nodes[other].lane]) {
                nodes[n].waits.push_back(other);
                for (int one = 0; one < lanes; ++one) done[one] = std::max(done[one], known[other][one]);
                done[nodes[other].lane] = std::max(done[nodes[other].lane], long(other));
            }
        nodes[n].lane = lane;
        known[n] = done;
        last[lane] = long(n);
    }
}

}  // namespace recircuit

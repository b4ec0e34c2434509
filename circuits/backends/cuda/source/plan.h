// How the work of a presentation is laid out: what has to wait for what, which jobs become one launch, and on which of a
// few streams each launch is. Nothing here knows what the work does.
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

// One launch, product or job, and the places in device memory that it reads and writes.
struct Work {
    const char* name;
    std::function<void()> launch;  // of a job, and of a product: none
    Job job;
    std::vector<const void*> reads, writes;
    Product (*product)() = nullptr;
    bool small = false;  // of a product: others may share its launch
    Clock clock;         // what moves it on
    std::vector<const void*> own;  // of a job, as in pieces.h
    bool is_product() const { return product; }
    bool is_job() const { return !launch && !product; }
};

// Products of which a block computes the same tile, and jobs that do what is to be done with its items.
struct Tiles {
    std::vector<std::size_t> products, jobs;
};

// A step of a walk: what is done by itself, and what is done tile by tile. Of some arrays there are two copies: of which one
// products see the array, as it was before the step; and into which one it is copied by who writes it.
struct WalkStage {
    std::vector<std::size_t> works;
    std::vector<Tiles> tiles;
    std::map<const void*, int> seen, copied;
};

// What is launched at once.
struct Node {
    std::vector<std::size_t> works;
    std::vector<WalkStage> stages;                  // of a walk
    std::map<const void*, std::size_t> copied;  // of a walk: arrays of which there are copies, and how many items they have
    int lane = 0;
    std::vector<std::size_t> waits;  // for these nodes, which are on other streams
};

// Of each work, those before it which have to be done: who wrote what it reads or writes, and who reads what it writes.
inline std::vector<std::vector<std::size_t>> dependencies(const std::vector<Work>& works) {
    struct Seen {
        std::vector<std::size_t> writer, readers;  // since then
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

// With what a work may share a launch: 0 with nothing, 1 with small products, 2 with jobs of one thread, 3 with other jobs.
constexpr int kinds = 4;
inline int kind_of(const Work& work) {
    if (work.is_job()) return work.job.things ? 3 : 2;
    return work.is_product() && work.small ? 1 : 0;
}

// The order of launches. What shares a launch with nothing is launched as soon as it can be; jobs and small products wait
// until nothing else can be launched, and then all of a kind that can be are one launch.
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

// Gives every node a stream, and says for which nodes of other streams it waits. A node goes on where one that it waits for
// was the last; or where the last one is known to be done, or longest ago. A walk waits for the walk before it in any case:
// two at a time, each with some of the multiprocessors, would wait for ever.
inline void lay_out(std::vector<Node>& nodes, const std::vector<std::vector<std::size_t>>& before) {
    using Known = std::vector<long>;  // of each stream, its last node that is done by then
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
        std::sort(needed.rbegin(), needed.rend());  // the latest first: it often knows the others
        needed.erase(std::unique(needed.begin(), needed.end()), needed.end());
        Known all(lanes, -1);
        for (const std::size_t other : needed)
            for (int lane = 0; lane < lanes; ++lane)
                all[lane] = std::max({all[lane], known[other][lane], nodes[other].lane == lane ? long(other) : -1});
        int lane = 0;
        const auto worth = [&](int one) {  // the later is the last that it waits for the better; else the earlier
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

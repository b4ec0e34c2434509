// Jobs of a walk that follow products tile by tile, so that blocks need not wait for each other in between: the thread that has
// an item of a product does the work of the next step for this item. A product must not see the values that such a thread
// writes in the same step, so it reads a copy of its signal. There are two copies: one is read and the other is written.
#pragma once
#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "plan.h"

namespace recircuit {

inline bool in(const std::vector<const void*>& some, const void* array) {
    return std::find(some.begin(), some.end(), array) != some.end();
}

inline bool is_task(const Work& work) { return work.is_job() && work.job.things; }
inline bool writes_in_place(const Work& work, const void* array) { return is_task(work) && in(work.own, array); }

// Returns whether a product uses an array only as its signal, of which it can read a copy.
inline bool is_signal(const Work& work, const void* array) {
    const Product p = work.product();
    return p.a.data == array && p.b.data != array && !p.a.turned;
}

// Returns whether the items of a product are exactly the indices of a job.
inline bool fits(const Work& work, const Work& job) {
    const Product p = work.product();
    return p.blocks == 1 && p.c_lead == p.n && p.m * p.n == job.job.things;
}

// Returns the arrays that are not only written in place, so that no copy of them can be kept.
inline std::set<const void*> without_copies(const std::vector<std::vector<std::size_t>>& steps, const std::vector<Work>& works) {
    std::set<const void*> found;
    for (const auto& step : steps)
        for (const std::size_t work : step)
            for (const void* array : works[work].writes)
                if (!writes_in_place(works[work], array)) found.insert(array);
    return found;
}

// Returns whether the threads that have the items of products can do a job, while others still compute their items.
inline bool can_follow(const Work& job, const std::vector<std::size_t>& step, const std::vector<Work>& works,
                       const std::set<const void*>& no_copies) {
    if (!is_task(job)) return false;
    for (const std::size_t k : step) {
        const Work& other = works[k];
        for (const void* array : job.writes) {
            if (!in(job.own, array) || in(other.writes, array)) return false;
            if (in(other.reads, array) && (!other.is_product() || !is_signal(other, array) || no_copies.count(array))) return false;
        }
        for (const void* array : job.reads)
            if (in(other.writes, array) && !(other.is_product() && in(job.own, array) && fits(other, job))) return false;
    }
    return true;
}

inline bool follows(const Work& job, const Work& product) {
    return product.is_product() &&
           std::any_of(product.writes.begin(), product.writes.end(), [&](const void* array) { return in(job.reads, array); });
}

// Adds a job to the tiles of the products that it follows, which are joined; returns false if these have different tiles.
inline bool add_to_tiles(std::vector<Tiles>& tiles, std::size_t job, const std::vector<std::size_t>& products,
                         const std::vector<Work>& works) {
    Tiles joined{products, {job}};
    for (std::size_t t = 0; t < tiles.size();) {
        const auto mine = [&](std::size_t k) { return std::count(products.begin(), products.end(), k) != 0; };
        if (std::none_of(tiles[t].products.begin(), tiles[t].products.end(), mine)) {
            ++t;
            continue;
        }
        for (const std::size_t k : tiles[t].products)
            if (!mine(k)) joined.products.push_back(k);
        joined.jobs.insert(joined.jobs.end(), tiles[t].jobs.begin(), tiles[t].jobs.end());
        tiles.erase(tiles.begin() + t);
    }
    std::sort(joined.products.begin(), joined.products.end());
    std::sort(joined.jobs.begin(), joined.jobs.end());
    const int n = works[joined.products[0]].product().n;
    const bool alike = std::all_of(joined.products.begin(), joined.products.end(),
                                   [&](std::size_t k) { return works[k].product().n == n; });
    tiles.push_back(std::move(joined));
    return alike;
}

// Joins a step and the next one, if that is possible and a job follows products; otherwise it returns an empty stage.
inline WalkStage together(const std::vector<std::size_t>& step, const std::vector<std::size_t>& next, const std::vector<Work>& works,
                      const std::set<const void*>& no_copies) {
    WalkStage stage;
    std::set<std::size_t> in_tiles;
    for (const std::size_t job : next) {
        if (!can_follow(works[job], step, works, no_copies)) return {};
        std::vector<std::size_t> products;
        for (const std::size_t k : step)
            if (follows(works[job], works[k])) products.push_back(k);
        if (products.empty()) stage.works.push_back(job);
        else if (!add_to_tiles(stage.tiles, job, products, works)) return {};
        in_tiles.insert(products.begin(), products.end());
    }
    if (stage.tiles.empty()) return {};
    for (const std::size_t k : step)
        if (!in_tiles.count(k)) stage.works.push_back(k);
    for (const std::size_t job : next)
        for (const void* array : works[job].writes)
            for (const std::size_t k : step)
                if (in(works[k].reads, array)) stage.seen[array] = 0;
    return stage;
}

// Notes in each stage which copy of an array is read, and which one is written next.
inline void number_copies(Node& walk, const std::vector<Work>& works) {
    std::map<const void*, int> now;
    for (const WalkStage& stage : walk.stages)
        for (const auto& one : stage.seen) now[one.first] = 0;
    for (WalkStage& stage : walk.stages) {
        for (auto& [array, which] : stage.seen) which = now[array];
        std::vector<std::size_t> jobs = stage.works;
        for (const Tiles& tiles : stage.tiles) jobs.insert(jobs.end(), tiles.jobs.begin(), tiles.jobs.end());
        for (const std::size_t job : jobs)
            for (const void* array : works[job].writes)
                if (now.count(array)) {
                    stage.copied[array] = now[array] = 1 - now[array];
                    walk.copied[array] = works[job].job.things;
                }
    }
}

// Returns the stages of a walk through these steps.
inline void with_epilogues(Node& walk, const std::vector<std::vector<std::size_t>>& steps, const std::vector<Work>& works) {
    const auto no_copies = without_copies(steps, works);
    for (std::size_t k = 0; k < steps.size(); ++k) {
        WalkStage stage = k + 1 < steps.size() ? together(steps[k], steps[k + 1], works, no_copies) : WalkStage{};
        const bool joined = !stage.tiles.empty();
        if (!joined) stage = WalkStage{steps[k]};
        walk.stages.push_back(std::move(stage));
        k += joined;
    }
    number_copies(walk, works);
}

}  // namespace recircuit

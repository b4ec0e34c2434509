// The launches of a plan that become a walk (walk.h), and the script of the walk for a number of batch elements.
#pragma once
#include <algorithm>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "epilogues.h"
#include "keeping.h"
#include "memory.h"
#include "multiply.h"
#include "plan.h"
#include "walk.h"

namespace recircuit {

inline bool can_be_walked(const Work& work) { return kind_of(work) || work.clock.ticks; }

// Returns the steps of a walk through these nodes: a new step begins where work depends on the step before.
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

// Returns the nodes of a plan, in which consecutive nodes that can be walked are joined.
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
        const auto steps = in_steps(nodes, n, end, before);
        for (const auto& step : steps) walk.works.insert(walk.works.end(), step.begin(), step.end());
        with_epilogues(walk, steps, works);
        found.push_back(std::move(walk));
        n = end;
    }
    return found;
}

// A walk in device memory, for the batch elements that are active now.
class Script {
  public:
    Script(const Node& node, const std::vector<Work>& works) : works_(works) {
        for (const auto& [array, items] : node.copied)
            for (int which = 0; which < 2; ++which) {
                copies_.emplace_back(new Memory);
                copies_.back()->resize(items * itemsize(node), what);
                place_[{array, which}] = copies_.back()->as<void>();
            }
        if (!node.copied.empty()) begin(node);
        for (const WalkStage& stage : node.stages) add(stage);
        const auto [blocks, kept] = share_out();
        walk = {on_device(steps_), on_device(shares_), on_device(products_), on_device(tasks_), on_device(made_copies_),
                int(steps_.size()), blocks, kept};
    }
    Walk walk;

  private:
    static constexpr const char* what = "a walk through a presentation";
    const std::vector<Work>& works_;
    std::vector<Step> steps_;
    std::vector<Share> shares_;
    std::vector<Walked> products_;
    std::vector<std::set<const void*>> written_;  // the arrays that each step writes
    std::vector<Task> tasks_;
    std::vector<Copy> made_copies_;
    std::map<std::pair<const void*, int>, void*> place_;  // the places of copies
    std::vector<std::unique_ptr<Memory>> copies_, held_;
    int most_ = 1;

    // Chooses the number of blocks, and how much each keeps: one block on each multiprocessor if it keeps weights, otherwise as
    // many as the GPU holds; but not more than there is work for.
    std::pair<int, int> share_out() {
        const Together most = held_together();
        if (keeps_weights() && most.keepers > 0) {
            const int blocks = std::min(most_, most.keepers);
            const int kept = Keeping(steps_, shares_, products_, written_, blocks, most.kept).kept();
            if (kept) return {blocks, kept};
        }
        const int blocks = std::min(most_, most.blocks);
        Keeping(steps_, shares_, products_, written_, blocks, 0);
        return {blocks, 0};
    }

    std::size_t itemsize(const Node& node) const {
        for (const std::size_t work : node.works)
            if (works_[work].is_product()) return works_[work].product().wide ? sizeof(double) : sizeof(float);
        return 0;
    }

    template <class T>
    const T* on_device(const std::vector<T>& made) {
        held_.emplace_back(new Memory);
        held_.back()->resize(std::max<std::size_t>(1, made.size()) * sizeof(T), what);
        if (!made.empty()) upload(held_.back()->as<void>(), made.data(), made.size() * sizeof(T), what);
        return held_.back()->as<T>();
    }

    // Makes the first step, which copies every array that has copies.
    void begin(const Node& node) {
        const int first = int(shares_.size());
        for (const auto& [array, items] : node.copied) {
            const Job copies{only_copies, int(items)};
            add(Share::THINGS, blocks_of(copies), {}, {task(copies, {{array, 0}})});
        }
        end_step(first, {});
    }

    void add(const WalkStage& stage) {
        const int first = int(shares_.size());
        std::set<const void*> written;
        const auto writes = [&](std::size_t work) { written.insert(works_[work].writes.begin(), works_[work].writes.end()); };
        for (const std::size_t work : stage.works) add(works_[work], stage), writes(work);
        for (const Tiles& tiles : stage.tiles) {
            std::vector<Product> products;
            std::vector<Task> tasks;
            for (const std::size_t work : tiles.products) products.push_back(seen(works_[work], stage)), writes(work);
            for (const std::size_t work : tiles.jobs) tasks.push_back(task(works_[work], stage)), writes(work);
            add(Share::TILES, blocks_of(products[0]), products, tasks);
        }
        end_step(first, std::move(written));
    }

    void add(const Work& work, const WalkStage& stage) {
        if (work.is_product()) {
            const Product product = seen(work, stage);
            return add(Share::TILES, blocks_of(product), {product}, {});
        }
        if (work.is_job()) return add(work.job.things ? Share::THINGS : Share::ALONE, blocks_of(work.job), {}, {task(work, stage)});
        add(Share::CLOCK, 1, {}, {});
        shares_.back().clock = work.clock;
    }

    void add(Share::Kind kind, int parts, const std::vector<Product>& products, const std::vector<Task>& tasks) {
        const int first = int(products_.size());
        for (const Product& product : products) products_.push_back({product});
        shares_.push_back({kind, parts, {first, int(products_.size())}, after(tasks_, tasks), {}});
    }

    template <class T>
    static Range after(std::vector<T>& all, const std::vector<T>& more) {
        const int first = int(all.size());
        all.insert(all.end(), more.begin(), more.end());
        return {first, int(all.size())};
    }

    void end_step(int first, std::set<const void*> written) {
        int parts = 0;
        for (std::size_t k = first; k < shares_.size(); ++k) parts += shares_[k].parts;
        steps_.push_back({{first, int(shares_.size())}});
        written_.push_back(std::move(written));
        most_ = std::max(most_, parts);
    }

    // Makes a product, which reads its signal as it was before the step.
    Product seen(const Work& work, const WalkStage& stage) const {
        Product product = work.product();
        const auto found = stage.seen.find(product.a.data);
        if (found != stage.seen.end()) product.a.data = place_.at(*found);
        return product;
    }

    Task task(const Work& work, const WalkStage& stage) {
        std::map<const void*, int> copied;
        for (const void* array : work.writes)
            if (const auto found = stage.copied.find(array); found != stage.copied.end()) copied.insert(*found);
        return task(work.job, copied);
    }

    Task task(const Job& job, const std::map<const void*, int>& copied) {
        std::vector<Copy> made;
        for (const auto& one : copied) made.push_back({one.first, place_.at(one)});
        return {job, after(made_copies_, made)};
    }
};

}  // namespace recircuit

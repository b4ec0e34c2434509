// The values that a table keeps, which are gathered in device memory and fetched after some presentations.
#pragma once
#include <algorithm>

#include "kernels.h"
#include "memory.h"
#include "worker.h"

namespace recircuit {

struct Kept {
    std::size_t bytes = 0, times = 0;  // the bytes of one KEEP, and how often it is done in a presentation
    Memory values;
};
inline std::vector<std::unique_ptr<Kept>>& gathered = *new std::vector<std::unique_ptr<Kept>>;
inline long room = 100;  // the number of presentations that fit

// Prepares for a new table.
inline void make_room() {
    gathered.clear();
    gathered.resize(kept.size());
    std::size_t bytes = 0;
    walk_lines(table, 0, [&](const Action& action, std::int64_t) {
        if (action.kind != Action::KEEP) return;
        auto& one = gathered[action.keep];
        if (!one) one.reset(new Kept);
        one->bytes = action.bytes;
        ++one->times;
        bytes += action.bytes;
    });
    room = std::clamp<long>(bytes ? (64l << 20) / long(bytes) : 100, 1, 100);
    for (auto& one : gathered) one->values.resize(room * one->times * one->bytes, "what is recorded");
}

// Copies the variable of a KEEP to its buffer, at the place number `time` in this presentation.
inline void keep(const Action& action, std::size_t time, const Progress* progress) {
    const Kept& into = *gathered[action.keep];
    const std::size_t place = time * action.bytes, stride = into.times * into.bytes;
    if (action.bytes % 4 == 0)
        launch(action.array->name, keep_words<std::uint32_t>, int(action.bytes / 4),
               static_cast<const std::uint32_t*>(action.array->data()),
               reinterpret_cast<std::uint32_t*>(into.values.as<char>() + place), progress, std::int64_t(stride / 4));
    else
        launch(action.array->name, keep_words<char>, int(action.bytes), static_cast<const char*>(action.array->data()),
               into.values.as<char>() + place, progress, std::int64_t(stride));
}

// Fetches the values of this number of presentations.
inline void fetch_kept(long presentations) {
    for (std::size_t k = 0; k < gathered.size(); ++k) {
        const std::size_t bytes = presentations * gathered[k]->times * gathered[k]->bytes, before = kept[k].size();
        kept[k].resize(before + bytes);
        download(kept[k].data() + before, gathered[k]->values.as<char>(), bytes, "what is recorded");
    }
}

}  // namespace recircuit

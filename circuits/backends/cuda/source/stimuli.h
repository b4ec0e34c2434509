// The rows of the stimuli. They are in device memory, where rows that come again stay; or, if they do not fit there, in the
// memory of the host, from which the rows of the next presentations are copied.
#pragma once
#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kernels.h"
#include "memory.h"
#include "worker.h"

namespace recircuit {

constexpr std::size_t most_held = 3;         // sets of rows of a stimulus: training, validation and test samples
constexpr std::size_t most_staged = 64 << 20;  // bytes of the next presentations, which are at most 100

// Rows in device memory.
struct Held {
    std::int64_t number;  // 0: these rows have no number
    Memory data;
};

struct Stimulus {
    bool given = false;                        // whether there are rows to show
    std::vector<std::unique_ptr<Held>> held;  // in the order of their last use
    Held* shown = nullptr;                     // the one that is shown; nullptr: none, or rows of the host
    Memory lengths;                            // the lengths of series
    Memory staged;                             // from the host: the samples of the next presentations, one after the other
    long room = 0;                             // the number of these presentations; 0: no rows are on the host
};
inline std::map<std::string, Stimulus>& stimuli = *new std::map<std::string, Stimulus>;

inline std::size_t row_bytes(const Clamp& clamp) { return bytes_of(clamp.type) * (clamp.labels ? 1 : clamp.width); }
// Returns the bytes that one batch element is shown in a presentation.
inline std::size_t sample_bytes(const Clamp& clamp) { return row_bytes(clamp) * clamp.stride; }

// Frees the memory of some rows that are not shown; returns whether there were any.
inline bool let_rows_go() {
    for (auto& [name, stimulus] : stimuli)
        for (auto one = stimulus.held.begin(); one != stimulus.held.end(); ++one) {
            if (one->get() == stimulus.shown) continue;
            check(cudaStreamSynchronize(stream()), name.c_str());
            stimulus.held.erase(one);
            return true;
        }
    return false;
}

// Makes room for the samples of some presentations.
inline void stage(Stimulus& stimulus, const Clamp& clamp, const std::string& what) {
    const std::size_t each = sample_bytes(clamp) * batch_size;
    std::size_t free = 0, total = 0;
    check(cudaMemGetInfo(&free, &total), what.c_str());
    const std::size_t most = std::min(most_staged, free / 2);
    const std::size_t room = std::clamp<std::size_t>(each ? most / each : 0, 1, 100);
    stimulus.staged.resize(each ? each * room : clamp.rows->bytes, what.c_str());  // raises the error if they do not fit
    stimulus.room = long(room);
}

inline void find_place(Stimulus& stimulus, Clamp& clamp) {
    const std::string what = "the data of " + clamp.name;
    auto& held = stimulus.held;
    const auto again = std::find_if(held.begin(), held.end(), [&](const auto& one) {
        return one->number && one->number == clamp.number;
    });
    if (again != held.end()) {
        std::rotate(again, again + 1, held.end());
        stimulus.shown = held.back().get();
        return;
    }
    held.erase(std::remove_if(held.begin(), held.end(), [](const auto& one) { return !one->number; }), held.end());
    while (held.size() >= most_held) held.erase(held.begin());
    std::unique_ptr<Held> rows(new Held{clamp.number, {}});
    if (!rows->data.fit(clamp.rows->bytes, what.c_str())) return stage(stimulus, clamp, what);
    upload(rows->data.as<void>(), clamp.rows->data, clamp.rows->bytes, what.c_str());
    stimulus.shown = rows.get();
    held.push_back(std::move(rows));
}

// If the new rows do not fit, the stimulus has no rows, and a run reports this.
inline void load_rows(Clamp& clamp) {
    const char* name = clamp.name.c_str();
    check(cudaStreamSynchronize(stream()), name);
    Stimulus& stimulus = stimuli[clamp.name];
    stimulus.given = true, stimulus.shown = nullptr, stimulus.room = 0;
    find_place(stimulus, clamp);
    if (!stimulus.room) clamp.rows.reset(), stimulus.staged.release();
    if (clamp.lengths.empty()) return;
    const std::size_t bytes = sizeof(std::int32_t) * clamp.lengths.size();
    stimulus.lengths.resize(bytes, name);
    upload(stimulus.lengths.as<void>(), clamp.lengths.data(), bytes, name);
}

// Takes other values of the same number of rows.
inline void renew_rows(Clamp& clamp, const void* rows, std::size_t bytes) {
    Stimulus& stimulus = stimuli.at(clamp.name);
    if (!stimulus.shown) return void(std::memcpy(clamp.rows->data, rows, bytes));
    stimulus.shown->number = 0;
    upload(stimulus.shown->data.as<void>(), rows, bytes, clamp.name.c_str());
}

inline void unload_rows(const Clamp& clamp) {
    Stimulus& stimulus = stimuli[clamp.name];
    stimulus.given = false, stimulus.shown = nullptr, stimulus.room = 0;
    stimulus.staged.release();
}

// Calls a function for each stimulus of the table whose rows are on the host.
template <class Do>
void for_those_on_host(const Do& something) {
    for (const Action& action : table) {
        if (action.kind != Action::CLAMP) continue;
        const auto found = stimuli.find(action.clamp->name);
        if (found != stimuli.end() && found->second.room) something(*action.clamp, found->second);
    }
}

// Returns the number of presentations that can be shown before rows are copied again.
inline long presentations_staged() {
    long most = 100;
    for_those_on_host([&](const Clamp&, const Stimulus& stimulus) { most = std::min(most, stimulus.room); });
    return most;
}

// Copies the samples of the next presentations.
inline void stage_rows(const std::int32_t* order, long presentations) {
    for_those_on_host([&](const Clamp& clamp, const Stimulus& stimulus) {
        const std::size_t each = sample_bytes(clamp), count = std::size_t(presentations) * batch_size;
        std::vector<char> samples(each * count);
        for (std::size_t k = 0; k < count; ++k)
            if (order[k] >= 0)
                std::memcpy(&samples[k * each], static_cast<const char*>(clamp.rows->data) + order[k] * each, each);
        upload(stimulus.staged.as<void>(), samples.data(), samples.size(), clamp.name.c_str());
    });
}

template <class Rate>
void show(const Action& action, std::int64_t time, const Progress* progress) {
    const Clamp& clamp = *action.clamp;
    const auto found = stimuli.find(clamp.name);
    if (found == stimuli.end() || !found->second.given) return;
    const Stimulus& stimulus = found->second;
    if (!stimulus.shown && !stimulus.room)
        throw std::runtime_error(clamp.name + ": its last data could not be loaded; load others");
    Rate* rates = static_cast<Rate*>(clamp.rates->data());
    const int width = int(clamp.width), count = batch_size * width;
    const Rate a = clamp.a, b = clamp.b;
    const char* name = clamp.name.c_str();
    const Memory& data = stimulus.shown ? stimulus.shown->data : stimulus.staged;
    const std::int32_t* lengths = clamp.lengths.empty() ? nullptr : stimulus.lengths.as<std::int32_t>();
    const Shown shown{action.count + time, action.every, clamp.rows_each, clamp.stride, lengths, streaming,
                      !stimulus.shown};
    if (clamp.labels)
        launch(name, show_labels<Rate>, count, rates, data.as<std::int32_t>(), progress, batch_size, width, a, b, shown);
    else if (clamp.type == Type::uint8)
        launch(name, show_rows<Rate, std::uint8_t>, count, rates, data.as<std::uint8_t>(), progress, batch_size, width, a, b,
               shown);
    else if (clamp.type == Type::float32)
        launch(name, show_rows<Rate, float>, count, rates, data.as<float>(), progress, batch_size, width, a, b, shown);
    else
        launch(name, show_rows<Rate, double>, count, rates, data.as<double>(), progress, batch_size, width, a, b, shown);
}

}  // namespace recircuit

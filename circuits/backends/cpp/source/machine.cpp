// The cpp backend of the worker: the table is carried out on the processor's cores.
#ifdef __SSE__
#include <xmmintrin.h>
#endif

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "recircuit.h"
#include "share.h"
#include "worker.h"

namespace recircuit {

long stored = 0;

namespace {

// ---- stimuli -------------------------------------------------------------------------------------------------------

template <class Rate, class Value>
void show_rows(const Clamp& clamp, const std::int32_t* order, std::int64_t shown) {
    Rate* rates = static_cast<Rate*>(clamp.rates->data());
    const Value* data = static_cast<const Value*>(clamp.rows->data);
    const Rate scale = clamp.a, offset = clamp.b;
    for (int column = 0; column < batch_size; ++column, rates += clamp.width) {
        const std::size_t sample = clamp.stride ? order[column] : 0;
        if (order[column] < 0 || shown >= (clamp.lengths.empty() ? clamp.rows_each : clamp.lengths[sample])) {
            std::fill(rates, rates + clamp.width, Rate(0));
            continue;
        }
        const Value* row = data + (sample * clamp.stride + shown) * clamp.width;
        for (std::size_t k = 0; k < clamp.width; ++k) rates[k] = Rate(row[k]) * scale + offset;
    }
}

template <class Rate>
void show_labels(const Clamp& clamp, const std::int32_t* order) {
    Rate* rates = static_cast<Rate*>(clamp.rates->data());
    const std::int32_t* labels = static_cast<const std::int32_t*>(clamp.rows->data);
    for (int column = 0; column < batch_size; ++column, rates += clamp.width) {
        std::fill(rates, rates + clamp.width, Rate(order[column] < 0 ? 0 : clamp.b));
        if (order[column] >= 0) rates[labels[order[column]]] = Rate(clamp.a);
    }
}

template <class Rate>
void show(const Clamp& clamp, const std::int32_t* order, std::int64_t row) {
    if (!clamp.rows) return;
    if (clamp.labels) show_labels<Rate>(clamp, order);
    else if (clamp.type == Type::uint8) show_rows<Rate, std::uint8_t>(clamp, order, row);
    else if (clamp.type == Type::float32) show_rows<Rate, float>(clamp, order, row);
    else show_rows<Rate, double>(clamp, order, row);
}

// ---- NaN and infinity: by their bits, since the code is compiled for finite numbers --------------------------------

template <class Bits>
bool all_finite(const void* data, std::size_t count, Bits exponent) {
    const Bits* bits = static_cast<const Bits*>(data);
    Bits bad = 0;
    for (std::size_t k = 0; k < count; ++k) bad |= Bits((bits[k] & exponent) == exponent);
    return !bad;
}

bool finite(const Array& array) {
    if (!array.floating()) return true;
    if (array.itemsize() == 4) return all_finite<std::uint32_t>(array.data(), array.count(), 0x7f800000u);
    return all_finite<std::uint64_t>(array.data(), array.count(), 0x7ff0000000000000ull);
}

// ---- a presentation ------------------------------------------------------------------------------------------------

std::int32_t* active = nullptr;  // how many batch elements hold a stimulus
Share share;

inline void act(const Action& action, const std::int32_t* order, std::int64_t time) {
    switch (action.kind) {
        case Action::RUN:
            if (action.first && !profiling) Pool::get().gather();
            action.operation->run();
            if (action.last) Pool::get().do_gathered();
            break;
        case Action::CLAMP:
            if (action.goes_on(time)) break;
            action.clamp->rates->itemsize() == 4 ? show<float>(*action.clamp, order, action.row(time))
                                                 : show<double>(*action.clamp, order, action.row(time));
            break;
        case Action::KEEP: {
            const char* data = static_cast<const char*>(action.array->data());
            kept[action.keep].insert(kept[action.keep].end(), data, data + action.bytes);
            break;
        }
        case Action::TICK: {
            static std::int64_t* step = static_cast<std::int64_t*>(find_array("clock.timestep").data());
            static double* t = static_cast<double*>(find_array("clock.t").data());
            static double* dt = static_cast<double*>(find_array("clock.dt").data());
            t[0] = ++step[0] * dt[0];
            break;
        }
        case Action::REPEAT:
            break;
    }
}

}  // namespace

namespace machine {

void start() {
#ifdef __SSE__
    _mm_setcsr(_mm_getcsr() | 0x8040);  // denormal numbers become zero, since decaying values would become slow
#endif
    const char* threads = std::getenv("RECIRCUIT_THREADS");
    Pool::get().start(threads ? std::atoi(threads) : 1);
    share.start(Pool::get().threads());
    for (std::size_t k = 0; k < array_count; ++k)
        if (!std::strcmp(arrays[k].name, "presentation.active")) active = static_cast<std::int32_t*>(arrays[k].data());
}

void fetch(const Array& array, void* values) { std::memcpy(values, array.data(), array.bytes()); }
void store(const Array& array, const void* values) {
    std::memcpy(array.data(), values, array.bytes());
    ++stored;
}
void load(Clamp&) {}  // the rows stay mapped
void renew(Clamp& clamp, const void* rows, std::size_t bytes) { std::memcpy(clamp.rows->data, rows, bytes); }
void unload(Clamp&) {}
void tabled() {}

std::size_t memory() {
    std::size_t bytes = 0;
    for (std::size_t k = 0; k < array_count; ++k) bytes += arrays[k].bytes();
    for (const auto& buffer : kept) bytes += buffer.capacity();
    return bytes;
}

void begin(const std::int32_t*, long) {}

void seed(std::uint64_t seed) {
    if (seed >> 32) throw std::runtime_error("a seed is below 2^32");
    Noise::get().seed(std::uint32_t(seed));
}
std::vector<char> noise() { return Noise::get().state(); }
void restore(const std::vector<char>& noise) { Noise::get().restore(noise); }

long present(const std::int32_t* order, long done, long) {
    const std::int32_t* row = order + done * batch_size;
    if (active) *active = batch_size - std::count_if(row, row + batch_size, [](std::int32_t r) { return r < 0; });
    const std::int64_t time = streaming ? done : 0;
    if (!profiling) {
        share.watch([row, time] {
            walk_lines(table, time, [row](const Action& action, std::int64_t now) { act(action, row, now); });
        });
        return 1;
    }
    walk_lines(table, time, [row](Action& action, std::int64_t now) {
        const auto begin = std::chrono::steady_clock::now();
        act(action, row, now);
        action.nanoseconds += std::chrono::nanoseconds(std::chrono::steady_clock::now() - begin).count();
    });
    return 1;
}

const char* not_finite(bool thorough) {
    for (std::size_t k = 0; k < array_count; ++k)
        if ((thorough || is_rate(arrays[k])) && !finite(arrays[k])) return arrays[k].name;
    return nullptr;
}

bool goes_on() { return true; }

}  // namespace machine
}  // namespace recircuit

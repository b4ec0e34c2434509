// The cuda backend of the worker. Everything is in device memory, and a presentation is captured as a graph the second time
// that it runs; between presentations only recordings and a few words of progress are copied.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "arrays.h"
#include "failures.h"
#include "following.h"
#include "kernels.h"
#include "lanes.h"
#include "memory.h"
#include "multiply.h"
#include "plan.h"
#include "recording.h"
#include "stimuli.h"
#include "watch.h"
#include "worker.h"

namespace recircuit {

void check(cudaError_t result, const char* what, const char* file, int line) {
    if (result != cudaSuccess) throw failure(what, cudaGetErrorString(result), remedy(result), file, line);
}
void check(cublasStatus_t result, const char* what, const char* file, int line) {
    if (result == CUBLAS_STATUS_SUCCESS) return;
    throw failure(what, std::string("cuBLAS: ") + cublasGetStatusString(result), remedy(result), file, line);
}

int active = 0;

namespace {

// This memory is freed by the end of the process, not by destructors, which would run after the driver is gone.
struct Device {
    Memory draws, pieces, progress, order, bad_rates, bad_floats;
    const Array *step = nullptr, *t = nullptr, *dt = nullptr, *columns_in_use = nullptr;
};
Device& device = *new Device;

Watch& in_rates = *new Watch;
Watch& in_floats = *new Watch;

// ---- a presentation ------------------------------------------------------------------------------------------------

// Receives each piece of work in the order of the table.
using Give = std::function<void(Work)>;

void tick(std::int64_t& ticks, const Give& give) {
    if (ticks == 0) return;
    auto* step = static_cast<std::int64_t*>(device.step->data());
    auto *t = static_cast<double*>(device.t->data()), *dt = static_cast<double*>(device.dt->data());
    Draws* draws = device.draws.as<Draws>();
    Work moves{"the clock", nullptr, {}, {dt}, {step, t, draws}};
    moves.clock = {ticks, step, t, dt, draws};
    moves.launch = [clock = moves.clock] { launch("the clock", advance, 1, clock); };
    give(std::move(moves));
    ticks = 0;
}

// Returns whether a product is small for every number of active batch elements, so that the plan does not depend on this number.
bool is_always_small(Product (*product)()) {
    const int now = std::exchange(active, batch_size);
    const bool small = is_small(product());
    active = now;
    return small;
}

Work work_of(const brian::Part& part) {
    Work work{part.name, part.launch, {part.job, part.things}, {}, {}, part.product};
    work.small = part.product && is_always_small(part.product);
    for (const int piece : part.reads) work.reads.push_back(*brian::pieces[piece].place);
    for (const int piece : part.writes) work.writes.push_back(*brian::pieces[piece].place);
    for (const int piece : part.own) work.own.push_back(*brian::pieces[piece].place);
    if (part.draws) work.reads.push_back(device.draws.as<void>());
    return work;
}

void run(const Operation& operation, const Give& give) {
    static const auto parts = [] {
        std::map<void (*)(), std::vector<const brian::Part*>> found;
        for (const brian::Part& part : brian::parts) found[part.operation].push_back(&part);
        return found;
    }();
    for (const brian::Part* part : parts.at(operation.run)) give(work_of(*part));
}

void act(const Action& action, std::int64_t& ticks, std::vector<std::size_t>& times, std::int64_t time, const Give& give) {
    const Progress* progress = device.progress.as<Progress>();
    switch (action.kind) {
        case Action::RUN:
            if (action.operation->timed) tick(ticks, give);
            run(*action.operation, give);
            break;
        case Action::CLAMP: {
            if (action.goes_on(time)) break;
            const bool narrow = action.clamp->rates->itemsize() == 4;
            const auto shows = [&action, progress, time, narrow] {
                narrow ? show<float>(action, time, progress) : show<double>(action, time, progress);
            };
            give({action.clamp->name.c_str(), shows, {}, {progress}, {action.clamp->rates->data()}});
            break;
        }
        case Action::KEEP: {
            if (!std::strncmp(action.array->name, "clock.", 6)) tick(ticks, give);
            const auto keeps = [&action, progress, place = times[action.keep]++] { keep(action, place, progress); };
            give({action.array->name, keeps, {}, {progress, action.array->data()}, {}});
            break;
        }
        case Action::TICK:
            ++ticks;  // sent to the device when the time is read, and at the end
            break;
        case Action::REPEAT:
            break;
    }
}

// The plan of a whole presentation.
template <class Around>
void walk(const Give& give, const Around& around) {
    std::int64_t ticks = 0;
    std::vector<std::size_t> times(kept.size(), 0);
    walk_lines(table, 0, [&](Action& action, std::int64_t time) {
        around(action, [&] { act(action, ticks, times, time, give); });
    });
    tick(ticks, give);
    Progress* progress = device.progress.as<Progress>();
    std::int32_t* bad = device.bad_rates.as<std::int32_t>();
    const auto looks = [progress, bad] { in_rates.into(bad, progress); };
    std::vector<const void*> rates = in_rates.places();
    rates.push_back(progress);
    give({"looking for NaN", looks, {}, rates, {bad}});
    const auto ends = [progress, bad] { launch("the end of a presentation", finish, 1, progress, bad, in_rates.count()); };
    give({"the end of a presentation", ends, {}, {bad}, {progress}});
}

void walk(const Give& give) {
    walk(give, [](Action&, const auto& run) { run(); });
}

// Does one line after the other, and waits for each.
void walk_slowly() {
    walk(&run_alone, [](Action& action, const auto& run) {
        check(cudaStreamSynchronize(stream()), "a presentation");
        const auto begin = std::chrono::steady_clock::now();
        run();
        check(cudaStreamSynchronize(stream()), action.line.c_str());
        action.nanoseconds += std::chrono::nanoseconds(std::chrono::steady_clock::now() - begin).count();
    });
}

std::unique_ptr<Plan>& plan = *new std::unique_ptr<Plan>;

// Does the work of the table, on several streams.
void walk_by_plan() {
    if (!plan) {
        std::vector<Work> works;
        walk([&](Work work) { works.push_back(std::move(work)); });
        plan.reset(new Plan(std::move(works)));
    }
    follow(*plan);
}

// The presentation as a graph, by how many batch elements are in use (matrix products depend on it).
struct Replay {
    bool seen = false;
    cudaGraphExec_t graph = nullptr;
};
std::map<int, Replay> replays;

void forget_replays() {
    for (auto& replay : replays)
        if (replay.second.graph) cudaGraphExecDestroy(replay.second.graph);
    replays.clear();
    plan.reset();
}

cudaGraphExec_t captured() {
    const char* what = "capturing a presentation";
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t ready = nullptr;
    check(cudaStreamBeginCapture(stream(), cudaStreamCaptureModeThreadLocal), what);
    try {
        walk_by_plan();
    } catch (...) {
        cudaStreamEndCapture(stream(), &graph);
        throw;
    }
    check(cudaStreamEndCapture(stream(), &graph), what);
    check(cudaGraphInstantiate(&ready, graph, 0), what);
    check(cudaGraphDestroy(graph), what);
    return ready;
}

const std::size_t most_captured = 200000;  // the most lines of a presentation that is captured as a graph
std::size_t lines = 0;                     // of a presentation

const bool one_by_one = std::getenv("RECIRCUIT_CUDA_WAIT") != nullptr;

void present_once(const std::int32_t* row) {
    const int in_use = batch_size - int(std::count_if(row, row + batch_size, [](std::int32_t r) { return r < 0; }));
    if (in_use != active && device.columns_in_use)
        upload(device.columns_in_use->data(), &in_use, sizeof in_use, "the batch elements in use");
    active = in_use;
    if (profiling || one_by_one) return walk_slowly();
    if (lines > most_captured) return walk(&run_alone);
    Replay& replay = replays[active];
    if (!replay.seen) {  // the first time without capture: libraries load what they need, which no capture allows
        replay.seen = true;
        return walk_by_plan();
    }
    if (!replay.graph) replay.graph = captured();
    check(cudaGraphLaunch(replay.graph, stream()), "a presentation");
}

long batch = 1;                // presentations to launch before their results are checked
std::int32_t diverged = 0;  // 1 + the one of the last batch that diverged, or 0

// Runs some presentations, one after the other. A failure on the GPU may be noticed only later.
long show_some(const std::int32_t* order, long most) {
    long shown = 0;
    try {
        for (; shown < most && !(shown && asked_to_stop()); ++shown) present_once(order + shown * batch_size);
        check(cudaStreamSynchronize(stream()), "a presentation");
    } catch (const Failure& failure) {
        if (one_by_one || failure.explained) throw;
        throw std::runtime_error(std::string(failure.what()) + " (set RECIRCUIT_CUDA_WAIT=1 to learn in which kernel)");
    }
    return shown;
}

}  // namespace

cudaStream_t stream() { return made_lanes[current_lane]->stream; }
const Draws* draws() { return device.draws.as<Draws>(); }
void* const* pieces() { return device.pieces.as<void*>(); }

namespace machine {

void start() {
    const char* what = "starting the GPU";
    check(cudaSetDevice(0), what);
    make_lanes();
    let_go = let_rows_go;
    allocate_arrays();
    std::vector<void*> places;
    for (std::size_t k = 0; k < brian::piece_count; ++k) places.push_back(*brian::pieces[k].place);
    device.pieces.resize(std::max<std::size_t>(1, places.size()) * sizeof(void*), what);
    upload(device.pieces.as<void>(), places.data(), places.size() * sizeof(void*), what);
    device.draws.resize(sizeof(Draws), what);
    device.progress.resize(sizeof(Progress), what);
    clear(device.progress.as<void>(), sizeof(Progress), what);
    in_rates.begin(false);
    in_floats.begin(true);
    device.bad_rates.resize(std::max(1, in_rates.count()) * sizeof(std::int32_t), what);
    device.bad_floats.resize(std::max(1, in_floats.count()) * sizeof(std::int32_t), what);
    device.step = &find_array("clock.timestep"), device.t = &find_array("clock.t"), device.dt = &find_array("clock.dt");
    for (std::size_t k = 0; k < array_count; ++k)
        if (!std::strcmp(arrays[k].name, "presentation.active")) device.columns_in_use = &arrays[k];
    store(*device.dt, &brian::dt);
    seed(0);
}

void fetch(const Array& array, void* values) { download(values, array.data(), array.bytes(), array.name); }

void store(const Array& array, const void* values) {
    upload(array.data(), values, array.bytes(), array.name);
    if (&array == device.columns_in_use) active = 0;
}

void load(Clamp& clamp) {
    forget_replays();
    load_rows(clamp);
}
void renew(Clamp& clamp, const void* rows, std::size_t bytes) { renew_rows(clamp, rows, bytes); }
void unload(Clamp& clamp) {
    forget_replays();
    unload_rows(clamp);
}

void seed(std::uint64_t seed) {
    const Draws start{seed, 0};
    upload(device.draws.as<void>(), &start, sizeof start, "the seed");
}
std::vector<char> noise() {
    std::vector<char> state(sizeof(Draws));
    download(state.data(), device.draws.as<void>(), state.size(), "the random numbers");
    return state;
}
void restore(const std::vector<char>& noise) {
    if (noise.size() != sizeof(Draws)) throw std::runtime_error("this is no state of random numbers");
    upload(device.draws.as<void>(), noise.data(), noise.size(), "the random numbers");
}

std::size_t memory() { return held; }

void tabled() {
    forget_replays();
    make_room();
    lines = 0;
    walk_lines(table, 0, [](const Action&, std::int64_t) { ++lines; });
}

void begin(const std::int32_t* order, long presentations) {
    const std::size_t bytes = sizeof(std::int32_t) * batch_size * presentations;
    device.order.resize(bytes, "the order of the presentations");
    if (bytes) upload(device.order.as<void>(), order, bytes, "the order of the presentations");
    const Progress start{device.order.as<std::int32_t>(), 0, 0, 0};
    upload(device.progress.as<void>(), &start, sizeof start, "a run");
    clear(device.bad_rates.as<void>(), in_rates.count() * sizeof(std::int32_t), "a run");
    batch = 1, diverged = 0;
}

long present(const std::int32_t* order, long done, long presentations) {
    const auto begin = std::chrono::steady_clock::now();
    const long most = std::min({batch, presentations - done, 100 - done % 100, room, presentations_staged()});
    stage_rows(order + done * batch_size, most);
    long shown = show_some(order + done * batch_size, most);
    Progress* progress = device.progress.as<Progress>();
    download(&diverged, &progress->diverged, sizeof diverged, "a run");
    if (diverged) shown = diverged;
    fetch_kept(shown);
    clear(&progress->slot, sizeof progress->slot, "a run");
    if (std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(10)) batch = std::min(2 * batch, 100l);
    return shown;
}

const char* not_finite(bool thorough) {
    if (!thorough) return diverged ? in_rates.first(device.bad_rates.as<std::int32_t>()) : nullptr;
    std::int32_t* flags = device.bad_floats.as<std::int32_t>();
    clear(flags, in_floats.count() * sizeof(std::int32_t), "looking for NaN");
    in_floats.into(flags, nullptr);
    return in_floats.first(flags);
}

// After some errors, such as an access outside of an array, every later call fails.
bool goes_on() {
    cudaGetLastError();
    return made_lanes.empty() || cudaStreamSynchronize(stream()) == cudaSuccess;
}

}  // namespace machine
}  // namespace recircuit

int main() { recircuit::serve(); }

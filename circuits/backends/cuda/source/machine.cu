// The cuda backend of the worker. Everything lies in device memory, and a presentation is captured as a graph the
// second time that it runs; between presentations nothing is copied but what is recorded and a few words of progress.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>

#include "arrays.h"
#include "kernels.h"
#include "memory.h"
#include "recording.h"
#include "watch.h"
#include "worker.h"

namespace recircuit {

void check(cudaError_t result, const char* what) {
    if (result != cudaSuccess) throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(result));
}
void check(cublasStatus_t result, const char* what) {
    if (result != CUBLAS_STATUS_SUCCESS)
        throw std::runtime_error(std::string(what) + ": cuBLAS: " + cublasGetStatusString(result));
}

int active = 0;

namespace {

// Freed by the end of the process, not by destructors, which would run after the driver has gone.
struct Device {
    cudaStream_t stream = nullptr;
    cublasHandle_t cublas = nullptr;
    Memory workspace, draws, shared, progress, order, bad;
    const Array *step = nullptr, *t = nullptr, *dt = nullptr, *columns_in_use = nullptr;
    std::map<std::string, std::unique_ptr<Memory>> rows;  // of the stimuli
    std::map<std::string, Memory> lengths;  // of their series
};
Device& device = *new Device;

Watch& in_rates = *new Watch;
Watch& in_floats = *new Watch;

// ---- stimuli -------------------------------------------------------------------------------------------------------

template <class Rate>
void show(const Action& action, std::int64_t time) {
    const Clamp& clamp = *action.clamp;
    const auto found = device.rows.find(clamp.name);
    if (found == device.rows.end()) return;
    if (!found->second) throw std::runtime_error(clamp.name + ": its last data could not be loaded; load others");
    const Progress* progress = device.progress.as<Progress>();
    Rate* rates = static_cast<Rate*>(clamp.rates->data());
    const int width = int(clamp.width), count = batch_size * width;
    const Rate a = clamp.a, b = clamp.b;
    const char* name = clamp.name.c_str();
    const Memory& data = *found->second;
    const std::int32_t* lengths = clamp.lengths.empty() ? nullptr : device.lengths[clamp.name].as<std::int32_t>();
    const Shown shown{action.count + time, action.every, clamp.rows_each, clamp.stride, lengths, streaming};
    if (clamp.labels)
        launch(name, show_labels<Rate>, count, rates, data.as<std::int32_t>(), progress, batch_size, width, a, b);
    else if (clamp.type == Type::uint8)
        launch(name, show_rows<Rate, std::uint8_t>, count, rates, data.as<std::uint8_t>(), progress, batch_size, width, a, b,
               shown);
    else if (clamp.type == Type::float32)
        launch(name, show_rows<Rate, float>, count, rates, data.as<float>(), progress, batch_size, width, a, b,
               shown);
    else
        launch(name, show_rows<Rate, double>, count, rates, data.as<double>(), progress, batch_size, width, a, b,
               shown);
}

// ---- a presentation ------------------------------------------------------------------------------------------------

void tick(std::int64_t& ticks) {
    if (ticks == 0) return;
    launch("the clock", advance, 1, ticks, static_cast<std::int64_t*>(device.step->data()),
           static_cast<double*>(device.t->data()), static_cast<const double*>(device.dt->data()),
           device.draws.as<Draws>());
    ticks = 0;
}

void act(const Action& action, std::int64_t& ticks, std::vector<std::size_t>& times, std::int64_t time) {
    switch (action.kind) {
        case Action::RUN:
            if (action.operation->timed) tick(ticks);
            action.operation->run();
            break;
        case Action::CLAMP:
            if (action.goes_on(time)) break;
            action.clamp->rates->itemsize() == 4 ? show<float>(action, time) : show<double>(action, time);
            break;
        case Action::KEEP:
            if (!std::strncmp(action.array->name, "clock.", 6)) tick(ticks);
            keep(action, times[action.keep]++, device.progress.as<Progress>());
            break;
        case Action::TICK:
            ++ticks;  // told to the device when somebody asks for the time, and at the end
            break;
        case Action::REPEAT:
            break;
    }
}

template <class Around>
void walk(const Around& around) {
    std::int64_t ticks = 0;
    std::vector<std::size_t> times(kept.size(), 0);
    walk_lines(table, 0, [&](Action& action, std::int64_t time) {
        around(action, [&] { act(action, ticks, times, time); });
    });
    tick(ticks);
    Progress* progress = device.progress.as<Progress>();
    in_rates.into(progress->bad, progress);
    launch("the end of a presentation", finish, 1, progress, in_rates.count());
}

void walk() {
    walk([](Action&, const auto& run) { run(); });
}

// One line after the other, each waited for.
void walk_slowly() {
    walk([](Action& action, const auto& run) {
        check(cudaStreamSynchronize(stream()), "a presentation");
        const auto begin = std::chrono::steady_clock::now();
        run();
        check(cudaStreamSynchronize(stream()), action.line.c_str());
        action.nanoseconds += std::chrono::nanoseconds(std::chrono::steady_clock::now() - begin).count();
    });
}

// The presentation as a graph, by how many batch_size are in use (matrix products depend on it).
struct Replay {
    bool seen = false;
    cudaGraphExec_t graph = nullptr;
};
std::map<int, Replay> replays;

void forget_replays() {
    for (auto& replay : replays)
        if (replay.second.graph) cudaGraphExecDestroy(replay.second.graph);
    replays.clear();
}

cudaGraphExec_t captured() {
    const char* what = "capturing a presentation";
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t ready = nullptr;
    check(cudaStreamBeginCapture(stream(), cudaStreamCaptureModeThreadLocal), what);
    try {
        walk();
    } catch (...) {
        cudaStreamEndCapture(stream(), &graph);
        throw;
    }
    check(cudaStreamEndCapture(stream(), &graph), what);
    check(cudaGraphInstantiate(&ready, graph, 0), what);
    check(cudaGraphDestroy(graph), what);
    return ready;
}

const std::size_t most_captured = 200000;  // lines of a presentation that is captured as a graph
std::size_t lines = 0;                     // of a presentation

const bool one_by_one = std::getenv("RECIRCUIT_CUDA_WAIT") != nullptr;

void present_once(const std::int32_t* row) {
    const int in_use = batch_size - int(std::count_if(row, row + batch_size, [](std::int32_t r) { return r < 0; }));
    if (in_use != active && device.columns_in_use)
        upload(device.columns_in_use->data(), &in_use, sizeof in_use, "the batch_size in use");
    active = in_use;
    if (profiling || one_by_one) return walk_slowly();
    if (lines > most_captured) return walk();
    Replay& replay = replays[active];
    if (!replay.seen) {  // the first time as it is: libraries load what they need, which no capture allows
        replay.seen = true;
        return walk();
    }
    if (!replay.graph) replay.graph = captured();
    check(cudaGraphLaunch(replay.graph, stream()), "a presentation");
}

long batch = 1;                // presentations to launch before looking at what has become of them
std::int32_t diverged = 0;  // 1 + which of the last batch, or 0

// Some presentations, one after the other. What fails on the GPU may show itself only later.
long show_some(const std::int32_t* order, long most) {
    long shown = 0;
    try {
        for (; shown < most && !(shown && asked_to_stop()); ++shown) present_once(order + shown * batch_size);
        check(cudaStreamSynchronize(stream()), "a presentation");
    } catch (const std::runtime_error& problem) {
        if (one_by_one) throw;
        throw std::runtime_error(std::string(problem.what()) + " (set RECIRCUIT_CUDA_WAIT=1 to learn in which kernel)");
    }
    return shown;
}

}  // namespace

cudaStream_t stream() { return device.stream; }
cublasHandle_t cublas() { return device.cublas; }
const Draws* draws() { return device.draws.as<Draws>(); }
void* shared() { return device.shared.as<void>(); }

namespace machine {

void start() {
    const char* what = "starting the GPU";
    check(cudaSetDevice(0), what);
    check(cudaStreamCreateWithFlags(&device.stream, cudaStreamNonBlocking), what);
    check(cublasCreate(&device.cublas), what);
    check(cublasSetStream(device.cublas, device.stream), what);
    const std::size_t workspace = 32 << 20;  // of our own: the same bits every time, and nothing to allocate in a capture
    device.workspace.resize(workspace, "the workspace of cuBLAS");
    check(cublasSetWorkspace(device.cublas, device.workspace.as<void>(), workspace), what);
    const char* matmul = std::getenv("RECIRCUIT_MATMUL");
    const bool tf32 = matmul && !std::strcmp(matmul, "tf32");
    check(cublasSetMathMode(device.cublas, tf32 ? CUBLAS_TF32_TENSOR_OP_MATH : CUBLAS_DEFAULT_MATH), what);
    allocate_arrays();
    device.shared.resize(2 * sizeof(double), what);
    device.draws.resize(sizeof(Draws), what);
    device.progress.resize(sizeof(Progress), what);
    clear(device.progress.as<void>(), sizeof(Progress), what);
    in_rates.begin(false);
    in_floats.begin(true);
    device.bad.resize(std::max(1, in_floats.count()) * sizeof(std::int32_t), what);
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

// If the new rows do not fit, the stimulus has none, which a run is told.
void load(Clamp& clamp) {
    forget_replays();
    check(cudaStreamSynchronize(stream()), clamp.name.c_str());
    device.rows[clamp.name].reset();
    auto rows = std::make_unique<Memory>();
    rows->resize(clamp.rows->bytes, ("the data of " + clamp.name).c_str());
    upload(rows->as<void>(), clamp.rows->data, clamp.rows->bytes, clamp.name.c_str());
    device.rows[clamp.name] = std::move(rows);
    clamp.rows.reset();
    device.lengths.erase(clamp.name);
    if (clamp.lengths.empty()) return;
    const std::size_t bytes = sizeof(std::int32_t) * clamp.lengths.size();
    device.lengths[clamp.name].resize(bytes, clamp.name.c_str());
    upload(device.lengths[clamp.name].as<void>(), clamp.lengths.data(), bytes, clamp.name.c_str());
}

void renew(Clamp& clamp, const void* rows, std::size_t bytes) {
    upload(device.rows.at(clamp.name)->as<void>(), rows, bytes, clamp.name.c_str());
}

void unload(Clamp& clamp) {
    forget_replays();
    device.rows.erase(clamp.name);
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
    const Progress start{device.order.as<std::int32_t>(), 0, 0, 0, {}};
    upload(device.progress.as<void>(), &start, sizeof start, "a run");
    batch = 1, diverged = 0;
}

long present(const std::int32_t* order, long done, long presentations) {
    const auto begin = std::chrono::steady_clock::now();
    const long most = std::min({batch, presentations - done, 100 - done % 100, room});
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
    if (!thorough) return diverged ? in_rates.first(device.progress.as<Progress>()->bad) : nullptr;
    std::int32_t* flags = device.bad.as<std::int32_t>();
    clear(flags, in_floats.count() * sizeof(std::int32_t), "looking for NaN");
    in_floats.into(flags, nullptr);
    return in_floats.first(flags);
}

}  // namespace machine
}  // namespace recircuit

int main() { recircuit::serve(); }

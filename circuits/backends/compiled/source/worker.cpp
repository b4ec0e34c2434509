// The worker: a compiled circuit that stays alive and does what the messages on its standard input, a socket, ask for.
//
//   get      NAME                         NAME and a variable's values
//   set      NAME, VALUES
//   load     STIMULUS, NUMBER, TYPE, ROWS, WIDTH, SCALE, OFFSET   and a file of the rows: rates are SCALE*value + OFFSET;
//            EACH, STRIDE, N, LENGTHS     EACH rows form a sample, the next begins STRIDE later, and N samples have LENGTHS
//   label    SUPERVISOR, NUMBER, ROWS, WIDTH, ON, OFF             and a file of int32 labels
//            Rows of the same stimulus and NUMBER are the same rows, unless the NUMBER is 0.
//   table    the lines of a timetable (see read_table)
//   seed     N
//   memory                                bytes
//   run      PRESENTATIONS, ORDER         how many were done, whether it was stopped, what diverged; and the kept values:
//                                         "keep" or "trace", variable, values
//   profile  1 or 0                       whether runs from now on time each line of the table
//   times                                 the lines of the table, each with its nanoseconds in all presentations
//   noise                                 the state of the random numbers; restore sets it
//   live     N, STIMULI, VARIABLES        begins a closed loop: the stimuli that calls give, and the variables that they get
//   present  the rows of each of those    one presentation: what diverged, and the values of those variables;
//            present_soon likewise, and the worker looks for the next message for a while before it sleeps
//   ping
//
// Each is answered by an answer or an error of its number; a run also reports its progress. A message that cannot be read,
// or does not fit the circuit, is answered by an error and changes nothing. A request to stop ends the run of its number
// after the presentation under way. The worker ends when the other end of its socket is closed, and after an error with which
// its state is lost.
#include "worker.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <map>
#include <thread>

namespace recircuit {

std::vector<Action> table;
std::vector<std::vector<char>> kept;
bool streaming = false;
bool profiling = false;

Mapped::Mapped(int file) {
    struct stat info;
    if (file < 0 || fstat(file, &info) != 0) throw std::runtime_error("no file came with the data");
    bytes = info.st_size;
    if (bytes) data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (data == MAP_FAILED) {
        data = nullptr;
        throw std::runtime_error("the file of the data cannot be mapped");
    }
}
Mapped::~Mapped() {
    if (data) munmap(data, bytes);
}

const Array& find_array(const std::string& name) {
    for (std::size_t k = 0; k < array_count; ++k)
        if (name == arrays[k].name) return arrays[k];
    throw std::runtime_error("there is no variable " + name);
}

namespace {

using Clock = std::chrono::steady_clock;

Channel& channel = *new Channel(STDIN_FILENO);
std::map<std::string, Clamp>& clamps = *new std::map<std::string, Clamp>;
std::uint64_t running = 0;  // the number of the message that is obeyed
bool stopping = false;
Clock::time_point looked;

const Operation& find_operation(const std::string& name) {
    for (std::size_t k = 0; k < operation_count; ++k)
        if (name == operations[k].name) return operations[k];
    throw std::runtime_error("there is no operation " + name);
}

Action clamp_action(const std::string& stimulus, const std::string& variable, std::size_t every, std::size_t before) {
    Clamp& clamp = clamps[stimulus];
    const Array& rates = find_array(variable);
    if (!rates.floating()) throw std::runtime_error(variable + " holds no rates");
    if (clamp.count && rates.count() != std::size_t(batch_size) * clamp.width)
        throw std::runtime_error("the data of " + stimulus + " do not have its width");
    clamp.rates = &rates;
    return {Action::CLAMP, nullptr, &clamp, nullptr, 0, 0, false, "clamp " + stimulus + " " + variable, 0,
            std::int64_t(every), std::int64_t(before)};
}

Action keep_action(const std::string& name, bool traced, std::size_t count, const std::vector<Action>& before,
                   std::size_t buffers) {
    const Array& array = find_array(name);
    if (count > array.count()) throw std::runtime_error(name + " does not have so many values");
    Action action{Action::KEEP, nullptr, nullptr, &array, count * array.itemsize(), buffers, traced, "keep " + name, 0};
    for (const Action& other : before)
        if (other.kind == Action::KEEP && other.array == action.array && other.traced == traced) {
            if (other.bytes != action.bytes) throw std::runtime_error(name + " is kept in two lengths");
            action.keep = other.keep;
        }
    return action;
}

// The lines are: "run", OPERATION; "clamp", STIMULUS, VARIABLE, EVERY, BEFORE (for series, the steps from one row to the next
// and the earlier steps of the window; otherwise 0 and 0); "tick", which ends a step; "keep", VARIABLE, COUNT (its first COUNT
// values), or "trace", which keeps them separately; "repeat", TIMES, before a step that is repeated; "together", COUNT, before
// COUNT operations that do not depend on each other; and, as the first line, "stream", if the table is one step of a run
// without presentations.
void read_table(Message& message) {
    std::vector<Action> lines;
    std::size_t buffers = 0, repeated = 0, together = 0;
    bool streams = false, begins = false;
    while (message.more()) {
        const std::string what = message.text();
        if (what == "stream") {
            streams = true;
        } else if (what == "repeat") {
            if (repeated) throw std::runtime_error("a step is repeated within another");
            repeated = lines.size() + 1;
            lines.push_back({Action::REPEAT, nullptr, nullptr, nullptr, 0, 0, false, "repeat", 0, 0,
                             std::int64_t(message.count())});
        } else if (what == "together") {
            if (together) throw std::runtime_error("operations that do not depend on each other begin among others");
            together = message.count();
            begins = together > 0;
        } else if (what == "run") {
            const std::string name = message.text();
            lines.push_back({Action::RUN, &find_operation(name), nullptr, nullptr, 0, 0, false, "run " + name, 0});
            lines.back().first = begins;
            lines.back().last = together == 1;
            begins = false;
            together -= together > 0;
        } else if (what == "clamp") {
            const std::string stimulus = message.text();
            const std::string variable = message.text();
            const std::size_t every = message.count();
            lines.push_back(clamp_action(stimulus, variable, every, message.count()));
        } else if (what == "keep" || what == "trace") {
            const std::string name = message.text();
            lines.push_back(keep_action(name, what == "trace", message.count(), lines, buffers));
            buffers = std::max(buffers, lines.back().keep + 1);
        } else if (what == "tick") {
            lines.push_back({Action::TICK, nullptr, nullptr, nullptr, 0, 0, false, "tick", 0});
            if (repeated) lines[repeated - 1].end = lines.size();
            repeated = 0;
        } else {
            throw std::runtime_error("a table has no lines such as " + what);
        }
    }
    if (repeated) throw std::runtime_error("a step that is repeated has no end");
    if (together) throw std::runtime_error("operations that do not depend on each other have no end");
    table = std::move(lines);
    streaming = streams;
    kept.assign(buffers, {});
    machine::tabled();
}

void answer_kept(Fields& answer) {
    std::vector<bool> reported(kept.size());
    for (const Action& action : table) {
        if (action.kind != Action::KEEP || reported[action.keep]) continue;
        reported[action.keep] = true;
        const std::vector<char>& values = kept[action.keep];
        answer.text(action.traced ? "trace" : "keep").text(action.array->name);
        std::memcpy(answer.add(action.array->type, values.size()), values.data(), values.size());
    }
}

void check_order(const std::int32_t* rows, std::size_t count) {
    const std::int64_t last = count ? *std::max_element(rows, rows + count) : -1;
    for (const Action& action : table) {
        if (action.kind != Action::CLAMP || !action.clamp->count) continue;
        const Clamp& clamp = *action.clamp;
        if (last * clamp.stride + clamp.rows_each > std::int64_t(clamp.count) && last >= 0)
            throw std::runtime_error("the order asks for a row that " + clamp.name + " does not have");
    }
}

Fields run(Message& message) {
    const std::size_t count = message.count();
    if (count > message.body.size()) throw std::runtime_error("there are more presentations than the order has");
    const std::int32_t* rows = static_cast<const std::int32_t*>(message.array(Type::int32, count * batch_size));
    message.end();
    check_order(rows, count * batch_size);
    const long presentations = long(count);
    for (auto& buffer : kept) buffer.clear();
    machine::begin(rows, presentations);
    long done = 0;
    const char* diverged = nullptr;
    auto reported = Clock::now();
    while (done < presentations && !asked_to_stop() && !diverged) {
        done += machine::present(rows, done, presentations);
        diverged = machine::not_finite(done % 100 == 0);
        if (looked - reported > std::chrono::milliseconds(100)) {
            channel.send(Kind::progress, message.number, Fields().whole(done));
            reported = looked;
        }
    }
    if (!diverged) diverged = machine::not_finite(true);
    Fields answer;
    answer.whole(done).whole(stopping).text(diverged ? diverged : "");
    answer_kept(answer);
    return answer;
}

// ---- a closed loop -------------------------------------------------------------------------------------------------

struct Live {
    std::vector<Clamp*> clamps;      // stimuli that every call gives rows
    std::vector<const Array*> reads;  // variables that every call returns
    std::vector<std::int32_t> order;  // batch element k shows row k
};
Live& loop = *new Live;
constexpr Nanoseconds looks = 100'000;  // between two calls

// COUNT, STIMULI, VARIABLES: the stimuli that calls of a closed loop give, and the variables that they get; no stimuli end it.
void begin_live(Message& message) {
    Live begun;
    const std::size_t count = message.count();
    if (count > clamps.size()) throw std::runtime_error("there are not so many stimuli");
    for (std::size_t k = 0; k < count; ++k) {
        const auto found = clamps.find(message.text());
        if (found == clamps.end() || !found->second.count) throw std::runtime_error("a stimulus has no rows");
        begun.clamps.push_back(&found->second);
    }
    while (message.more()) begun.reads.push_back(&find_array(message.text()));
    for (int k = 0; k < batch_size; ++k) begun.order.push_back(k);
    if (!count)
        for (Clamp* clamp : loop.clamps) {
            machine::unload(*clamp);
            clamp->rows.reset();
            clamp->count = 0;
        }
    loop = std::move(begun);
}

void check_labels(const Clamp& clamp, const std::int32_t* labels) {
    for (std::size_t k = 0; k < clamp.count; ++k)
        if (labels[k] < 0 || std::size_t(labels[k]) >= clamp.width)
            throw std::runtime_error("a label of " + clamp.name + " is none of its units");
}

// The rows of each stimulus; the answer is the variable that diverged, if any, and the values of the variables.
Fields present(Message& message) {
    if (loop.order.empty()) throw std::runtime_error("no closed loop has begun");
    for (Clamp* clamp : loop.clamps) {
        const std::size_t values = clamp->count * (clamp->labels ? 1 : clamp->width);
        const void* rows = message.array(clamp->type, values);
        if (clamp->labels) check_labels(*clamp, static_cast<const std::int32_t*>(rows));
        machine::renew(*clamp, rows, values * bytes_of(clamp->type));
    }
    message.end();
    machine::begin(loop.order.data(), 1);
    machine::present(loop.order.data(), 0, 1);
    const char* diverged = machine::not_finite(false);
    Fields answer;
    answer.text(diverged ? diverged : "");
    for (const Array* array : loop.reads) machine::fetch(*array, answer.add(array->type, array->bytes()));
    return answer;
}

Type type_of_rows(const std::string& name) {
    if (name == "uint8") return Type::uint8;
    if (name == "float32") return Type::float32;
    if (name == "float64") return Type::float64;
    throw std::runtime_error("data cannot be of type " + name);
}

// The ROWS of a sample, the STRIDE from one sample to the next, COUNT, and this number of LENGTHS.
void read_series(Message& message, Clamp& clamp) {
    clamp.rows_each = message.count(), clamp.stride = message.count();
    const std::size_t count = message.count();
    if (count > message.body.size()) throw std::runtime_error("there are more lengths than the message has");
    const std::int32_t* lengths = static_cast<const std::int32_t*>(message.array(Type::int32, count));
    clamp.lengths.assign(lengths, lengths + count);
    const std::size_t samples = clamp.stride ? clamp.count / clamp.stride : 1;
    bool fit = clamp.rows_each > 0 && std::size_t(clamp.rows_each) <= clamp.count && (!count || count == samples);
    for (const std::int32_t length : clamp.lengths) fit = fit && length >= 0 && length <= clamp.rows_each;
    if (!fit || (clamp.stride && clamp.count % clamp.stride))
        throw std::runtime_error("the series of " + clamp.name + " have a wrong size");
}

void load(Message& message, bool labels) {
    Clamp read;
    read.name = message.text();
    read.number = std::int64_t(message.count());
    read.labels = labels;
    read.type = labels ? Type::int32 : type_of_rows(message.text());
    read.count = message.count();
    read.width = message.count();
    read.a = message.real(), read.b = message.real();
    if (!labels) read_series(message, read);
    message.end();
    read.rows.reset(new Mapped(message.file));
    const std::size_t each = bytes_of(read.type) * (labels ? 1 : read.width), all = read.rows->bytes;
    if (!each || !read.count || all % each || all / each != read.count)
        throw std::runtime_error("the data of " + read.name + " have a wrong size");
    if (labels) check_labels(read, static_cast<const std::int32_t*>(read.rows->data));
    Clamp& clamp = clamps[read.name];
    if (clamp.rates && clamp.rates->count() != std::size_t(batch_size) * read.width)
        throw std::runtime_error("the data of " + read.name + " do not have its width");
    read.rates = clamp.rates;
    clamp = std::move(read);
    machine::load(clamp);
}

Fields get(Message& message) {
    const Array& array = find_array(message.text());
    message.end();
    Fields answer;
    answer.text(array.name);
    machine::fetch(array, answer.add(array.type, array.bytes()));
    return answer;
}

void set(Message& message) {
    const Array& array = find_array(message.text());
    const void* values = message.array(array.type, array.count());
    message.end();
    machine::store(array, values);
}

Fields times() {
    Fields answer;
    for (const Action& action : table) answer.text(action.line).whole(action.nanoseconds);
    return answer;
}

Fields noise() {
    const std::vector<char> state = machine::noise();
    Fields answer;
    answer.whole(std::int64_t(state.size()));
    std::memcpy(answer.add(Type::uint8, state.size()), state.data(), state.size());
    return answer;
}

void restore(Message& message) {
    const std::size_t size = message.count();
    const char* state = static_cast<const char*>(message.array(Type::uint8, size));
    message.end();
    machine::restore(std::vector<char>(state, state + size));
}

Fields obey(Message& message) {
    switch (message.kind) {
        case Kind::get: return get(message);
        case Kind::run: return run(message);
        case Kind::times: return times();
        case Kind::present: case Kind::present_soon: return present(message);
        case Kind::noise: return noise();
        case Kind::memory: return Fields().whole(std::int64_t(machine::memory()));
        case Kind::set: set(message); break;
        case Kind::load: load(message, false); break;
        case Kind::label: load(message, true); break;
        case Kind::table: read_table(message); break;
        case Kind::restore: restore(message); break;
        case Kind::seed: machine::seed(message.count()); break;
        case Kind::profile: profiling = message.count() != 0; break;
        case Kind::live: begin_live(message); break;
        case Kind::ping: break;
        default: throw std::runtime_error("there is no message of kind " + std::to_string(std::uint32_t(message.kind)));
    }
    return {};
}

// Does something, and answers with an error of this number if it fails; or says that its state is lost, and ends.
template <class Do>
bool succeeds(const std::uint64_t& number, const Do& something) {
    try {
        something();
        return true;
    } catch (const std::exception& problem) {
        const bool goes_on = machine::goes_on();
        channel.send(goes_on ? Kind::error : Kind::lost, number, Fields().text(problem.what()));
        if (!goes_on) std::_Exit(1);
        return false;
    }
}

void serve_one() {
    running = 0;  // an error of number 0 belongs to whatever Python waits for
    succeeds(running, [] {
        Message message = channel.receive();
        running = message.number, stopping = false, looked = {};
        channel.send(Kind::answer, running, obey(message));
        if (message.kind == Kind::present_soon) channel.look(looks);
    });
}

}  // namespace

bool asked_to_stop() {
    const auto now = Clock::now();
    if (!stopping && now - looked > std::chrono::milliseconds(2)) {
        looked = now;
        stopping = channel.stopped(running);
    }
    return stopping;
}

void serve() {
    std::signal(SIGINT, SIG_IGN);  // the process that started the worker asks it to stop
    std::thread([] {
        channel.wait_for_the_end();
        std::_Exit(0);
    }).detach();
    const bool ready = succeeds(1, [] {
        machine::start();
        channel.send(Kind::answer, 1, {});
    });
    while (ready) serve_one();
    std::_Exit(1);
}

}  // namespace recircuit

// The worker: a compiled circuit that stays alive and takes commands on its standard input, one a line.
//
//   set NAME FILE             a variable's values, raw            get NAME FILE          the same, back
//   load NAME FILE TYPE COLS SCALE OFFSET                         rows of a stimulus, values = SCALE*data + OFFSET
//   label NAME FILE COLS ON OFF                                    rows of a supervisor: int32 labels
//   table FILE                                                    a timetable (see read_table)
//   seed N
//   run ORDER PRESENTATIONS FOLDER                                order: int32 rows, PRESENTATIONS x columns
//   profile FILE                                                  runs from now on time each line of the table
//   quit
//
// Each is answered by "ok ...", or "error ..."; while it runs, by lines "at N". What the table keeps is written to
// FOLDER/kept_0, FOLDER/kept_1, ... An interrupt ends a run after the presentation under way. A profile has the lines
// of the table, each after its nanoseconds in all presentations; without a FILE profiling ends.
#include "recircuit.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "objects.h"

namespace recircuit {
namespace {

volatile std::sig_atomic_t asked_to_stop = 0;
void on_interrupt(int) { asked_to_stop = 1; }

// A file in memory, read-only.
struct Mapped {
    void* data = nullptr;
    std::size_t bytes = 0;
    explicit Mapped(const std::string& path) {
        int file = open(path.c_str(), O_RDONLY);
        struct stat info;
        if (file < 0 || fstat(file, &info) != 0) throw std::runtime_error("cannot read " + path);
        bytes = info.st_size;
        if (bytes) data = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, file, 0);
        close(file);
        if (data == MAP_FAILED) throw std::runtime_error("cannot map " + path);
    }
    ~Mapped() {
        if (data) munmap(data, bytes);
    }
    Mapped(const Mapped&) = delete;
    Mapped& operator=(const Mapped&) = delete;
};

const Array& find_array(const std::string& name) {
    for (std::size_t k = 0; k < array_count; ++k)
        if (name == arrays[k].name) return arrays[k];
    throw std::runtime_error("no variable " + name);
}

// ---- stimuli -------------------------------------------------------------------------------------------------------

struct Clamp {
    const Array* rates = nullptr;
    std::unique_ptr<Mapped> rows;
    std::string type;
    std::size_t width = 0;
    double a = 1, b = 0;  // values: scale and offset; labels: on and off
};

template <class Rate, class Value>
void show_rows(const Clamp& clamp, const std::int32_t* order) {
    Rate* rates = static_cast<Rate*>(clamp.rates->data());
    const Value* data = static_cast<const Value*>(clamp.rows->data);
    const Rate scale = clamp.a, offset = clamp.b;
    for (int column = 0; column < columns; ++column, rates += clamp.width) {
        if (order[column] < 0) {
            std::fill(rates, rates + clamp.width, Rate(0));
            continue;
        }
        const Value* row = data + std::size_t(order[column]) * clamp.width;
        for (std::size_t k = 0; k < clamp.width; ++k) rates[k] = Rate(row[k]) * scale + offset;
    }
}

template <class Rate>
void show_labels(const Clamp& clamp, const std::int32_t* order) {
    Rate* rates = static_cast<Rate*>(clamp.rates->data());
    const std::int32_t* labels = static_cast<const std::int32_t*>(clamp.rows->data);
    for (int column = 0; column < columns; ++column, rates += clamp.width) {
        std::fill(rates, rates + clamp.width, Rate(order[column] < 0 ? 0 : clamp.b));
        if (order[column] >= 0) rates[labels[order[column]]] = Rate(clamp.a);
    }
}

template <class Rate>
void show(const Clamp& clamp, const std::int32_t* order) {
    if (!clamp.rows) return;
    if (clamp.type == "label") show_labels<Rate>(clamp, order);
    else if (clamp.type == "uint8") show_rows<Rate, std::uint8_t>(clamp, order);
    else if (clamp.type == "float32") show_rows<Rate, float>(clamp, order);
    else show_rows<Rate, double>(clamp, order);
}

std::map<std::string, Clamp> clamps;

// ---- the timetable -------------------------------------------------------------------------------------------------

struct Action {
    enum Kind { RUN, CLAMP, KEEP, TICK } kind;
    void (*run)();
    Clamp* clamp;
    const Array* array;
    std::size_t bytes, keep;
    std::string line;
    std::int64_t nanoseconds;
};
std::vector<Action> table;
std::vector<std::vector<char>> kept;

// Lines: "run OPERATION", "clamp STIMULUS VARIABLE", "keep VARIABLE COUNT" (its first COUNT values), "tick".
void read_table(const std::string& path) {
    std::ifstream file(path);
    if (!file) throw std::runtime_error("cannot read " + path);
    table.clear();
    kept.clear();
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string what, name;
        std::size_t count = 0;
        words >> what >> name >> count;
        Action action{Action::TICK, nullptr, nullptr, nullptr, 0, 0, line, 0};
        if (what == "run") {
            action.kind = Action::RUN;
            for (std::size_t k = 0; k < operation_count; ++k)
                if (name == operations[k].name) action.run = operations[k].run;
            if (!action.run) throw std::runtime_error("no operation " + name);
        } else if (what == "clamp") {
            action.kind = Action::CLAMP;
            action.clamp = &clamps[name];
            std::string variable;
            std::istringstream again(line);
            again >> what >> name >> variable;
            action.clamp->rates = &find_array(variable);
        } else if (what == "keep") {
            action.kind = Action::KEEP;
            action.array = &find_array(name);
            action.bytes = count * action.array->itemsize;
            action.keep = kept.size();
            for (const Action& other : table)
                if (other.kind == Action::KEEP && other.array == action.array && other.bytes == action.bytes)
                    action.keep = other.keep;
            if (action.keep == kept.size()) kept.emplace_back();
        }
        table.push_back(action);
    }
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
    if (!array.floating) return true;
    if (array.itemsize == 4) return all_finite<std::uint32_t>(array.data(), array.count(), 0x7f800000u);
    return all_finite<std::uint64_t>(array.data(), array.count(), 0x7ff0000000000000ull);
}

bool is_rate(const char* name) {
    const char* dot = std::strrchr(name, '.');
    return dot && !std::strcmp(dot, ".rate");
}

const char* first_not_finite(bool thorough) {
    for (std::size_t k = 0; k < array_count; ++k)
        if ((thorough || is_rate(arrays[k].name)) && !finite(arrays[k])) return arrays[k].name;
    return nullptr;
}

// ---- running -------------------------------------------------------------------------------------------------------

inline void act(const Action& action, const std::int32_t* order, std::size_t itemsize) {
    switch (action.kind) {
        case Action::RUN:
            action.run();
            break;
        case Action::CLAMP:
            itemsize == 4 ? show<float>(*action.clamp, order) : show<double>(*action.clamp, order);
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
        }
    }
}

std::string profile;  // the file that profiles are written to; empty: nothing is timed

void present(const std::int32_t* order, std::size_t itemsize) {
    if (profile.empty()) {
        for (const Action& action : table) act(action, order, itemsize);
        return;
    }
    for (Action& action : table) {
        const auto begin = std::chrono::steady_clock::now();
        act(action, order, itemsize);
        action.nanoseconds += std::chrono::nanoseconds(std::chrono::steady_clock::now() - begin).count();
    }
}

void write_profile() {
    std::ofstream file(profile);
    for (const Action& action : table) file << action.nanoseconds << ' ' << action.line << '\n';
    if (!file.flush()) throw std::runtime_error("cannot write " + profile);
}

void run(const std::string& order_path, long presentations, const std::string& folder) {
    Mapped order(order_path);
    if (order.bytes != sizeof(std::int32_t) * columns * presentations) throw std::runtime_error("order: wrong size");
    std::int32_t* active = nullptr;
    std::size_t itemsize = 8;
    for (std::size_t k = 0; k < array_count; ++k) {
        if (!std::strcmp(arrays[k].name, "presentation.active")) active = static_cast<std::int32_t*>(arrays[k].data());
        if (is_rate(arrays[k].name)) itemsize = arrays[k].itemsize;
    }
    for (auto& buffer : kept) buffer.clear();
    asked_to_stop = 0;
    long done = 0;
    const char* diverged = nullptr;
    auto told = std::chrono::steady_clock::now();
    while (done < presentations && !asked_to_stop && !diverged) {
        const std::int32_t* row = static_cast<const std::int32_t*>(order.data) + done * columns;
        if (active) {
            *active = 0;
            for (int column = 0; column < columns; ++column) *active += row[column] >= 0;
        }
        present(row, itemsize);
        ++done;
        diverged = first_not_finite(done % 100 == 0);
        auto now = std::chrono::steady_clock::now();
        if (now - told > std::chrono::milliseconds(100)) {
            std::cout << "at " << done << std::endl;
            told = now;
        }
    }
    if (!diverged) diverged = first_not_finite(true);
    for (std::size_t k = 0; k < kept.size(); ++k) {
        std::ofstream file(folder + "/kept_" + std::to_string(k), std::ios::binary);
        file.write(kept[k].data(), kept[k].size());
        if (!file.flush()) throw std::runtime_error("cannot write to " + folder);
    }
    if (!profile.empty()) write_profile();
    std::cout << "ok " << done << " " << (asked_to_stop ? 1 : 0) << " " << (diverged ? diverged : "") << std::endl;
}

void obey(const std::string& line) {
    std::istringstream words(line);
    std::string command, name, path;
    words >> command;
    if (command == "run") {
        long presentations = 0;
        std::string folder;
        words >> path >> presentations >> folder;
        return run(path, presentations, folder);
    }
    if (command == "set") {
        words >> name >> path;
        const Array& array = find_array(name);
        Mapped values(path);
        if (values.bytes != array.count() * array.itemsize) throw std::runtime_error(name + ": wrong size");
        std::memcpy(array.data(), values.data, values.bytes);
    } else if (command == "get") {
        words >> name >> path;
        const Array& array = find_array(name);
        std::ofstream file(path, std::ios::binary);
        file.write(static_cast<const char*>(array.data()), array.count() * array.itemsize);
        if (!file.flush()) throw std::runtime_error("cannot write " + path);
    } else if (command == "load") {
        Clamp& clamp = clamps[(words >> name, name)];
        words >> path >> clamp.type >> clamp.width >> clamp.a >> clamp.b;
        clamp.rows.reset(new Mapped(path));
    } else if (command == "label") {
        Clamp& clamp = clamps[(words >> name, name)];
        clamp.type = "label";
        words >> path >> clamp.width >> clamp.a >> clamp.b;
        clamp.rows.reset(new Mapped(path));
    } else if (command == "table") {
        words >> path;
        read_table(path);
    } else if (command == "profile") {
        profile.clear();
        words >> profile;
    } else if (command == "seed") {
        unsigned long seed = 0;
        words >> seed;
        for (auto& generator : brian::_random_generators) generator.seed(seed);
    } else if (command == "quit") {
        std::_Exit(0);
    } else {
        throw std::runtime_error("unknown command " + command);
    }
    std::cout << "ok" << std::endl;
}

}  // namespace

void serve() {
    const char* threads = std::getenv("RECIRCUIT_THREADS");
    Pool::get().start(threads ? std::atoi(threads) : 1);
    std::signal(SIGINT, on_interrupt);
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // a worker does not outlive who started it
    std::cout << "ok ready" << std::endl;
    for (std::string line; std::getline(std::cin, line);) try {
            obey(line);
        } catch (const std::exception& problem) {
            std::cout << "error " << problem.what() << std::endl;
        }
    std::_Exit(0);
}

}  // namespace recircuit

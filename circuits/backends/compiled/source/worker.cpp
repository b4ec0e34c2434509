// The worker: a compiled circuit that stays alive and takes commands on its standard input, one a line.
//
//   set NAME FILE             a variable's values, raw            get NAME FILE          the same, back
//   load NAME FILE TYPE COLS SCALE OFFSET                         rows of a stimulus, values = SCALE*data + OFFSET
//   label NAME FILE COLS ON OFF                                    rows of a supervisor: int32 labels
//   table FILE                                                    a timetable (see read_table)
//   seed N                                                        memory                 answered by bytes
//   run ORDER PRESENTATIONS FOLDER                                order: int32 rows, PRESENTATIONS x columns
//   profile FILE                                                  runs from now on time each line of the table
//   quit
//
// Each is answered by "ok ...", or "error ..."; while it runs, by lines "at N". What the table keeps is written to
// FOLDER/kept_0, FOLDER/kept_1, ... An interrupt ends a run after the presentation under way. A profile has the lines
// of the table, each after its nanoseconds in all presentations; without a FILE profiling ends.
#include "worker.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>

namespace recircuit {

std::vector<Action> table;
std::vector<std::vector<char>> kept;
bool profiling = false;
volatile std::sig_atomic_t asked_to_stop = 0;

Mapped::Mapped(const std::string& path) {
    int file = open(path.c_str(), O_RDONLY);
    struct stat info;
    if (file < 0 || fstat(file, &info) != 0) throw std::runtime_error("cannot read " + path);
    bytes = info.st_size;
    if (bytes) data = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (data == MAP_FAILED) throw std::runtime_error("cannot map " + path);
}
Mapped::~Mapped() {
    if (data) munmap(data, bytes);
}

const Array& find_array(const std::string& name) {
    for (std::size_t k = 0; k < array_count; ++k)
        if (name == arrays[k].name) return arrays[k];
    throw std::runtime_error("no variable " + name);
}

namespace {

std::map<std::string, Clamp> clamps;
std::string profile;  // the file that profiles are written to
void on_interrupt(int) { asked_to_stop = 1; }

const Operation& find_operation(const std::string& name) {
    for (std::size_t k = 0; k < operation_count; ++k)
        if (name == operations[k].name) return operations[k];
    throw std::runtime_error("no operation " + name);
}

// Lines: "run OPERATION", "clamp STIMULUS VARIABLE", "keep VARIABLE COUNT" (its first COUNT values), "tick".
void read_table(const std::string& path) {
    std::ifstream file(path);
    if (!file) throw std::runtime_error("cannot read " + path);
    table.clear();
    kept.clear();
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string what, name, variable;
        std::size_t count = 0;
        words >> what >> name;
        Action action{Action::TICK, nullptr, nullptr, nullptr, 0, 0, line, 0};
        if (what == "run") {
            action.kind = Action::RUN;
            action.operation = &find_operation(name);
        } else if (what == "clamp") {
            action.kind = Action::CLAMP;
            action.clamp = &clamps[name];
            words >> variable;
            action.clamp->rates = &find_array(variable);
        } else if (what == "keep") {
            words >> count;
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
    machine::tabled();
}

void write_kept(const std::string& folder) {
    for (std::size_t k = 0; k < kept.size(); ++k) {
        std::ofstream file(folder + "/kept_" + std::to_string(k), std::ios::binary);
        file.write(kept[k].data(), kept[k].size());
        if (!file.flush()) throw std::runtime_error("cannot write to " + folder);
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
    const std::int32_t* rows = static_cast<const std::int32_t*>(order.data);
    for (auto& buffer : kept) buffer.clear();
    asked_to_stop = 0;
    machine::begin(rows, presentations);
    long done = 0;
    const char* diverged = nullptr;
    auto told = std::chrono::steady_clock::now();
    while (done < presentations && !asked_to_stop && !diverged) {
        done += machine::present(rows, done, presentations);
        diverged = machine::not_finite(done % 100 == 0);
        auto now = std::chrono::steady_clock::now();
        if (now - told > std::chrono::milliseconds(100)) {
            std::cout << "at " << done << std::endl;
            told = now;
        }
    }
    if (!diverged) diverged = machine::not_finite(true);
    write_kept(folder);
    if (profiling) write_profile();
    std::cout << "ok " << done << " " << (asked_to_stop ? 1 : 0) << " " << (diverged ? diverged : "") << std::endl;
}

void load(std::istringstream& words, bool labels) {
    std::string name, path;
    words >> name >> path;
    Clamp& clamp = clamps[name];
    clamp.name = name;
    if (labels) clamp.type = "label";
    else words >> clamp.type;
    words >> clamp.width >> clamp.a >> clamp.b;
    clamp.rows.reset(new Mapped(path));
    machine::load(clamp);
}

void set(const Array& array, const std::string& path) {
    Mapped values(path);
    if (values.bytes != array.bytes()) throw std::runtime_error(std::string(array.name) + ": wrong size");
    machine::store(array, values.data);
}

void get(const Array& array, const std::string& path) {
    std::vector<char> values(array.bytes());
    machine::fetch(array, values.data());
    std::ofstream file(path, std::ios::binary);
    file.write(values.data(), values.size());
    if (!file.flush()) throw std::runtime_error("cannot write " + path);
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
        set(find_array(name), path);
    } else if (command == "get") {
        words >> name >> path;
        get(find_array(name), path);
    } else if (command == "load" || command == "label") {
        load(words, command == "label");
    } else if (command == "table") {
        words >> path;
        read_table(path);
    } else if (command == "profile") {
        profile.clear();
        words >> profile;
        profiling = !profile.empty();
    } else if (command == "seed") {
        unsigned long seed = 0;
        words >> seed;
        machine::seed(seed);
    } else if (command == "memory") {
        std::cout << "ok " << machine::memory() << std::endl;
        return;
    } else if (command == "quit") {
        std::_Exit(0);
    } else {
        throw std::runtime_error("unknown command " + command);
    }
    std::cout << "ok" << std::endl;
}

// Does something and says "error ..." where it fails.
template <class Do>
bool answered(const Do& something) {
    try {
        something();
        return true;
    } catch (const std::exception& problem) {
        std::cout << "error " << problem.what() << std::endl;
        return false;
    }
}

}  // namespace

void serve() {
    std::signal(SIGINT, on_interrupt);
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // a worker does not outlive who started it
    if (!answered([] { machine::start(); })) std::_Exit(1);
    std::cout << "ok ready" << std::endl;
    for (std::string line; std::getline(std::cin, line);) answered([&] { obey(line); });
    std::_Exit(0);
}

}  // namespace recircuit

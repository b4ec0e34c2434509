// The parts of a worker: the registry of a circuit, the table of a presentation, and the functions of a backend.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "messages.h"

namespace recircuit {

// ---- the registry, generated for each circuit ----------------------------------------------------------------------

// A variable that Python may read and set. Floats are checked for NaN and infinity, and rates after every presentation.
struct Array {
    const char* name;
    void* (*data)();
    std::size_t (*count)();
    Type type;
    std::size_t itemsize() const { return bytes_of(type); }
    std::size_t bytes() const { return count() * itemsize(); }
    bool floating() const { return type == Type::float32 || type == Type::float64; }
};

// An operation that may run in a step; it is timed if it reads the clock or draws random numbers.
struct Operation {
    const char* name;
    void (*run)();
    bool timed;
};

extern const Array arrays[];
extern const std::size_t array_count;
extern const Operation operations[];
extern const std::size_t operation_count;
extern const int batch_size;

const Array& find_array(const std::string& name);

inline bool is_rate(const Array& array) {
    const char* dot = std::strrchr(array.name, '.');
    return dot && !std::strcmp(dot, ".rate");
}

// ---- what Python gives ---------------------------------------------------------------------------------------------

// An open file in memory.
struct Mapped {
    void* data = nullptr;
    std::size_t bytes = 0;
    explicit Mapped(int file);
    ~Mapped();
    Mapped(const Mapped&) = delete;
    Mapped& operator=(const Mapped&) = delete;
};

// A stimulus: its rows, and the variable that is clamped to one of them in each column.
struct Clamp {
    const Array* rates = nullptr;
    std::unique_ptr<Mapped> rows;
    std::int64_t number = 0;  // equal numbers mean equal rows; 0: these rows will not come again
    std::string name;
    Type type = Type::uint8;  // of the rows
    bool labels = false;      // the rows are int32 labels
    std::size_t count = 0, width = 0;  // the number of rows, and their length
    std::int64_t rows_each = 1, stride = 1;  // the rows of a sample, and where the next begins (0: all share one)
    std::vector<std::int32_t> lengths;       // the number of rows of each sample; empty: all rows
    double a = 1, b = 0;  // values: scale and offset; labels: on and off
};

// A line of the table.
struct Action {
    enum Kind { RUN, CLAMP, KEEP, TICK, REPEAT } kind;
    const Operation* operation;
    Clamp* clamp;
    const Array* array;
    std::size_t bytes, keep;  // for KEEP: the size of the kept part, and its buffer
    bool traced;              // for KEEP: whether it is a trace, in every step
    std::string line;
    std::int64_t nanoseconds;
    std::int64_t every = 0;   // for CLAMP: the steps for which a row of a series is shown; 0: a sample is one row
    std::int64_t count = 0;   // for CLAMP: the earlier steps of its window; for REPEAT: the number of times
    std::size_t end = 0;      // for REPEAT: the line after the TICK that ends the repeated step
    bool first = false, last = false;  // for RUN: it begins, or ends, a group of independent operations
    // For CLAMP: the row of the sample that is shown, in this repetition of the step.
    std::int64_t row(std::int64_t time) const { return every ? (count + time) / every : 0; }
    // For CLAMP: whether this row is shown already.
    bool goes_on(std::int64_t time) const { return every && time && (count + time) % every; }
};

// Calls `act(action, time)` for every line; lines of a repeated step are called each time, with the number of the repetition.
// Elsewhere `time` is 0; in a stream it is the step of the run.
template <class Lines, class Act>
void walk_lines(Lines& lines, std::int64_t time, const Act& act) {
    for (std::size_t k = 0; k < lines.size(); ++k) {
        if (lines[k].kind != Action::REPEAT) {
            act(lines[k], time);
            continue;
        }
        const std::size_t end = lines[k].end;
        for (std::int64_t again = 0; again < lines[k].count; ++again)
            for (std::size_t line = k + 1; line < end; ++line) act(lines[line], again);
        k = end - 1;
    }
}

extern std::vector<Action> table;
extern std::vector<std::vector<char>> kept;  // the values that the table keeps, one presentation after the other
extern bool streaming;                          // the table is one step, and a presentation continues the last one
extern bool profiling;                       // whether each line of the table is timed

// Returns whether the run has to end after the present presentation. This reads the clock.
bool asked_to_stop();

void serve();

// ---- functions of a backend -------------------------------------------------------------------------------------------

namespace machine {

void start();                                     // before the first command
void fetch(const Array& array, void* values);     // copies a variable into memory
void store(const Array& array, const void* values);
void load(Clamp& clamp);                          // takes new rows
void renew(Clamp& clamp, const void* rows, std::size_t bytes);  // takes other values of the same number of rows
void unload(Clamp& clamp);                        // drops its rows
void seed(std::uint64_t seed);
std::vector<char> noise();                        // the state of the random numbers
void restore(const std::vector<char>& noise);
std::size_t memory();                             // bytes held for the circuit, its data and its recordings
void tabled();                                    // takes note of a new table
void begin(const std::int32_t* order, long presentations);
// Runs some presentations from `done` on, at most up to one that diverges; returns their number.
long present(const std::int32_t* order, long done, long presentations);
// Returns the first variable that holds NaN or infinity, or nullptr. It checks only rates unless it is thorough.
const char* not_finite(bool thorough);
bool goes_on();                                   // whether it can still compute after an error

}  // namespace machine
}  // namespace recircuit

// What a worker is made of: the registry of a circuit, the table of a presentation, and what a backend does itself.
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

// A variable that Python may read and set. Floats are watched for NaN and infinity; rates after every presentation.
struct Array {
    const char* name;
    void* (*data)();
    std::size_t (*count)();
    Type type;
    std::size_t itemsize() const { return bytes_of(type); }
    std::size_t bytes() const { return count() * itemsize(); }
    bool floating() const { return type == Type::float32 || type == Type::float64; }
};

// What may run in a step; timed: it reads the clock, or draws random numbers.
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
    std::int64_t number = 0;  // rows of the same number are the same rows; 0: they will not come again
    std::string name;
    Type type = Type::uint8;  // of the rows
    bool labels = false;      // the rows are int32 labels
    std::size_t count = 0, width = 0;  // of the rows: how many, and how long
    std::int64_t rows_each = 1, stride = 1;  // of a sample: its rows, and where the next begins (0: all share the one)
    std::vector<std::int32_t> lengths;       // after how many rows each ends; empty: after all
    double a = 1, b = 0;  // values: scale and offset; labels: on and off
};

// A line of the table.
struct Action {
    enum Kind { RUN, CLAMP, KEEP, TICK, REPEAT } kind;
    const Operation* operation;
    Clamp* clamp;
    const Array* array;
    std::size_t bytes, keep;  // of a KEEP: how much of the array, and into which buffer
    bool traced;              // a KEEP of every step
    std::string line;
    std::int64_t nanoseconds;
    std::int64_t every = 0;   // of a CLAMP of series: how many steps a row is shown; 0: a sample is one row
    std::int64_t count = 0;   // of a CLAMP: how many steps of its window go before; of a REPEAT: how often
    std::size_t end = 0;      // of a REPEAT: the line after the TICK that ends what is repeated
    bool first = false, last = false;  // of a RUN: it begins, or ends, operations that do not depend on each other
    // Of a CLAMP which row of the sample is shown, in the step that is repeated for this time.
    std::int64_t row(std::int64_t time) const { return every ? (count + time) / every : 0; }
    // Whether it is shown already.
    bool goes_on(std::int64_t time) const { return every && time && (count + time) % every; }
};

// Does `act(action, time)` for every line; those of a step that is repeated several times, and with the time.
// `time` is 0 elsewhere, or in a stream the step of the run.
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
extern std::vector<std::vector<char>> kept;  // what the table keeps, one presentation after the other
extern bool streaming;                          // the table is one step, and a presentation goes on where the last ended
extern bool profiling;                       // each line of the table is to be timed

// Whether the run is to end after the presentation under way. It costs a look at the clock.
bool asked_to_stop();

void serve();

// ---- what a backend does -------------------------------------------------------------------------------------------

namespace machine {

void start();                                     // before the first command
void fetch(const Array& array, void* values);     // a variable, into memory
void store(const Array& array, const void* values);
void load(Clamp& clamp);                          // its rows are new
void renew(Clamp& clamp, const void* rows, std::size_t bytes);  // other values of as many rows
void unload(Clamp& clamp);                        // it has no rows any more
void seed(std::uint64_t seed);
std::vector<char> noise();                        // the state of the random numbers
void restore(const std::vector<char>& noise);
std::size_t memory();                             // bytes that are held for the circuit, its data and what is recorded
void tabled();                                    // the table is new
void begin(const std::int32_t* order, long presentations);
// Runs some of the presentations from `done` on, or, if one diverges, up to that one; returns how many.
long present(const std::int32_t* order, long done, long presentations);
// The first variable that holds a NaN or an infinity, or nullptr. Only rates are looked at unless thorough.
const char* not_finite(bool thorough);

}  // namespace machine
}  // namespace recircuit

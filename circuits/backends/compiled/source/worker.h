// What a worker is made of: the registry of a circuit, the table of a presentation, and what a backend does itself.
#pragma once
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace recircuit {

// ---- the registry, generated for each circuit ----------------------------------------------------------------------

// A variable that Python may read and set. Floats are watched for NaN and infinity; rates after every presentation.
struct Array {
    const char* name;
    void* (*data)();
    std::size_t (*count)();
    int itemsize;
    bool floating;
    std::size_t bytes() const { return count() * itemsize; }
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
extern const int columns;

const Array& find_array(const std::string& name);

inline bool is_rate(const Array& array) {
    const char* dot = std::strrchr(array.name, '.');
    return dot && !std::strcmp(dot, ".rate");
}

// ---- what Python gives ---------------------------------------------------------------------------------------------

// A file in memory, read-only.
struct Mapped {
    void* data = nullptr;
    std::size_t bytes = 0;
    explicit Mapped(const std::string& path);
    ~Mapped();
    Mapped(const Mapped&) = delete;
    Mapped& operator=(const Mapped&) = delete;
};

// A stimulus: its rows, and the variable that is clamped to one of them in each column.
struct Clamp {
    const Array* rates = nullptr;
    std::unique_ptr<Mapped> rows;
    std::string name, type;  // uint8, float32, float64; or label: int32
    std::size_t width = 0;
    double a = 1, b = 0;  // values: scale and offset; labels: on and off
};

// A line of the table.
struct Action {
    enum Kind { RUN, CLAMP, KEEP, TICK } kind;
    const Operation* operation;
    Clamp* clamp;
    const Array* array;
    std::size_t bytes, keep;  // of a KEEP: how much of the array, and into which buffer
    std::string line;
    std::int64_t nanoseconds;
};

extern std::vector<Action> table;
extern std::vector<std::vector<char>> kept;  // what the table keeps, one presentation after the other
extern bool profiling;                       // each line of the table is to be timed
extern volatile std::sig_atomic_t asked_to_stop;

void serve();

// ---- what a backend does -------------------------------------------------------------------------------------------

namespace machine {

void start();                                     // before the first command
void fetch(const Array& array, void* values);     // a variable, into memory
void store(const Array& array, const void* values);
void load(Clamp& clamp);                          // its rows are new
void seed(unsigned long seed);
std::size_t memory();                             // bytes that are held for the circuit, its data and what is recorded
void tabled();                                    // the table is new
void begin(const std::int32_t* order, long presentations);
// Runs some of the presentations from `done` on, or, if one diverges, up to that one; returns how many.
long present(const std::int32_t* order, long done, long presentations);
// The first variable that holds a NaN or an infinity, or nullptr. Only rates are looked at unless thorough.
const char* not_finite(bool thorough);

}  // namespace machine
}  // namespace recircuit

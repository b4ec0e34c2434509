// What the generated code and the worker share: the registry of a circuit, and how work is done.
#pragma once
#include <cstddef>

#include "products.h"

namespace recircuit {

// A variable that Python may read and set. Floats are watched for NaN and infinity; rates after every presentation.
struct Array {
    const char* name;
    void* (*data)();
    std::size_t (*count)();
    int itemsize;
    bool floating;
};

struct Operation {
    const char* name;
    void (*run)();
};

// Filled by the generated registry.
extern const Array arrays[];
extern const std::size_t array_count;
extern const Operation operations[];
extern const std::size_t operation_count;
extern const int columns;

void serve();

}  // namespace recircuit

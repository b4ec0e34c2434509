// The arrays of a circuit and the parts of its operations, in the form in which the presentation loop, which is compiled once
// for all circuits, knows them.
#pragma once
#include <cstddef>
#include <vector>

#include "products.h"

namespace brian {

struct Piece {
    void** place;
    std::size_t bytes;
};
extern const Piece pieces[];
extern const std::size_t piece_count;
extern const double dt;

// A launch, a product or a job of an operation. A job, which may share a launch with others, has a number and a number of
// threads (see jobs.h); otherwise these are -1. A part touches pieces, which have numbers, and the state of the noise.
struct Part {
    void (*operation)();
    const char* name;
    void (*launch)();
    recircuit::Product (*product)();
    int job, things;
    bool draws;
    std::vector<int> reads, writes;
    std::vector<int> own;  // for a job: the arrays of which the thread of an index touches only the item at that index
};
extern const std::vector<Part> parts;

}  // namespace brian

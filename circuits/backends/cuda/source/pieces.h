// The arrays of a circuit and the parts of its operations, as the presentation loop knows them, which is compiled once for
// all circuits.
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

// A launch, a product or a job of an operation. Of a job, which may share a launch with others: its number, and how many
// things have a thread each (see jobs.h); otherwise -1. Whatever it touches is a piece, by number, or the state of the noise.
struct Part {
    void (*operation)();
    const char* name;
    void (*launch)();
    recircuit::Product (*product)();
    int job, things;
    bool draws;
    std::vector<int> reads, writes;
    std::vector<int> own;  // of a job: what the thread of a thing touches at the place of that thing alone
};
extern const std::vector<Part> parts;

}  // namespace brian

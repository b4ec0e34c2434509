// A stretch of a presentation as one launch of a kernel that all multiprocessors hold at the same time: its blocks share
// what is to be done in a step, and wait for each other before the next one. The generated do_alone and do_each say what a
// thread of a job does. Nothing stays in shared memory from step to step.
#pragma once
#include "jobs.h"
#include "products.h"

namespace recircuit {

// What moves the clock on by some steps.
struct Clock {
    std::int64_t ticks = 0;
    std::int64_t* step = nullptr;
    double* t = nullptr;
    const double* dt = nullptr;
    Draws* draws = nullptr;
};

__device__ inline void move_on(const Clock& clock) {
    clock.step[0] += clock.ticks;
    clock.t[0] = clock.step[0] * clock.dt[0];
    clock.draws->step += clock.ticks;
}

// A product, a job or the clock, and among how many blocks it can be shared.
struct Share {
    enum Kind { PRODUCT, EACH, ALONE, CLOCK } kind;
    int parts;
    Job job;
    Product product;
    Clock clock;
};

// Of the shares from first to last, which do not depend on each other.
struct Step {
    int first, last, parts;
};

// In device memory.
struct Walk {
    const Step* steps;
    const Share* shares;
    int count, most_parts;  // steps, and the most parts of one
};

// Of a circuit, in kernels_0.cu: whether there is such a kernel, and its launch.
extern const bool walks;
void launch_walk(const char* name, const Walk& walk);

}  // namespace recircuit

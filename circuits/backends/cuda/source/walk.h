// A stretch of a presentation as one launch of a kernel that all multiprocessors hold at the same time: its blocks share
// what is to be done in a step, and wait for each other before the next one. The generated do_alone and do_each say what a
// thread of a job does. Weights that several steps read stay in the shared memory of the blocks (keeping.h).
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

struct Range {
    int first = 0, last = 0;
};

// From one array to another one, item by item.
struct Copy {
    const void* from;
    void* to;
};

// A job, and what is copied for each of its things when it is done; a job without a number only copies.
struct Task {
    Job job;
    Range copies;
};
constexpr int only_copies = -1;

// A product, and where in its shared memory a block keeps what it reads of b, in packs of 16 bytes (-1: nowhere); so many
// packs for each tile that it computes. Whether it brings them in this step.
struct Walked {
    Product product;
    int place = -1, each = 0;
    bool brings = false;
};

// What can be shared among so many blocks: this block does the first part, the next block the next one, and so on. Of tiles:
// a block computes the same tile of each product, and then its threads do the tasks for the items of that tile, which are
// theirs alone. Of things: each block does the task for some of them.
struct Share {
    enum Kind { TILES, THINGS, ALONE, CLOCK } kind;
    int parts;
    Range products, tasks;
    Clock clock;
    int first = 0;  // block
};

// Of shares that do not depend on each other.
struct Step {
    Range shares;
};

// In device memory.
struct Walk {
    const Step* steps;
    const Share* shares;
    const Walked* products;
    const Task* tasks;
    const Copy* copies;
    int count;   // steps
    int blocks;
    int kept;    // bytes of shared memory in which a block keeps weights
};

// How many blocks the GPU holds at the same time; and how many of which each keeps so many bytes.
struct Together {
    int blocks, keepers;
    std::size_t kept;
};

// Of a circuit, in kernels_0.cu: whether there is such a kernel, what the GPU holds of it, and its launch.
extern const bool walks;
Together held_together();
void launch_walk(const char* name, const Walk& walk);

}  // namespace recircuit

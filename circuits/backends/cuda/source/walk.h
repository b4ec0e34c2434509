// A walk: a part of a presentation as one launch of a kernel that all multiprocessors hold at the same time. Its blocks share the
// work of a step, and wait for each other before the next one. The generated do_alone and do_each say what a thread of a job
// does. Weights that several steps read stay in the shared memory of the blocks (keeping.h).
#pragma once
#include "jobs.h"
#include "products.h"

namespace recircuit {

// The movement of the clock by some steps.
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

// A copy from one array to another one, item by item.
struct Copy {
    const void* from;
    void* to;
};

// A job, and the items that are copied for each of its indices when it is done; a job without a number only copies.
struct Task {
    Job job;
    Range copies;
};
constexpr int only_copies = -1;

// A product, the place in shared memory where a block keeps the items of b, in packs of 16 bytes (-1: nowhere), the number of
// packs for each tile, and whether the block loads them in this step.
struct Walked {
    Product product;
    int place = -1, each = 0;
    bool brings = false;
};

// Work that is shared among blocks: the block `first` does the first part, the next block the next one, and so on. For tiles, a
// block computes the same tile of each product, and then its threads do the tasks for their own items of that tile. For indices,
// each block does the task for some of them.
struct Share {
    enum Kind { TILES, THINGS, ALONE, CLOCK } kind;
    int parts;
    Range products, tasks;
    Clock clock;
    int first = 0;  // the first block
};

// A step of shares that do not depend on each other.
struct Step {
    Range shares;
};

// A walk, in device memory.
struct Walk {
    const Step* steps;
    const Share* shares;
    const Walked* products;
    const Task* tasks;
    const Copy* copies;
    int count;   // the number of steps
    int blocks;
    int kept;    // the bytes of shared memory in which a block keeps weights
};

// The number of blocks that the GPU holds at the same time, and the number if each keeps given bytes of weights.
struct Together {
    int blocks, keepers;
    std::size_t kept;
};

// Functions of the circuit, in kernels_0.cu: whether it has such a kernel, how many blocks fit the GPU, and its launch.
extern const bool walks;
Together held_together();
void launch_walk(const char* name, const Walk& walk);

}  // namespace recircuit

// The kernel of walk.h, for a circuit whose generated code does the jobs.
#pragma once
#include <cooperative_groups.h>

#include <stdexcept>

#include "tiles.h"
#include "walk.h"

// The memory that a block keeps from step to step.
extern __shared__ __align__(16) unsigned char dynamic_shared[];

namespace recircuit {

__device__ inline void do_alone(int number, void* const* arrays, const Draws* draws);
__device__ inline void do_each(int number, int k, void* const* arrays, const Draws* draws);

// Returns the index of a job for the item of this number in a tile of a product of m x n; -1: none. The thread that has stored an
// item (put_tile and multiply_row in tiles.h) also does the job for it, so that it need not wait for others.
__device__ inline int thing_of(int m, int n, int tile, int number) {
    const int across = (n + tile_n - 1) / tile_n;
    const int row = tile / across * tile_m + number / tile_n, column = tile % across * tile_n + number % tile_n;
    return row < m && column < n ? row * n + column : -1;
}

template <class T>
__device__ inline void do_task(const Walk& walk, const Task& task, int k, void* const* arrays, const Draws* draws) {
    do_each(task.job.number, k, arrays, draws);
    for (int c = task.copies.first; c < task.copies.last; ++c)
        static_cast<T*>(walk.copies[c].to)[k] = static_cast<const T*>(walk.copies[c].from)[k];
}

template <class T>
__device__ inline Shelf<T> shelf_of(const Walked& walked, int round) {
    if (walked.place < 0) return {};
    return {reinterpret_cast<Pack<T>*>(dynamic_shared) + walked.place + round * walked.each, walked.brings};
}

// Does a part of a share; the round is the number of parts that the block has done before.
template <class T>
__device__ inline void do_part(const Walk& walk, const Share& share, int part, int round, void* const* arrays,
                               const Draws* draws, Room<T>& room) {
    if (share.kind == Share::ALONE || share.kind == Share::CLOCK) {
        if (threadIdx.x) return;
        return share.kind == Share::CLOCK ? move_on(share.clock) : do_alone(walk.tasks[share.tasks.first].job.number, arrays, draws);
    }
    int m = 0, n = 0;
    for (int p = share.products.first; p < share.products.last; ++p) {
        const Walked walked = walk.products[p];
        multiply_tile<T>(walked.product, part, room, shelf_of<T>(walked, round));
        __syncthreads();  // before the memory is used again
        m = walked.product.m, n = walked.product.n;
    }
    const bool tiled = share.kind == Share::TILES;
    for (int t = share.tasks.first; t < share.tasks.last; ++t) {
        const Task task = walk.tasks[t];
        for (int at = int(threadIdx.x); at < (tiled ? tile_m * tile_n : threads); at += threads) {
            const int k = tiled ? thing_of(m, n, part, at) : part * threads + at;
            if (k >= 0 && k < task.job.things) do_task<T>(walk, task, k, arrays, draws);
        }
    }
}

template <class T>
__global__ void __launch_bounds__(threads, 1) walk_on(Walk walk, void* const* arrays, const Draws* draws) {
    __shared__ Room<T> room;
    for (int k = 0; k < walk.count; ++k) {
        if (k) cooperative_groups::this_grid().sync();
        const Step step = walk.steps[k];
        for (int which = step.shares.first; which < step.shares.last; ++which) {
            const Share share = walk.shares[which];
            int part = int(blockIdx.x) - share.first;
            if (part < 0) part += int(gridDim.x);
            for (int round = 0; part < share.parts; part += int(gridDim.x), ++round)
                do_part<T>(walk, share, part, round, arrays, draws, room);
        }
    }
}

template <class T>
int blocks_together(std::size_t kept) {
    const char* what = "a walk through a presentation";
    int each = 0, processors = 0;
    check(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&each, walk_on<T>, threads, kept), what);
    check(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, 0), what);
    return each * processors;
}

// Returns the shared memory of a multiprocessor, which a kernel must request to use, without what the kernel itself needs.
template <class T>
Together count_together() {
    const char* what = "a walk through a presentation";
    int most = 0, possible = 0;
    cudaFuncAttributes own = {};
    check(cudaDeviceGetAttribute(&possible, cudaDevAttrCooperativeLaunch, 0), what);
    if (!possible) throw std::runtime_error("this GPU does not hold all blocks of a kernel at once; set RECIRCUIT_CUDA_PRESENTATION=graph");
    check(cudaDeviceGetAttribute(&most, cudaDevAttrMaxSharedMemoryPerBlockOptin, 0), what);
    check(cudaFuncGetAttributes(&own, reinterpret_cast<const void*>(walk_on<T>)), what);
    const int kept = most > int(own.sharedSizeBytes) ? (most - int(own.sharedSizeBytes)) / 16 * 16 : 0;
    check(cudaFuncSetAttribute(reinterpret_cast<const void*>(walk_on<T>), cudaFuncAttributeMaxDynamicSharedMemorySize, kept), what);
    return {blocks_together<T>(0), blocks_together<T>(kept), std::size_t(kept)};
}

template <class T>
void launch_together(const char* name, const Walk& walk) {
    cudaLaunchAttribute together = {};
    together.id = cudaLaunchAttributeCooperative;
    together.val.cooperative = 1;
    cudaLaunchConfig_t config = {};
    config.gridDim = dim3(walk.blocks);
    config.blockDim = dim3(threads);
    config.dynamicSmemBytes = walk.kept;
    config.stream = stream();
    config.attrs = &together, config.numAttrs = 1;
    check(cudaLaunchKernelEx(&config, walk_on<T>, walk, pieces(), draws()), name);
}

}  // namespace recircuit

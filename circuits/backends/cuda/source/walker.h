// The kernel of walk.h, for a circuit whose generated code says what jobs do.
#pragma once
#include <cooperative_groups.h>

#include "tiles.h"
#include "walk.h"

namespace recircuit {

__device__ inline void do_alone(int number, void* const* arrays, const Draws* draws);
__device__ inline void do_each(int number, int k, void* const* arrays, const Draws* draws);

template <class T>
__device__ inline void do_part(const Share& share, int part, void* const* arrays, const Draws* draws, Room<T>& room) {
    if (share.kind == Share::PRODUCT) {
        const Product product = share.product;
        multiply_tile<T>(product, part, room);
        __syncthreads();  // before the room is used again
    } else if (share.kind == Share::EACH) {
        const int k = part * threads + int(threadIdx.x);
        if (k < share.job.things) do_each(share.job.number, k, arrays, draws);
    } else if (threadIdx.x == 0) {
        share.kind == Share::ALONE ? do_alone(share.job.number, arrays, draws) : move_on(share.clock);
    }
}

template <class T>
__global__ void __launch_bounds__(threads, 1) walk_on(Walk walk, void* const* arrays, const Draws* draws) {
    __shared__ Room<T> room;
    for (int k = 0; k < walk.count; ++k) {
        if (k) cooperative_groups::this_grid().sync();
        const Step step = walk.steps[k];
        for (int part = int(blockIdx.x); part < step.parts; part += int(gridDim.x)) {
            int which = step.first, within = part;
            while (within >= walk.shares[which].parts) within -= walk.shares[which++].parts;
            do_part<T>(walk.shares[which], within, arrays, draws, room);
        }
    }
}

// As many blocks as the GPU holds at the same time, if there is something to do for all of them.
template <class T>
void launch_together(const char* name, const Walk& walk) {
    static const int most = [name] {
        int each = 0, processors = 0;
        check(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&each, walk_on<T>, threads, 0), name);
        check(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, 0), name);
        return each * processors;
    }();
    cudaLaunchAttribute together = {};
    together.id = cudaLaunchAttributeCooperative;
    together.val.cooperative = 1;
    cudaLaunchConfig_t config = {};
    config.gridDim = dim3(walk.most_parts < most ? walk.most_parts : most);
    config.blockDim = dim3(threads);
    config.stream = stream();
    config.attrs = &together, config.numAttrs = 1;
    check(cudaLaunchKernelEx(&config, walk_on<T>, walk, pieces(), draws()), name);
}

}  // namespace recircuit

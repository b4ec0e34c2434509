// The functions that the generated code of a circuit calls: launches of kernels, and noise.
#pragma once
#include <cuda_runtime.h>

#include <cmath>
#include <cstdint>

#include "noise.h"

// A kernel's parameter that no thread copies. GPUs of a compute capability below 7.0 do not have this.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 700
#define RECIRCUIT_GRID_CONSTANT __grid_constant__
#else
#define RECIRCUIT_GRID_CONSTANT
#endif

namespace recircuit {

void serve();

// ---- launching -----------------------------------------------------------------------------------------------------

cudaStream_t stream();                            // the stream of the next launch
const Draws* draws();                             // the state of the noise, in device memory
void* const* pieces();                            // the addresses of the circuit's arrays, in device memory
// Throws an error that says what failed, and where it was noticed.
void check(cudaError_t result, const char* what, const char* file = __builtin_FILE(), int line = __builtin_LINE());
extern int active;                                // the number of batch elements that hold a stimulus

constexpr int threads = 256;  // in a block

__device__ inline int thread() { return blockIdx.x * blockDim.x + threadIdx.x; }

template <class... Expected, class... Given>
void launch_blocks(const char* name, void (*kernel)(Expected...), int blocks, int each, Given... given) {
    cudaLaunchConfig_t config = {};
    config.gridDim = dim3(blocks);
    config.blockDim = dim3(each);
    config.stream = stream();
    check(cudaLaunchKernelEx(&config, kernel, Expected(given)...), name);
}

// Launches a thread for each of `count` indices.
template <class... Expected, class... Given>
void launch(const char* name, void (*kernel)(int, Expected...), int count, Given... given) {
    launch_blocks(name, kernel, (count + threads - 1) / threads, count < threads ? count : threads, count, given...);
}

}  // namespace recircuit

// Noise by counting: a random number depends only on the seed, the step, the code object, the element and how many numbers it
// has drawn. So it does not depend on how threads are scheduled, and a captured presentation draws new numbers each time.
// Philox 4x32-10 (Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3").
#pragma once
#include <math.h>
#include <cstdint>

namespace recircuit {

// In device memory.
struct Draws {
    std::uint64_t seed, step;
};

struct Four {
    std::uint32_t x[4];
};

__host__ __device__ inline Four philox(Four counter, std::uint32_t key0, std::uint32_t key1) {
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t a = std::uint64_t(0xD2511F53u) * counter.x[0];
        const std::uint64_t b = std::uint64_t(0xCD9E8D57u) * counter.x[2];
        counter = {{std::uint32_t(b >> 32) ^ counter.x[1] ^ key0, std::uint32_t(b),
                    std::uint32_t(a >> 32) ^ counter.x[3] ^ key1, std::uint32_t(a)}};
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    return counter;
}

// Uniform in [0, 1), and in (0, 1] for logarithms: 24 bits in single precision, 53 in double.
__host__ __device__ inline float unit(std::uint32_t high, std::uint32_t, float) { return (high >> 8) * 0x1p-24f; }
__host__ __device__ inline double unit(std::uint32_t high, std::uint32_t low, double) {
    return ((std::uint64_t(high) << 32 | low) >> 11) * 0x1p-53;
}

// The random numbers of one thread in one launch.
template <class Real>
class Noise {
  public:
    __device__ Noise(const Draws* draws, std::uint32_t code, std::uint32_t element)
        : seed_(draws->seed), step_(draws->step), code_(code), element_(element) {}

    // Uniform in [0, 1).
    __device__ Real rand() {
        const Four drawn = next();
        return unit(drawn.x[0], drawn.x[1], Real());
    }
    // Normal, with mean 0 and variance 1 (Box and Muller 1958).
    __device__ Real randn() {
        const Four drawn = next();
        const Real radius = Real(1) - unit(drawn.x[0], drawn.x[1], Real());
        // cospi is used since the cosine of single precision reduces large angles in double precision
        return sqrt(Real(-2) * log(radius)) * cospi(Real(2) * unit(drawn.x[2], drawn.x[3], Real()));
    }

  private:
    std::uint64_t seed_, step_;
    std::uint32_t code_, element_, calls_ = 0;

    __device__ Four next() {
        const Four counter = {{element_, calls_++, std::uint32_t(step_), std::uint32_t(step_ >> 32) << 16 | code_}};
        return philox(counter, std::uint32_t(seed_), std::uint32_t(seed_ >> 32));
    }
};

}  // namespace recircuit

// The memory of a circuit's arrays: all are in one stretch of device memory; if RECIRCUIT_CUDA_APART is set, each has its
// own, so that tools that check memory, such as compute-sanitizer, find accesses outside of an array.
#pragma once
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <vector>

#include "memory.h"
#include "pieces.h"

namespace recircuit {

inline std::vector<std::unique_ptr<Memory>>& stretches = *new std::vector<std::unique_ptr<Memory>>;

inline char* new_stretch(std::size_t bytes) {
    stretches.emplace_back(new Memory);
    stretches.back()->resize(bytes, "the circuit");
    char* begin = stretches.back()->as<char>();
    clear(begin, bytes, "the circuit");
    return begin;
}

inline void allocate_arrays() {
    const auto rounded = [](std::size_t bytes) { return (bytes + 255) & ~std::size_t(255); };
    const bool apart = std::getenv("RECIRCUIT_CUDA_APART") != nullptr;
    std::size_t all = 0;
    for (std::size_t k = 0; k < brian::piece_count; ++k) all += rounded(brian::pieces[k].bytes);
    char* place = apart ? nullptr : new_stretch(all);
    for (std::size_t k = 0; k < brian::piece_count; ++k) {
        *brian::pieces[k].place = apart ? new_stretch(std::max<std::size_t>(1, brian::pieces[k].bytes)) : place;
        if (!apart) place += rounded(brian::pieces[k].bytes);
    }
}

}  // namespace recircuit

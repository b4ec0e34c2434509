// The arrays of a circuit, as the presentation loop knows them, which is compiled once for all circuits.
#pragma once
#include <cstddef>

namespace brian {

struct Piece {
    void** place;
    std::size_t bytes;
};
extern const Piece pieces[];
extern const std::size_t piece_count;
extern const double dt;

}  // namespace brian

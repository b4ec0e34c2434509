// Operations of a step that do not depend on one another share one barrier: what comes `later` is kept, and is done when the
// region ends. Operations that work one after another on the same elements are a chain: a part of the elements, which fits
// the cache, goes through all of them. Work is cut as it would be without regions, so that the bits are the same.
#pragma once
#include <cstddef>
#include <new>
#include <type_traits>

#include "threads.h"

namespace recircuit {

class Region {
  public:
    static Region& get() {
        static Region& region = *new Region;
        return region;
    }
    // Whether what comes later is kept. It is not while each operation is timed.
    void keep(bool keeps) { keeps_ = keeps; }
    // What nothing waits for and no other thread could help with is done at once.
    bool keeps(int count, int blocks) const {
        return keeps_ && (pieces_ || (count ? blocks > 1 : Pool::get().threads() > 1));
    }
    // The next operation goes on with the elements of the one before.
    void chain(bool chained) { chained_ = chained; }

    // `count` things in ranges, or (0) blocks that know themselves what they are; call(run, begin, end) or call(run, block, 0).
    template <class Run>
    void add(int count, int blocks, const Run& run, void (*call)(const void*, int, int)) {
        static_assert(std::is_trivially_copyable<Run>::value && sizeof(Run) <= room, "it is kept as bytes");
        const std::size_t place = (used_ + alignof(Run) - 1) / alignof(Run) * alignof(Run);
        const bool goes_on = chained_ && pieces_ && count && piece_[pieces_ - 1].count == count;
        const bool full = place + sizeof(Run) > room || parts_ == most || (!goes_on && blocks_ + blocks > Pool::most);
        if (pieces_ && (full || (chained_ && !goes_on))) {
            finish();
            return add(count, blocks, run, call);
        }
        if (goes_on) ++piece_[pieces_ - 1].parts;
        else {
            piece_[pieces_++] = {count, blocks, parts_, 1};
            blocks_ += blocks;
        }
        part_[parts_++] = {call, new (memory_ + place) Run(run)};
        used_ = place + sizeof(Run);
    }
    // Does all that was kept.
    void finish() {
        if (!pieces_) return;
        const int pieces = pieces_, blocks = blocks_;
        pieces_ = parts_ = blocks_ = 0;
        used_ = 0;
        if (blocks == pieces || Pool::get().threads() == 1) {  // none of them is worth a thread, or there is one alone
            for (int k = 0; k < pieces; ++k)
                for (int b = 0; b < piece_[k].blocks; ++b) run({k, b});
            return;
        }
        const int team = Pool::get().team();
        for (int share = 0, place = 0; share < team; ++share)
            for (int k = 0; k < pieces; ++k)
                for (int b = piece_[k].blocks * share / team; b < piece_[k].blocks * (share + 1) / team; ++b)
                    block_[place++] = {k, b};
        each_block(blocks, [this](int block) { run(block_[block]); });
    }

  private:
    struct Part {
        void (*call)(const void*, int, int);
        const void* run;
    };
    struct Piece {
        int count, blocks, first, parts;
    };
    struct Block {
        int piece, number;
    };
    static constexpr int most = Pool::most, together = 2048;  // elements that go through a chain at a time
    static constexpr std::size_t room = 1 << 14;

    bool keeps_ = false, chained_ = false;
    int pieces_ = 0, parts_ = 0, blocks_ = 0;
    std::size_t used_ = 0;
    Piece piece_[most];
    Part part_[most];
    Block block_[most];
    alignas(64) char memory_[room];

    void run(Block block) const {
        const Piece& piece = piece_[block.piece];
        const Part* first = part_ + piece.first;
        if (!piece.count) return first->call(first->run, block.number, 0);
        const Range range(piece.count, piece.blocks, block.number);
        const int step = piece.parts == 1 ? std::max(1, range.end - range.begin) : together;
        for (int begin = range.begin; begin < range.end; begin += step)
            for (int k = 0; k < piece.parts; ++k)
                first[k].call(first[k].run, begin, std::min(begin + step, range.end));
    }
};

// As each_block, when the region ends; `run` is copied.
template <class Run>
inline void later_block(int blocks, const Run& run) {
    Region& region = Region::get();
    if (!region.keeps(0, blocks)) return each_block(blocks, run);
    region.add(0, blocks, run, [](const void* one, int block, int) { (*static_cast<const Run*>(one))(block); });
}
// As each_range, likewise.
template <class Run>
inline void later_range(int n, const Run& run) {
    Region& region = Region::get();
    const int blocks = range_blocks(n);
    if (!region.keeps(n, blocks)) return each_range(n, run);
    region.add(n, blocks, run,
               [](const void* one, int begin, int end) { (*static_cast<const Run*>(one))(begin, end); });
}

}  // namespace recircuit

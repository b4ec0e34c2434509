// Operations of a step that do not depend on one another share one barrier: what comes `later` is kept, and is done when the
// region ends. Operations that work one after another on the same elements are a chain: a part of the elements, which fits
// the cache, goes through all of them. Work is cut as it would be without regions, so that the bits are the same.
//
// One file of a program includes it: that with the machine.
#pragma once
#include <cstring>

#include "later.h"
#include "pool.h"

namespace recircuit {

void each(int blocks, void (*run)(const void*, int), const void* context) { Pool::get().each(blocks, run, context); }

class Region {
  public:
    static Region& get() {
        static Region& region = *new Region;
        return region;
    }
    // Whether what comes later is kept. It is not while each operation is timed.
    void keep(bool keeps) { keeps_ = keeps; }
    // Whether the next operation goes on with the elements of the one before.
    void chain(bool chained) { chained_ = chained; }

    void add(int count, int blocks, const void* run, std::size_t bytes, Call call) {
        if (!worth(count, blocks) || bytes > room) return alone(count, blocks, {call, run});
        const bool goes_on = chained_ && pieces_ && count && piece_[pieces_ - 1].count == count;
        const bool full = used_ + bytes > room || parts_ == most || (!goes_on && blocks_ + blocks > Pool::most);
        if (pieces_ && (full || (chained_ && !goes_on))) {
            finish();
            return add(count, blocks, run, bytes, call);
        }
        if (goes_on) ++piece_[pieces_ - 1].parts;
        else {
            piece_[pieces_++] = {count, blocks, parts_, 1};
            blocks_ += blocks;
        }
        part_[parts_++] = {call, std::memcpy(memory_ + used_, run, bytes)};
        used_ += (bytes + 63) / 64 * 64;
    }
    // Does all that was kept.
    void finish() {
        if (!pieces_) return;
        const int pieces = pieces_, blocks = blocks_;
        pieces_ = parts_ = blocks_ = 0;
        used_ = 0;
        if (blocks == pieces || Pool::get().threads() == 1) {  // none of them is worth a thread, or there is one alone
            for (int k = 0; k < pieces; ++k)
                for (int b = 0; b < piece_[k].blocks; ++b) run(piece_[k], b);
            return;
        }
        const int team = Pool::get().team();
        for (int share = 0, place = 0; share < team; ++share)
            for (int k = 0; k < pieces; ++k)
                for (int b = piece_[k].blocks * share / team; b < piece_[k].blocks * (share + 1) / team; ++b)
                    block_[place++] = {k, b};
        each_block(blocks, [this](int k) { run(piece_[block_[k].piece], block_[k].number); });
    }

  private:
    struct Part {
        Call call;
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

    // What nothing waits for and no other thread could help with is done at once.
    bool worth(int count, int blocks) const {
        return keeps_ && (pieces_ || (count ? blocks > 1 : Pool::get().threads() > 1));
    }
    static void alone(int count, int blocks, Part part) {
        const Piece piece{count, blocks, 0, 1};
        each_block(blocks, [=](int block) { run(piece, &part, block); });
    }
    void run(const Piece& piece, int block) const { run(piece, part_ + piece.first, block); }
    static void run(const Piece& piece, const Part* first, int block) {
        if (!piece.count) return first->call(first->run, block, 0);
        const Range range(piece.count, piece.blocks, block);
        const int step = piece.parts == 1 ? std::max(1, range.end - range.begin) : together;
        for (int begin = range.begin; begin < range.end; begin += step)
            for (int k = 0; k < piece.parts; ++k)
                first[k].call(first[k].run, begin, std::min(begin + step, range.end));
    }
};

void later(int count, int blocks, const void* run, std::size_t bytes, Call call) {
    Region::get().add(count, blocks, run, bytes, call);
}

}  // namespace recircuit

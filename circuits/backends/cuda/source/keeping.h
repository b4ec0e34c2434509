// The weights that stay in the shared memory of the blocks of a walk. A block computes the same tile of a product in every step,
// so that it can keep the weights that it reads: it loads them in the first step that reads them, and again in the first step
// after they were written. Weights that most steps read are kept first, as long as there is room.
#pragma once
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "tiles.h"
#include "walk.h"

namespace recircuit {

// With RECIRCUIT_CUDA_WEIGHTS=cache they are read from device memory, or its cache, in each step.
inline bool keeps_weights() {
    static const char* where = std::getenv("RECIRCUIT_CUDA_WEIGHTS");
    return !where || std::strcmp(where, "cache");
}

class Keeping {
  public:
    // written: the arrays that each step writes. blocks: the blocks of the walk, and the bytes that each of them can keep.
    Keeping(const std::vector<Step>& steps, std::vector<Share>& shares, std::vector<Walked>& products,
            const std::vector<std::set<const void*>>& written, int blocks, std::size_t most)
        : steps_(steps), shares_(shares), products_(products), written_(written), used_(blocks), most_(long(most / 16)) {
        find_homes();
        std::vector<const Reads*> wanted;
        for (const auto& one : reads_)
            if (one.second.again) wanted.push_back(&one.second);
        std::stable_sort(wanted.begin(), wanted.end(), [](const Reads* a, const Reads* b) { return a->again > b->again; });
        for (const Reads* one : wanted) place(*one);
    }
    // Returns the bytes that a block keeps.
    int kept() const { return int(*std::max_element(used_.begin(), used_.end()) * 16); }

  private:
    // The use of a matrix b by products of one shape: the place of each product, and how many need not load the matrix.
    struct Read {
        std::size_t share, product;
        bool brings;
    };
    struct Reads {
        int first = 0, again = 0;
        std::size_t step = 0;  // the last step that reads it
        bool alike = true;
        std::vector<Read> all;
    };
    using Key = std::tuple<const void*, bool, int, int, int, int>;

    const std::vector<Step>& steps_;
    std::vector<Share>& shares_;
    std::vector<Walked>& products_;
    const std::vector<std::set<const void*>>& written_;
    std::map<Key, Reads> reads_;
    std::vector<long> used_;  // the packs that each block keeps
    const long most_;

    static Key key_of(const Product& p) { return {p.b.data, p.b.turned, p.m, p.n, p.k, p.blocks}; }

    // Every share begins at a block: the one at which its first product began before, or the one after the share before it.
    void find_homes() {
        for (std::size_t step = 0; step < steps_.size(); ++step) {
            int next = 0;
            for (int s = steps_[step].shares.first; s < steps_[step].shares.last; ++s) {
                Share& share = shares_[s];
                share.first = next;
                if (share.products.first < share.products.last) {
                    const auto found = reads_.find(key_of(products_[share.products.first].product));
                    if (found != reads_.end()) share.first = found->second.first;
                }
                for (int p = share.products.first; p < share.products.last; ++p) note(step, s, p);
                next = (share.first + share.parts) % int(used_.size());
            }
        }
    }

    void note(std::size_t step, int share, int product) {
        const void* data = products_[product].product.b.data;
        Reads& reads = reads_[key_of(products_[product].product)];
        bool brings = reads.all.empty();
        if (brings) reads.first = shares_[share].first;
        for (std::size_t k = reads.step; k < step && !brings; ++k) brings = written_[k].count(data);
        reads.alike = reads.alike && reads.first == shares_[share].first;
        reads.again += !brings;
        reads.step = step;
        reads.all.push_back({std::size_t(share), std::size_t(product), brings});
    }

    // Reserves the same place in all blocks that compute a tile of it, if all have enough room left.
    void place(const Reads& reads) {
        const Product& p = products_[reads.all[0].product].product;
        const int blocks = int(used_.size()), parts = shares_[reads.all[0].share].parts;
        const int each = p.wide ? Stored<double>::size(p.n, p.k) : Stored<float>::size(p.n, p.k);
        long begin = 0;
        for (int k = 0; k < std::min(parts, blocks); ++k) begin = std::max(begin, used_[(reads.first + k) % blocks]);
        if (!reads.alike || begin + long((parts + blocks - 1) / blocks) * each > most_) return;
        for (int k = 0; k < std::min(parts, blocks); ++k)
            used_[(reads.first + k) % blocks] = begin + long((parts - k + blocks - 1) / blocks) * each;
        for (const Read& read : reads.all) {
            Walked& walked = products_[read.product];
            walked.place = int(begin), walked.each = each, walked.brings = read.brings;
        }
    }
};

}  // namespace recircuit

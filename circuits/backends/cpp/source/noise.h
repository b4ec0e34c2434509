// Random numbers: those of Brian2, and so of NumPy's RandomState, bit for bit, but many at a time. The words of the
// Mersenne Twister (Matsumoto and Nishimura 1998) are a recurrence over memory, which vectorises; the threads share the work
// on these words. The number that an element gets depends on its index alone, and not on how work is cut.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "lanes.h"

namespace recircuit {

class Noise {
  public:
    static Noise& get() {
        static Noise noise;
        return noise;
    }

    void seed(std::uint32_t seed) {
        words_.resize(std::max<std::size_t>(words_.size(), past));
        words_[0] = seed;
        for (std::uint32_t k = 1; k < past; ++k) words_[k] = 1812433253u * (words_[k - 1] ^ words_[k - 1] >> 30) + k;
        used_ = made_ = past;
        has_kept_ = false;
    }

    // Everything on which later numbers depend.
    std::vector<char> state() {
        ahead(0);
        State now;
        std::copy(words_.begin() + (used_ - past), words_.begin() + used_, now.words);
        now.has_kept = has_kept_, now.kept = kept_;
        const char* bytes = reinterpret_cast<const char*>(&now);
        return std::vector<char>(bytes, bytes + sizeof now);
    }
    void restore(const std::vector<char>& state) {
        State then;
        if (state.size() != sizeof then) throw std::runtime_error("this is no state of random numbers");
        std::memcpy(&then, state.data(), sizeof then);
        seed(0);
        std::copy(then.words, then.words + past, words_.begin());
        has_kept_ = then.has_kept, kept_ = then.kept;
    }

    // Uniform in [0, 1), with 53 bits.
    void uniform(double* drawn, int count) {
        const std::uint32_t* words = ahead(2L * count);
        each_range(count, [=](int begin, int end) { units(words + 2L * begin, end - begin, drawn + begin); });
        used_ += 2L * count;
    }

    // Normal, with mean 0 and variance 1: Marsaglia's polar method, in which a pair of numbers takes 4/pi tries on average.
    void normal(double* drawn, int count) {
        if (has_kept_ && count) {
            *drawn++ = kept_;
            --count;
            has_kept_ = false;
        }
        while (count) {
            const int done = pairs(drawn, count);
            drawn += done;
            count -= done;
        }
    }

  private:
    static constexpr int past = 624, lag = 227, tile = 256, most_tries = 1 << 14;
    struct State {
        std::uint32_t words[past];
        std::int64_t has_kept;
        double kept;
    };
    std::vector<std::uint32_t> words_;  // not tempered: the last `past` words that were used, and the next ones
    std::size_t used_ = 0, made_ = 0;
    bool has_kept_ = false;
    double kept_ = 0;  // the second of a pair, if only the first has been used

    // Returns at least this number of next words.
    const std::uint32_t* ahead(std::size_t count) {
        if (!made_) seed(5489);
        if (made_ < used_ + count) {
            std::copy(words_.begin() + (used_ - past), words_.begin() + made_, words_.begin());
            std::size_t k = made_ - (used_ - past);
            used_ = past;
            made_ = past + std::max<std::size_t>(count, 4096);
            if (words_.size() < made_) words_.resize(made_);
            for (std::uint32_t* x = words_.data(); k < made_; k += lag) {
                const std::size_t end = std::min(k + lag, made_);
                #pragma GCC ivdep
                for (std::size_t i = k; i < end; ++i) {
                    const std::uint32_t y = (x[i - past] & 0x80000000u) | (x[i - past + 1] & 0x7fffffffu);
                    x[i] = x[i - lag] ^ y >> 1 ^ (0x9908b0dfu & -(y & 1u));
                }
            }
        }
        return words_.data() + used_;
    }

    static std::int32_t tempered(std::uint32_t y, int drop) {
        y ^= y >> 11;
        y ^= y << 7 & 0x9d2c5680u;
        y ^= y << 15 & 0xefc60000u;
        return (y ^ y >> 18) >> drop;
    }

    static void units(const std::uint32_t* words, int count, double* into) {
        for (int k = 0; k < count; ++k)
            into[k] = (tempered(words[2 * k], 5) * 0x1p26 + tempered(words[2 * k + 1], 6)) * 0x1p-53;
    }

    // Points of the square [-1, 1)^2, the squares of their distances from its middle, and which of them lie in the circle.
    struct Tries {
        double point[2 * most_tries], square[most_tries];
        int inside[most_tries];
    };

    // Lists the squares between 0 and 1, and returns their number. The list has room for all.
    static int select(const double* square, int begin, int end, int* list) {
        int found = 0;
        for (int k = begin; k < end; ++k) {
            list[found] = k;
            found += (square[k] < 1.0) & (square[k] != 0.0);
        }
        return found;
    }

    // Makes tries `begin` to `end`; returns the number of points inside, which are listed from inside[begin] on.
    static int attempt(const std::uint32_t* words, int begin, int end, Tries& tries) {
        int found = begin;
        for (int first = begin; first < end; first += tile) {
            const int count = std::min(tile, end - first);
            double *point = tries.point + 2 * first, squares[2 * tile];
            units(words + 4L * first, 2 * count, point);
            for (int k = 0; k < 2 * count; ++k) point[k] = 2 * point[k] - 1;
            for (int k = 0; k < 2 * count; ++k) squares[k] = point[k] * point[k];  // rounded before they are added
            for (int k = 0; k < count; ++k) tries.square[first + k] = squares[2 * k] + squares[2 * k + 1];
            found += select(tries.square, first, first + count, tries.inside + found);
        }
        return found - begin;
    }

    // Computes the pairs from this number of points inside the circle. The logarithm is the library's, as in NumPy, since a
    // vectorised one has other bits.
    static void transform(const int* inside, int count, const Tries& tries, double* drawn) {
        static double (*const volatile library)(double) = std::log;
        double (*const log)(double) = library;
        for (int first = 0; first < count; first += tile) {
            const int many = std::min(tile, count - first);
            double square[tile], factor[tile];
            for (int k = 0; k < many; ++k) square[k] = tries.square[inside[first + k]];
            for (int k = 0; k < many; ++k) factor[k] = log(square[k]);
            for (int k = 0; k < many; ++k) factor[k] = std::sqrt(-2.0 * factor[k] / square[k]);
            for (int k = 0; k < many; ++k) {
                const double* point = tries.point + 2L * inside[first + k];
                drawn[2 * (first + k)] = factor[k] * point[1];
                drawn[2 * (first + k) + 1] = factor[k] * point[0];
            }
        }
    }

    // Draws as many of `count` numbers as there is room for, and returns how many.
    int pairs(double* drawn, int count) {
        const int wanted = count / 2 + count % 2;
        const int attempts = int(std::min<long>(most_tries, wanted + wanted * 3L / 10 + 16));
        const int blocks = attempts < 1024 ? 1 : 8;
        Tries& tries = *scratch<Tries, 0>(1);
        const std::uint32_t* words = ahead(4L * attempts);
        int found[8], before[9] = {};
        each_block(blocks, [&](int block) {
            found[block] = attempt(words, attempts * block / blocks, attempts * (block + 1) / blocks, tries);
        });
        for (int block = 0; block < blocks; ++block) before[block + 1] = before[block] + found[block];
        const int whole = std::min(count / 2, before[blocks]);
        each_block(blocks, [&](int block) {
            const int many = std::min(found[block], whole - before[block]);
            transform(tries.inside + attempts * block / blocks, many, tries, drawn + 2L * before[block]);
        });
        if (before[blocks] < wanted) {
            used_ += 4L * attempts;
            return 2 * whole;
        }
        int block = 0;
        while (before[block + 1] < wanted) ++block;
        const int* last = tries.inside + attempts * block / blocks + (wanted - 1 - before[block]);
        used_ += 4L * (*last + 1);
        if (count % 2) {
            double pair[2];
            transform(last, 1, tries, pair);
            drawn[count - 1] = pair[0];
            kept_ = pair[1];
            has_kept_ = true;
        }
        return count;
    }
};

// A loop over n items, each of which draws `each` numbers: run(begin, end, drawn), where the numbers of `begin` come first.
template <int each, bool normal, class Run>
void each_drawn(int n, const Run& run) {
    constexpr int most = (3 << 13) / each;
    double* drawn = scratch<double, 8>(most * each);
    for (int first = 0; first < n; first += most) {
        const int count = std::min(most, n - first);
        if (normal) Noise::get().normal(drawn, count * each);
        else Noise::get().uniform(drawn, count * each);
        each_range(count, [&](int begin, int end) { run(first + begin, first + end, drawn + begin * each); });
    }
}

}  // namespace recircuit

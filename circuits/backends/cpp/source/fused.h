// Sums over batch elements of an expression of both units of a synapse that is not a product. The units of one side are taken
// in pairs; the units of the other side are in a few vector registers, which hold the sums. If an expression has a factor that
// reads one unit alone, it is zero where that factor is zero. So batch elements in which the factor is zero for both units of a
// pair are left out, and the side with more zeros is taken in pairs.
#pragma once
#include "lanes.h"

namespace recircuit {

// target (post x pre) = keep*target + scale * sum over batch elements. pre_factor (batch_size x pre) and post_factor
// (batch_size x post) are factors of the expression, or nullptr.
template <class T>
struct Fused {
    int batch_size, pre, post;
    T keep, scale;
    const T *pre_factor, *post_factor;
    T* target;
};

// Returns the share of a factor's values that are zero.
template <class T>
double zeros(const T* factor, long count) {
    long found = 0;
    if (factor)
        for (long k = 0; k < count; ++k) found += factor[k] == T(0);
    return double(found) / count;
}

// sums(one, other, first, shown, count, into) sets into[0 ... width-1] to the sums for unit `one` of one side and `width` units of
// the other side from `first` on, over the batch elements shown[0 ... count-1]; then it does the same for the unit `other`.
template <class T, bool pre_by_twos, int width, class Sums>
void fuse_by_twos(const Fused<T>& f, const Sums& sums) {
    constexpr int together = Lanes<T>::width;
    const int ones = pre_by_twos ? f.pre : f.post, many = pre_by_twos ? f.post : f.pre;
    const T* factor = pre_by_twos ? f.pre_factor : f.post_factor;
    int* shown = scratch<int, 9>(long(ones) * f.batch_size);  // for each pair of units, from 2*batch_size*pair on
    int* counts = scratch<int, 10>(ones);
    const int groups = (ones + together - 1) / together;
    each_rows(groups, long(f.batch_size) * f.pre * f.post, [=](int begin, int end) {
        const int last = std::min(ones, end * together);
        for (int one = begin * together; one < last; one += 2) {
            int count = 0, *list = shown + long(one) * f.batch_size;
            for (int column = 0; column < f.batch_size; ++column) {
                const T* at = factor + long(column) * ones + one;
                list[count] = column;
                count += !factor || at[0] != T(0) || (one + 1 < ones && at[1] != T(0));
            }
            counts[one] = count;
        }
        for (int next = 0; next < many; next += width) {
            const int first = std::min(next, many - width);  // the last ones overlap those before
            for (int group = begin; group < end; ++group) {
                T found[together][width];
                const int from = group * together, some = std::min(together, ones - from);
                for (int k = 0; k < some; k += 2) {
                    const int one = from + k, other = std::min(one + 1, ones - 1);
                    sums(one, other, first, shown + long(one) * f.batch_size, counts[one], found[k]);
                }
                const auto add = [&](int k, int v) {
                    T& w = f.target[pre_by_twos ? long(first + v) * f.pre + from + k : long(from + k) * f.pre + first + v];
                    w = f.keep * w + f.scale * found[k][v];
                };
                if (pre_by_twos)
                    for (int v = next - first; v < width; ++v)
                        for (int k = 0; k < some; ++k) add(k, v);
                else
                    for (int k = 0; k < some; ++k)
                        for (int v = next - first; v < width; ++v) add(k, v);
            }
        }
    });
}

}  // namespace recircuit

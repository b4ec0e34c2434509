// Sparse weights, of which few exist. Their whole matrix stays in memory; the kernels go from synapse to synapse, over all batch
// elements side by side (lanes.h), and touch no other weight. Every sum is in the order of the matrix.
#pragma once
#include <algorithm>
#include <unordered_map>
#include <vector>

#include "changes.h"
#include "kernels.h"
#include "lanes.h"

namespace recircuit {

extern long stored;  // how often a variable was set from outside, the only way in which a mask changes

// The lists of the synapses of a matrix, row by row and column by column.
class Places {
  public:
    struct Lists {
        std::vector<int> begin, other;  // those of k are other[begin[k]] ... other[begin[k + 1] - 1]
        int many(int k) const { return begin[k + 1] - begin[k]; }
        const int* of(int k) const { return other.data() + begin[k]; }
    };

    // Returns the lists for a mask (rows x columns), which are made once for all users.
    template <class T>
    static const Places& of(const T* mask, int rows, int columns) {
        static std::unordered_map<const void*, Places> known;
        Places& places = known[mask];
        if (places.found_ != stored) {
            list(rows, columns, mask, columns, 1, places.rows_);
            list(columns, rows, mask, 1, columns, places.columns_);
            places.found_ = stored;
        }
        return places;
    }
    const Lists& lists(bool by_columns) const { return by_columns ? columns_ : rows_; }

  private:
    long found_ = -1;
    Lists rows_, columns_;

    template <class T>
    static void list(int these, int those, const T* mask, long stride, long step, Lists& to) {
        to.begin.assign(1, 0);
        to.other.clear();
        for (int k = 0; k < these; ++k) {
            for (int m = 0; m < those; ++m)
                if (mask[k * stride + m * step] != 0) to.other.push_back(m);
            to.begin.push_back(int(to.other.size()));
        }
    }
};

// out = sum over synapses of w[other*step] * lanes[other], for N registers from `first` on.
template <class T, int N>
inline void gather(const int* others, int many, const T* w, long step, const T* lanes, int padded, int first, T* out) {
    typedef typename Lanes<T>::Vector Vector;
    Vector sum[N] = {};
    for (int k = 0; k < many; ++k) {
        const Vector* x = reinterpret_cast<const Vector*>(lanes + long(others[k]) * padded + first);
        const T weight = w[others[k] * step];
        for (int n = 0; n < N; ++n) sum[n] += weight * x[n];
    }
    for (int n = 0; n < N; ++n) reinterpret_cast<Vector*>(out + first)[n] = sum[n];
}

// field (batch_size x post) = signal (batch_size x pre) W^T, W (post x pre); or signal W, W (pre x post), mask as W.
template <class T>
void sparse_propagate(int batch_size, int pre, int post, bool transposed, const T* mask, const T* signal, const T* weights, T* field) {
    constexpr int n = Lanes<T>::width;
    const auto& lists = Places::of(mask, transposed ? pre : post, transposed ? post : pre).lists(transposed);
    const int padded = Lanes<T>::padded(batch_size);
    T* below = scratch<T, 0>(long(pre) * padded);
    to_lanes(batch_size, batch_size, pre, signal, below);
    const long stride = transposed ? 1 : pre, step = transposed ? post : 1;
    const int groups = (post + n - 1) / n, blocks = groups < 8 ? 1 : 8;
    T* above = scratch<T, 1>(long(blocks) * n * padded);
    each_block(blocks, [=, &lists](int block) {
        T* mine = above + long(block) * n * padded;
        for (int g = groups * block / blocks; g < groups * (block + 1) / blocks; ++g) {
            const int begin = g * n, many = std::min(n, post - begin);
            for (int k = 0; k < many; ++k)
                by_registers<T, 7>(padded, [&](auto N, int first) {
                    const int i = begin + k;
                    gather<T, N()>(lists.of(i), lists.many(i), weights + i * stride, step, below, padded, first,
                                   mine + long(k) * padded);
                });
            turn_back(batch_size, many, post, mine, field + begin);
        }
    });
}

// The most batch elements for which a synapse's sum is computed from single numbers, since a register would be mostly zeros.
constexpr int single_columns = 4;

// target (post x pre) = keep*target + scale * sum over the first `filled` batch elements of post (x) pre, at each synapse.
template <class T>
void sparse_accumulate(int batch_size, int filled, int pre, int post, T keep, T scale, const T* mask, const T* posts,
                       const T* pres, T* target) {
    if (!changes(filled, pre, post, keep, posts, pres)) return;
    constexpr int n = Lanes<T>::width;
    typedef typename Lanes<T>::Vector Vector;
    const auto& lists = Places::of(mask, post, pre).lists(false);
    if (batch_size <= single_columns)
        return each_row(post, long(lists.other.size()) * batch_size, [=, &lists](int i) {
            T* row = target + long(i) * pre;
            for (int k = 0; k < lists.many(i); ++k) {
                const int j = lists.of(i)[k];
                T sum = 0;
                for (int c = 0; c < filled; ++c) sum += posts[long(c) * post + i] * pres[long(c) * pre + j];
                row[j] = keep * row[j] + scale * sum;
            }
        });
    const int padded = Lanes<T>::padded(batch_size);
    T *below = scratch<T, 0>(long(pre) * padded), *above = scratch<T, 1>(long(post) * padded);
    to_lanes(batch_size, filled, pre, pres, below);
    to_lanes(batch_size, filled, post, posts, above);
    each_row(post, long(lists.other.size()) * batch_size, [=, &lists](int i) {
        T* row = target + long(i) * pre;
        for (int done = 0; done < lists.many(i); done += n) {  // as many synapses at a time as a register is wide
            const int many = std::min(n, lists.many(i) - done), *others = lists.of(i) + done;
            const T* x[n];
            for (int k = 0; k < n; ++k) x[k] = below + long(others[k < many ? k : 0]) * padded;
            Vector sum[n] = {};
            for (int lane = 0; lane < padded; lane += n) {
                const Vector y = *reinterpret_cast<const Vector*>(above + long(i) * padded + lane);
                #pragma GCC unroll 16
                for (int k = 0; k < n; ++k) sum[k] += y * *reinterpret_cast<const Vector*>(x[k] + lane);
            }
            add_rows<T>(sum);
            for (int k = 0; k < many; ++k) row[others[k]] = keep * row[others[k]] + scale * sum[0][k];
        }
    });
}

}  // namespace recircuit

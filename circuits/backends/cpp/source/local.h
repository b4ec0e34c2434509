// Local connections: each place of the post image hears a window of the pre image, with weights of its own or (tied) with
// those of all places. Units of an image are numbered (channel, place). Weights are (places, maps, channels*taps), or
// (maps, channels*taps). All products go over columns, which lie side by side (lanes.h).
#pragma once
#include <algorithm>
#include <vector>

#include "changes.h"
#include "lanes.h"

namespace recircuit {

struct Local {
    int columns, channels, sources, maps, places, taps;
    bool tied;
    const std::int32_t* where;  // (places, taps): which place of the pre image a tap hears, -1: none

    int inputs() const { return channels * taps; }
    long synapses() const { return long(places) * maps * inputs(); }
    // How many blocks so many things are cut into: by the work alone.
    int blocks(int things) const {
        const int most = synapses() * columns < 1L << 18 ? 1 : 8;
        return things < most ? things : most;
    }
    // The rows of the pre image that a place hears; nothing is heard of `outside`.
    template <class T>
    void rows(int place, int padded, T* lanes, T* outside, T** heard) const {
        for (int c = 0, t = 0; c < channels; ++c)
            for (int k = 0; k < taps; ++k, ++t) {
                const int source = where[long(place) * taps + k];
                heard[t] = source < 0 ? outside : lanes + (long(c) * sources + source) * padded;
            }
    }
};

// Weights as the kernels read them: M maps side by side, tap after tap. Tied weights are laid so once for all places.
constexpr int maps_together = 8;

template <class T>
void lay_out(int maps, int inputs, const T* w, T* laid) {
    for (int m = 0; m < maps; ++m) {
        T* to = laid + long(m / maps_together) * maps_together * inputs + m % maps_together;
        const int apart = std::min(maps_together, maps - m / maps_together * maps_together);
        for (int t = 0; t < inputs; ++t) to[long(t) * apart] = w[long(m) * inputs + t];
    }
}

// out[m] (+)= sum over some taps of w[m, t] * heard[t], of N registers from `first` on. A weight's neighbours are `per_map`
// and `per_tap` away.
template <class T, int M, int N>
inline void hear(int taps, const T* w, long per_map, long per_tap, T* const* heard, int first, T* out, long apart, bool add) {
    typedef typename Lanes<T>::Vector Vector;
    Vector sum[M][N];
    for (int m = 0; m < M; ++m)
        for (int n = 0; n < N; ++n) {
            sum[m][n] = Vector{};
            if (add) sum[m][n] = reinterpret_cast<Vector*>(out + m * apart + first)[n];
        }
    for (int t = 0; t < taps; ++t) {
        const Vector* x = reinterpret_cast<const Vector*>(heard[t] + first);
        for (int m = 0; m < M; ++m)
            for (int n = 0; n < N; ++n) sum[m][n] += w[m * per_map + t * per_tap] * x[n];
    }
    for (int m = 0; m < M; ++m)
        for (int n = 0; n < N; ++n) reinterpret_cast<Vector*>(out + m * apart + first)[n] = sum[m][n];
}

// All maps of a place, so many taps at a time that what is heard stays in the nearest cache.
template <class T, int N>
inline void hear_all(const Local& s, const T* w, bool laid, T* const* heard, int first, T* out, long apart) {
    const int inputs = s.inputs(), together = 224;
    for (int t = 0; t < inputs; t += together)
        for (int m = 0; m < s.maps; m += maps_together) {
            const int many = std::min(maps_together, s.maps - m), taps = std::min(together, inputs - t);
            const T* from = w + long(m) * inputs + (laid ? long(t) * many : t);
            const long per_map = laid ? 1 : inputs, per_tap = laid ? many : 1;
            T* to = out + m * apart;
            if (many == 8 && laid) hear<T, 8, N>(taps, from, 1, 8, heard + t, first, to, apart, t > 0);
            else if (many == 8) hear<T, 8, N>(taps, from, inputs, 1, heard + t, first, to, apart, t > 0);
            else
                for (int k = 0; k < many; ++k)
                    hear<T, 1, N>(taps, from + k * per_map, per_map, per_tap, heard + t, first, to + k * apart, apart, t > 0);
        }
}

// field = what the places hear of the signal. As many places at a time as a register is wide, so that they are turned back
// at once.
template <class T>
void local_propagate(const Local& s, const T* signal, const T* weights, T* field) {
    constexpr int n = Lanes<T>::width;
    const int padded = Lanes<T>::padded(s.columns), units = s.channels * s.sources, inputs = s.inputs();
    T* below = scratch<T, 0>(long(units + 1) * padded);
    T* outside = below + long(units) * padded;
    std::fill(outside, outside + padded, T(0));
    to_lanes(s.columns, s.columns, units, signal, below);
    T* laid = nullptr;
    if (s.tied) lay_out(s.maps, inputs, weights, laid = scratch<T, 2>(long(s.maps) * inputs));
    const int groups = (s.places + n - 1) / n, blocks = s.blocks(groups);
    const long apart = long(n) * padded, room = s.maps * apart;
    T* above = scratch<T, 1>(blocks * room);
    each_block(blocks, [=](int block) {
        std::vector<T*> heard(inputs);
        T* mine = above + block * room;
        for (int g = groups * block / blocks; g < groups * (block + 1) / blocks; ++g) {
            const int begin = g * n, many = std::min(n, s.places - begin);
            for (int k = 0; k < many; ++k) {
                s.rows(begin + k, padded, below, outside, heard.data());
                const T* w = s.tied ? laid : weights + long(begin + k) * s.maps * inputs;
                by_registers<T, 3>(padded, [&](auto N, int first) {
                    hear_all<T, N()>(s, w, s.tied, heard.data(), first, mine + long(k) * padded, apart);
                });
            }
            for (int m = 0; m < s.maps; ++m)
                turn_back(s.columns, many, long(s.maps) * s.places, mine + m * apart, field + long(m) * s.places + begin);
        }
    });
}

// heard[t] += sum over m of w[m*inputs + t] * sent[m], for K taps.
template <class T, int K, int N>
inline void tell(int maps, int inputs, const T* w, const T* sent, long apart, int first, T* const* heard) {
    typedef typename Lanes<T>::Vector Vector;
    Vector sum[K][N];
    for (int t = 0; t < K; ++t)
        for (int n = 0; n < N; ++n) sum[t][n] = reinterpret_cast<Vector*>(heard[t] + first)[n];
    for (int m = 0; m < maps; ++m) {
        const Vector* x = reinterpret_cast<const Vector*>(sent + m * apart + first);
        for (int t = 0; t < K; ++t)
            for (int n = 0; n < N; ++n) sum[t][n] += w[long(m) * inputs + t] * x[n];
    }
    for (int t = 0; t < K; ++t)
        for (int n = 0; n < N; ++n) reinterpret_cast<Vector*>(heard[t] + first)[n] = sum[t][n];
}

template <class T, int N>
inline void tell_all(const Local& s, int begin, int end, const T* w, const T* sent, long apart, int first, T* const* heard) {
    int t = begin;
    for (; t + 8 <= end; t += 8) tell<T, 8, N>(s.maps, s.inputs(), w + t, sent, apart, first, heard + t);
    for (; t < end; ++t) tell<T, 1, N>(s.maps, s.inputs(), w + t, sent, apart, first, heard + t);
}

// The same synapses the other way round: field (of the pre image) = what the places tell it. A block has channels of its
// own, so that no two add to one unit.
template <class T>
void local_propagate_back(const Local& s, const T* signal, const T* weights, T* field) {
    const int padded = Lanes<T>::padded(s.columns), units = s.channels * s.sources;
    const int blocks = s.blocks(s.channels);
    T* below = scratch<T, 0>(long(units + blocks) * padded);
    T* above = scratch<T, 1>(long(s.maps) * s.places * padded);
    to_lanes(s.columns, s.columns, s.maps * s.places, signal, above);
    each_block(blocks, [=](int block) {
        const int begin = s.channels * block / blocks, end = s.channels * (block + 1) / blocks;
        std::fill(below + long(begin) * s.sources * padded, below + long(end) * s.sources * padded, T(0));
        T* outside = below + long(units + block) * padded;
        std::vector<T*> heard(s.inputs());
        for (int p = 0; p < s.places; ++p) {
            std::fill(outside, outside + padded, T(0));
            s.rows(p, padded, below, outside, heard.data());
            const T* w = weights + (s.tied ? 0 : long(p) * s.maps * s.inputs());
            by_registers<T, 3>(padded, [&](auto N, int first) {
                tell_all<T, N()>(s, begin * s.taps, end * s.taps, w, above + long(p) * padded, long(s.places) * padded, first,
                                 heard.data());
            });
        }
    });
    from_lanes(s.columns, units, below, field);
}

// to[m*inputs + t] += sum over some places and all lanes of sent[m]*heard[t], for 4 maps and width/4 taps, or fewer.
template <class T>
inline void meet(int places, int padded, int maps, int taps, int inputs, const T* sent, long apart, T* const* heard,
                 T* to) {
    constexpr int n = Lanes<T>::width, K = n / 4;
    typedef typename Lanes<T>::Vector Vector;
    Vector sum[n] = {};
    const T *a[4], *b[K];
    for (int p = 0; p < places; ++p) {
        for (int m = 0; m < 4; ++m) a[m] = sent + (m < maps ? m : 0) * apart + long(p) * padded;
        for (int t = 0; t < K; ++t) b[t] = heard[long(p) * inputs + (t < taps ? t : 0)];
        for (int lane = 0; lane < padded; lane += n) {
            Vector x[K];
            for (int t = 0; t < K; ++t) x[t] = *reinterpret_cast<const Vector*>(b[t] + lane);
            for (int m = 0; m < 4; ++m) {
                const Vector y = *reinterpret_cast<const Vector*>(a[m] + lane);
                for (int t = 0; t < K; ++t) sum[m * K + t] += y * x[t];
            }
        }
    }
    turn<T>(sum);
    for (int k = 1; k < n; ++k) sum[0] += sum[k];
    for (int m = 0; m < maps; ++m)
        for (int t = 0; t < taps; ++t) to[long(m) * inputs + t] += sum[0][m * K + t];
}

// target = keep*target + scale * sum over columns (the first `filled`) of post (x) what it hears; tied: over places too.
// Tied weights are added up in each block by itself, and the blocks' sums in their order.
template <class T>
void local_accumulate(const Local& s, int filled, T keep, T scale, const T* posts, const T* pres, T* target) {
    if (!changes(filled, s.channels * s.sources, s.maps * s.places, keep, posts, pres)) return;
    constexpr int n = Lanes<T>::width, K = n / 4;
    const int padded = Lanes<T>::padded(s.columns), units = s.channels * s.sources, inputs = s.inputs();
    const long size = long(s.maps) * inputs;
    T* below = scratch<T, 0>(long(units + 1) * padded);
    T* outside = below + long(units) * padded;
    std::fill(outside, outside + padded, T(0));
    to_lanes(s.columns, filled, units, pres, below);
    const int groups = (s.places + n - 1) / n, blocks = s.blocks(groups);
    const long apart = long(n) * padded, room = s.maps * apart;
    T *sums = scratch<T, 2>(blocks * size), *above = scratch<T, 1>(blocks * room);
    each_block(blocks, [=](int block) {
        T *mine = sums + block * size, *sent = above + block * room;
        std::fill(mine, mine + size, T(0));
        std::vector<T*> heard(long(n) * inputs);
        for (int g = groups * block / blocks; g < groups * (block + 1) / blocks; ++g) {
            const int begin = g * n, many = std::min(n, s.places - begin);
            for (int m = 0; m < s.maps; ++m)
                turn_over(s.columns, filled, many, long(s.maps) * s.places, posts + long(m) * s.places + begin, sent + m * apart);
            for (int k = 0; k < many; ++k) s.rows(begin + k, padded, below, outside, heard.data() + long(k) * inputs);
            const int step = s.tied ? many : 1;  // untied: place by place
            for (int k = 0; k < many; k += step) {
                for (int m = 0; m < s.maps; m += 4)
                    for (int t = 0; t < inputs; t += K)
                        meet(step, padded, std::min(4, s.maps - m), std::min(K, inputs - t), inputs,
                             sent + m * apart + long(k) * padded, apart, heard.data() + long(k) * inputs + t,
                             mine + long(m) * inputs + t);
                if (s.tied) continue;
                T* to = target + long(begin + k) * size;
                for (long e = 0; e < size; ++e) to[e] = keep * to[e] + scale * mine[e], mine[e] = 0;
            }
        }
    });
    if (!s.tied) return;
    each_range(int(size), [=](int begin, int end) {
        for (int k = begin; k < end; ++k) {
            T sum = 0;
            for (int block = 0; block < blocks; ++block) sum += sums[block * size + k];
            target[k] = keep * target[k] + scale * sum;
        }
    });
}

}  // namespace recircuit

// Sums of a few maps and taps of local connections, in registers.
#pragma once
#include <algorithm>
#include <vector>

#include "changes.h"
#include "kernels.h"
#include "lanes.h"

namespace recircuit {

// The weights in the order in which the kernels read them: some maps side by side, tap after tap. Tied weights are laid out once
// for all places.
constexpr int maps_together = sum_rows;

// In w, neighbouring maps are `per_map` apart, and neighbouring channels `per_channel`.
template <class T>
void lay_out(int maps, int channels, int taps, const T* w, long per_map, long per_channel, T* laid) {
    const long inputs = long(channels) * taps;
    for (int m = 0; m < maps; ++m) {
        T* to = laid + long(m / maps_together) * maps_together * inputs + m % maps_together;
        const int stride_between_taps = std::min(maps_together, maps - m / maps_together * maps_together);
        for (int c = 0; c < channels; ++c)
            for (int k = 0; k < taps; ++k, to += stride_between_taps) *to = w[m * per_map + c * per_channel + k];
    }
}

// out[m] (+)= sum over some taps of w[m, t] * inputs_at[t], for N registers at the distance `far` from the beginning of the
// inputs. Neighbouring weights are `per_map` and `per_tap` apart.
template <class T, int M, int N>
inline void correlate(int taps, const T* w, long per_map, long per_tap, T* const* inputs_at, const long* far, T* out, long stride_between_maps,
                 bool add) {
    typedef typename Lanes<T>::Vector Vector;
    typedef typename Lanes<T>::Loose Loose;
    Vector sum[M][N];
    for (int m = 0; m < M; ++m)
        for (int n = 0; n < N; ++n) {
            sum[m][n] = Vector{};
            if (add) sum[m][n] = reinterpret_cast<Vector*>(out + m * stride_between_maps)[n];
        }
    for (int t = 0; t < taps; ++t) {
        Vector x[N];
        for (int n = 0; n < N; ++n) x[n] = *reinterpret_cast<const Loose*>(inputs_at[t] + far[n]);
        for (int m = 0; m < M; ++m)
            for (int n = 0; n < N; ++n) sum[m][n] += w[m * per_map + t * per_tap] * x[n];
    }
    for (int m = 0; m < M; ++m)
        for (int n = 0; n < N; ++n) reinterpret_cast<Vector*>(out + m * stride_between_maps)[n] = sum[m][n];
}

// Computes all maps, with few enough taps at a time that their inputs stay in the nearest cache.
template <class T, int N>
inline void correlate_all(int maps, int inputs, const T* w, bool laid, T* const* inputs_at, const long* far, T* out, long stride_between_maps) {
    const int together = 224;
    for (int t = 0; t < inputs; t += together)
        for (int m = 0; m < maps; m += maps_together) {
            const int many = std::min(maps_together, maps - m), taps = std::min(together, inputs - t);
            const T* from = w + long(m) * inputs + (laid ? long(t) * many : t);
            const long per_map = laid ? 1 : inputs, per_tap = laid ? many : 1;
            T* to = out + m * stride_between_maps;
            constexpr int M = maps_together;
            if (many == M && laid) correlate<T, M, N>(taps, from, 1, M, inputs_at + t, far, to, stride_between_maps, t > 0);
            else if (many == M) correlate<T, M, N>(taps, from, inputs, 1, inputs_at + t, far, to, stride_between_maps, t > 0);
            else
                for (int k = 0; k < many; ++k)
                    correlate<T, 1, N>(taps, from + k * per_map, per_map, per_tap, inputs_at + t, far, to + k * stride_between_maps, stride_between_maps, t > 0);
        }
}

// to[m*inputs + t] += sum over some places and all their registers of sent[m]*inputs_at[t], for at most 4 maps and width/4 taps.
template <class T>
inline void outer(int places, const std::vector<long>& far, int maps, int taps, int inputs, const T* sent, long stride_between_maps,
                 T* const* inputs_at, T* to) {
    constexpr int n = Lanes<T>::width, K = n / 4;
    typedef typename Lanes<T>::Vector Vector;
    typedef typename Lanes<T>::Loose Loose;
    Vector sum[n] = {};
    const int registers = int(far.size());
    const T *a[4], *b[K];
    for (int p = 0; p < places; ++p) {
        for (int m = 0; m < 4; ++m) a[m] = sent + (m < maps ? m : 0) * stride_between_maps + long(p) * registers * n;
        for (int t = 0; t < K; ++t) b[t] = inputs_at[long(p) * inputs + (t < taps ? t : 0)];
        for (int r = 0; r < registers; ++r) {
            Vector x[K];
            for (int t = 0; t < K; ++t) x[t] = *reinterpret_cast<const Loose*>(b[t] + far[r]);
            for (int m = 0; m < 4; ++m) {
                const Vector y = reinterpret_cast<const Vector*>(a[m])[r];
                for (int t = 0; t < K; ++t) sum[m * K + t] += y * x[t];
            }
        }
    }
    add_rows<T>(sum);
    for (int m = 0; m < maps; ++m)
        for (int t = 0; t < taps; ++t) to[long(m) * inputs + t] += sum[0][m * K + t];
}

// The same for all maps and taps.
template <class T>
void outer_all(int places, const std::vector<long>& far, int maps, int inputs, const T* sent, long stride_between_maps, T* const* inputs_at, T* to) {
    constexpr int K = Lanes<T>::width / 4;
    for (int m = 0; m < maps; m += 4)
        for (int t = 0; t < inputs; t += K)
            outer(places, far, std::min(4, maps - m), std::min(K, inputs - t), inputs, sent + m * stride_between_maps, stride_between_maps, inputs_at + t,
                 to + long(m) * inputs + t);
}

}  // namespace recircuit

// Max pooling: image by image, one channel of one batch element at a time. tap_pixels (taps, places) are pixels, -1 outside of
// the image.
#pragma once
#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels.h"
#include "lanes.h"

namespace recircuit {

// The pixels that one tap reads for as many neighbouring places as a register holds: they begin with `first` and are `step`
// apart, or outside of the image. With step 0 they may be anywhere.
struct Stretch {
    int first, step;
    bool inside;  // whether all of them are inside

    static Stretch of(const std::int32_t* pixels, int count, int sources) {
        const bool inside = std::all_of(pixels, pixels + count, [](std::int32_t pixel) { return pixel >= 0; });
        for (int step = 1; step <= 2; ++step) {
            int first = -1;
            for (int p = 0; p < count && first < 0; ++p)
                if (pixels[p] >= 0) first = pixels[p] - step * p;
            bool regular = first >= 0 && first + step * count <= sources;
            for (int p = 0; p < count; ++p) regular = regular && (pixels[p] < 0 || pixels[p] == first + step * p);
            if (regular) return {first, step, inside};
        }
        return {0, 0, inside};
    }
};

// Returns every second value of two registers.
template <class T, int... lane>
inline typename Lanes<T>::Vector every_second(typename Lanes<T>::Vector a, typename Lanes<T>::Vector b,
                                              std::integer_sequence<int, lane...>) {
#if defined(__clang__) || __GNUC__ >= 12
    return __builtin_shufflevector(a, b, (2 * lane)...);
#else
    return __builtin_shuffle(a, b, typename Lanes<T>::Indices{(2 * lane)...});
#endif
}

// Returns the pixels of a stretch in a register.
template <class T>
inline typename Lanes<T>::Vector read(const Stretch& stretch, const T* image, const std::int32_t* pixels) {
    using Loose = typename Lanes<T>::Loose;
    constexpr int n = Lanes<T>::width;
    typename Lanes<T>::Vector values;
    if (!stretch.step) {
        for (int p = 0; p < n; ++p) values[p] = image[std::max(pixels[p], 0)];
    } else {
        const T* from = image + stretch.first;
        values = *reinterpret_cast<const Loose*>(from);
        if (stretch.step == 2) {
            const typename Lanes<T>::Vector more = *reinterpret_cast<const Loose*>(from + n);
            values = every_second<T>(values, more, std::make_integer_sequence<int, n>());
        }
    }
    if (!stretch.inside)
        for (int p = 0; p < n; ++p) values[p] = pixels[p] < 0 ? std::numeric_limits<T>::lowest() : values[p];
    return values;
}

// Finds the largest input of some places of an image, from `begin` on, one tap at a time.
template <class T>
void largest_of(int begin, int places, int taps, const std::int32_t* tap_pixels, T w, const T* image, T* which, T* best) {
    for (int p = begin; p < places; ++p) best[p] = std::numeric_limits<T>::lowest(), which[p] = 0;
    for (int k = 0; k < taps; ++k) {
        const std::int32_t* pixels = tap_pixels + long(k) * places;
        #pragma GCC ivdep
        for (int p = begin; p < places; ++p) {
            const int pixel = pixels[p];
            const T brought = pixel < 0 ? std::numeric_limits<T>::lowest() : image[pixel];
            const bool more = brought > best[p];
            best[p] = more ? brought : best[p];
            which[p] = more ? T(k) : which[p];
        }
    }
    for (int p = begin; p < places; ++p) best[p] *= w;
}

template <class T>
void largest(int images, int sources, int places, int taps, const std::int32_t* tap_pixels, T w, const T* signal, T* argmax,
             T* field) {
    using Vector = typename Lanes<T>::Vector;
    using Loose = typename Lanes<T>::Loose;
    constexpr int n = Lanes<T>::width;
    std::vector<Stretch> stretches;
    for (int p = 0; p + n <= places; p += n)
        for (int k = 0; k < taps; ++k) stretches.push_back(Stretch::of(tap_pixels + long(k) * places + p, n, sources));
    const auto regular = std::count_if(stretches.begin(), stretches.end(), [](const Stretch& s) { return s.step > 0; });
    const int end = 2 * std::size_t(regular) > stretches.size() ? places / n * n : 0;  // the places that are read by stretches
    each_row(images, long(images) * places * taps, [&](int row) {
        const T* image = signal + long(row) * sources;
        T *best = field + long(row) * places, *which = argmax + long(row) * places;
        const Stretch* stretch = stretches.data();
        for (int p = 0; p < end; p += n) {
            Vector found = Vector{} + std::numeric_limits<T>::lowest(), tap = {};
            for (int k = 0; k < taps; ++k, ++stretch) {
                const Vector brought = read<T>(*stretch, image, tap_pixels + long(k) * places + p);
                tap = brought > found ? Vector{} + T(k) : tap;
                found = brought > found ? brought : found;
            }
            *reinterpret_cast<Loose*>(best + p) = found * w;
            *reinterpret_cast<Loose*>(which + p) = tap;
        }
        largest_of(end, places, taps, tap_pixels, w, image, which, best);
    });
}

template <class T>
void to_argmax(int images, int sources, int places, int taps, const std::int32_t* tap_pixels, T w, const T* signal,
               const T* argmax, T* field) {
    each_row(images, long(images) * (places + sources), [=](int row) {
        const T *sent = signal + long(row) * places, *which = argmax + long(row) * places;
        T* image = field + long(row) * sources;
        std::fill(image, image + sources, T(0));
        for (int p = 0; p < places; ++p) {
            const int pixel = tap_pixels[int(which[p]) * places + p];
            if (pixel >= 0) image[pixel] += w * sent[p];
        }
    });
}

}  // namespace recircuit

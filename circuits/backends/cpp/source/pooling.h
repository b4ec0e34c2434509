// Max pooling: image by image, a channel of a column at a time. tap_pixels (taps, places) are pixels, -1 outside of the image.
#pragma once
#include <algorithm>
#include <cstdint>
#include <limits>

#include "kernels.h"
#include "threads.h"

namespace recircuit {

template <class T>
void largest(int images, int sources, int places, int taps, const std::int32_t* tap_pixels, T w, const T* signal, T* argmax,
             T* field) {
    each_row(images, long(images) * places * taps, [=](int row) {
        const T* image = signal + long(row) * sources;
        T *best = field + long(row) * places, *which = argmax + long(row) * places;
        for (int p = 0; p < places; ++p) best[p] = std::numeric_limits<T>::lowest(), which[p] = 0;
        for (int k = 0; k < taps; ++k) {
            const std::int32_t* pixels = tap_pixels + long(k) * places;
            #pragma GCC ivdep
            for (int p = 0; p < places; ++p) {
                const int pixel = pixels[p];
                const T brought = pixel < 0 ? std::numeric_limits<T>::lowest() : image[pixel];
                const bool more = brought > best[p];
                best[p] = more ? brought : best[p];
                which[p] = more ? T(k) : which[p];
            }
        }
        for (int p = 0; p < places; ++p) best[p] *= w;
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

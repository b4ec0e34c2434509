// The kernels that circuits call. They are the same for all circuits: each file of instances (products.cpp, sparse.cpp,
// local.cpp, pooling.cpp) is compiled once for each width of numbers, REAL, and linked to every circuit that calls one of its
// kernels.
#pragma once
#include <cstdint>

namespace recircuit {

// ---- all synapses (products.h) ---------------------------------------------------------------------------------------

// field (batch_size x post) = signal (batch_size x pre) W^T, W (post x pre); or (transposed) signal W, W (pre x post).
template <class T>
void propagate(int batch_size, int pre, int post, bool transposed, const T* signal, const T* weights, T* field);

// target (post x pre) = keep*target + scale * sum over batch elements of post (x) pre.
template <class T>
void accumulate(int batch_size, int pre, int post, T keep, T scale, const T* posts, const T* pres, T* target);

// ---- few synapses (sparse.h): the same, where the mask is not zero ----------------------------------------------------

template <class T>
void sparse_propagate(int batch_size, int pre, int post, bool transposed, const T* mask, const T* signal, const T* weights, T* field);

template <class T>
void sparse_accumulate(int batch_size, int filled, int pre, int post, T keep, T scale, const T* mask, const T* posts,
                       const T* pres, T* target);

// ---- local connections (local.h) --------------------------------------------------------------------------------------

// Each place of the post image reads some places of the pre image, in all its channels, with weights of its own or (if tied)
// with weights that all places share. Units of an image are numbered (channel, place). Weights are (places, maps, channels*taps), or
// (maps, channels*taps).
struct Local {
    int batch_size, channels, sources, maps, places, taps;
    int width, across;          // widths of the pre image and of the image of places
    bool tied, even;            // even: a tap reads at the same distance from all places
    const std::int32_t* where;  // (places, taps): the place of the pre image that a tap reads; -1: none

    int inputs() const { return channels * taps; }
    long synapses() const { return long(places) * maps * inputs(); }
    // Returns the number of blocks into which things are cut; it depends on the work alone.
    int blocks(int things) const {
        const int most = synapses() * batch_size < 1L << 18 ? 1 : 8;
        return things < most ? things : most;
    }
    // The rows of the pre image that a place reads by the inputs `first` to `end`; inputs outside of the image point to `outside`.
    template <class T>
    void rows(int place, int padded, T* lanes, T* outside, T** inputs_at, int first, int end) const {
        for (int t = first, c = first / taps, k = first % taps; t < end; ++t) {
            const int source = where[long(place) * taps + k];
            *inputs_at++ = source < 0 ? outside : lanes + (long(c) * sources + source) * padded;
            if (++k == taps) k = 0, ++c;
        }
    }
    template <class T>
    void rows(int place, int padded, T* lanes, T* outside, T** inputs_at) const {
        rows(place, padded, lanes, outside, inputs_at, 0, inputs());
    }
};

template <class T>
void local_propagate(const Local& s, const T* signal, const T* weights, T* field);

template <class T>
void local_propagate_back(const Local& s, const T* signal, const T* weights, T* field);

template <class T>
void local_accumulate(const Local& s, int filled, T keep, T scale, const T* posts, const T* pres, T* target);

// ---- pooling (pooling.h) -----------------------------------------------------------------------------------------------

// field = w * the largest input of each place; argmax = the first tap with this input.
template <class T>
void largest(int images, int sources, int places, int taps, const std::int32_t* tap_pixels, T w, const T* signal, T* argmax, T* field);

// The signal of each place is multiplied by w and added to the pixel that was the largest in its window.
template <class T>
void to_argmax(int images, int sources, int places, int taps, const std::int32_t* tap_pixels, T w, const T* signal,
               const T* argmax, T* field);

}  // namespace recircuit

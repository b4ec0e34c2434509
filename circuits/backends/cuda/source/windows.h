// Updates of tied weights: the product of the units above with the windows below, over all places and batch elements. The matrix
// of windows is not stored: its tiles are read directly from the image (implicit im2col). The long sum is split among blocks, and
// the parts are added up afterwards in a fixed order (templates/local_product.cu).
#pragma once
#include "tiles.h"

namespace recircuit {

// post: n_post for each element, maps x places. pre: n_pre for each element, channels x sources. where: places x taps, the
// source that a tap reads, or -1. partial: splits x maps x (channels x taps).
template <class T>
struct Windows {
    const T *post, *pre;
    const std::int32_t* where;
    T* partial;
    int maps, channels, taps, places, sources, elements, splits;
    __host__ __device__ int inputs() const { return channels * taps; }
    // The length of the sum over the places of all elements.
    __host__ __device__ int depth() const { return elements * places; }
    // The part of the sum that a block computes.
    __host__ __device__ int share() const {
        constexpr int deep = packs * Pack<T>::size;
        const int stages = (depth() + deep - 1) / deep;
        return (stages + splits - 1) / splits * deep;
    }
};

template <class T>
struct Posts {
    const Windows<T>& w;
    int last;
    __device__ bool turned() const { return false; }
    __device__ Pack<T> operator()(int row, int k) const {
        Pack<T> found;
        int element = k / w.places, place = k % w.places;
        const T* from = w.post + (std::int64_t(element) * w.maps + row) * w.places + place;
        if (row < w.maps && k + Pack<T>::size <= last && w.places % Pack<T>::size == 0 && whole(from))
            return *reinterpret_cast<const Pack<T>*>(from);
        for (int i = 0; i < Pack<T>::size; ++i) {
            const bool there = row < w.maps && k + i < last;
            found.x[i] = there ? w.post[(std::int64_t(element) * w.maps + row) * w.places + place] : T(0);
            if (++place == w.places) place = 0, ++element;
        }
        return found;
    }
};

template <class T>
struct Taps {
    const Windows<T>& w;
    int last;
    __device__ bool turned() const { return false; }
    __device__ Pack<T> operator()(int row, int k) const {
        Pack<T> found;
        int element = k / w.places, place = k % w.places;
        const int channel = row / w.taps, tap = row % w.taps;
        for (int i = 0; i < Pack<T>::size; ++i) {
            const int source = row < w.inputs() && k + i < last ? w.where[place * w.taps + tap] : -1;
            found.x[i] = source < 0 ? T(0) : w.pre[(std::int64_t(element) * w.channels + channel) * w.sources + source];
            if (++place == w.places) place = 0, ++element;
        }
        return found;
    }
};

template <class T>
__global__ void __launch_bounds__(threads, 2) sum_windows(const RECIRCUIT_GRID_CONSTANT Windows<T> w) {
    __shared__ Room<T> room;
    const int tiles = tiles_of(w.maps, w.inputs()), tile = int(blockIdx.x) % tiles, split = int(blockIdx.x) / tiles;
    const int across = (w.inputs() + tile_n - 1) / tile_n, row = tile / across * tile_m, column = tile % across * tile_n;
    const int first = split * w.share(), end = first + w.share(), last = end < w.depth() ? end : w.depth();
    sum_tile<T>(Posts<T>{w, last}, Taps<T>{w, last}, row, column, first, last, room);
    T* partial = w.partial + std::int64_t(split) * w.maps * w.inputs();
    put_tile(row, column, w.maps, w.inputs(), room, [&](int r, int q, T sum) { partial[r * w.inputs() + q] = sum; });
}

template <class T>
void add_windows(const char* name, const Windows<T>& w) {
    launch_blocks(name, sum_windows<T>, tiles_of(w.maps, w.inputs()) * w.splits, threads, w);
}

}  // namespace recircuit

// The fields of the units above from local connections: each window below times the weights, as a product of matrices. The matrix
// of windows is not stored: its tiles are read directly from the image (implicit im2col), and each item serves all maps.
#pragma once
#include "tiles.h"

namespace recircuit {

// weights: (places x) maps x (channels x taps). pre: channels x sources, for each element. where: places x taps, the source that
// a tap reads, or -1. field: maps x places, for each element.
template <class T>
struct Fields {
    const T *weights, *pre;
    const std::int32_t* where;
    T* field;
    int maps, channels, taps, places, sources, elements;
    __host__ __device__ int inputs() const { return channels * taps; }
};

// The windows as rows, for every place of every element, or for one place of every element. Neighbouring threads read the same
// tap of neighbouring windows, which are side by side in memory.
template <class T>
struct Seen {
    const Fields<T>& f;
    int only;  // this place, or -1: all of them
    __device__ bool turned() const { return true; }
    __device__ Pack<T> operator()(int row, int k) const {
        Pack<T> found;
        const int element = only < 0 ? row / f.places : row, place = only < 0 ? row % f.places : only;
        int channel = k / f.taps, tap = k % f.taps;
        for (int i = 0; i < Pack<T>::size; ++i) {
            const int source = element < f.elements && k + i < f.inputs() ? f.where[place * f.taps + tap] : -1;
            found.x[i] = source < 0 ? T(0) : f.pre[(std::int64_t(element) * f.channels + channel) * f.sources + source];
            if (++tap == f.taps) tap = 0, ++channel;
        }
        return found;
    }
};

// The product for weights that all places share: maps x (elements x places).
template <class T>
__global__ void __launch_bounds__(threads, 2) tied_fields(const RECIRCUIT_GRID_CONSTANT Fields<T> f) {
    __shared__ Room<T> room;
    const int n = f.elements * f.places, across = (n + tile_n - 1) / tile_n;
    const int row = int(blockIdx.x) / across * tile_m, column = int(blockIdx.x) % across * tile_n;
    sum_tile<T>(Rows<T>{{f.weights, f.inputs(), false}, f.maps, f.inputs()}, Seen<T>{f, -1}, row, column, 0, f.inputs(), room);
    put_tile(row, column, f.maps, n, room, [&](int map, int q, T sum) {
        f.field[(std::int64_t(q / f.places) * f.maps + map) * f.places + q % f.places] = sum;
    });
}

// The product for weights of each place: elements x maps, for one place after the other.
template <class T>
__global__ void __launch_bounds__(threads, 2) local_fields(const RECIRCUIT_GRID_CONSTANT Fields<T> f) {
    __shared__ Room<T> room;
    const int tiles = tiles_of(f.elements, f.maps), place = int(blockIdx.x) / tiles, tile = int(blockIdx.x) % tiles;
    const int across = (f.maps + tile_n - 1) / tile_n, row = tile / across * tile_m, column = tile % across * tile_n;
    const Rows<T> weights{{f.weights + std::int64_t(place) * f.maps * f.inputs(), f.inputs(), false}, f.maps, f.inputs()};
    sum_tile<T>(Seen<T>{f, place}, weights, row, column, 0, f.inputs(), room);
    put_tile(row, column, f.elements, f.maps, room, [&](int element, int map, T sum) {
        f.field[(std::int64_t(element) * f.maps + map) * f.places + place] = sum;
    });
}

template <class T>
void bring_tied(const char* name, const Fields<T>& f) {
    launch_blocks(name, tied_fields<T>, tiles_of(f.maps, f.elements * f.places), threads, f);
}

template <class T>
void bring_local(const char* name, const Fields<T>& f) {
    launch_blocks(name, local_fields<T>, tiles_of(f.elements, f.maps) * f.places, threads, f);
}

}  // namespace recircuit

// Device memory: its owners, and how it is filled and read. All of this happens on our stream.
#pragma once
#include <stdexcept>
#include <string>

#include "recircuit.h"

namespace recircuit {

inline std::string in_megabytes(std::size_t bytes) { return std::to_string((bytes + (1 << 20) - 1) >> 20) + " MB"; }

inline std::size_t held = 0;  // the bytes of all owners
inline bool (*let_go)() = nullptr;  // frees some memory that is held for later; returns whether there was any

// Device memory of one owner.
class Memory {
  public:
    Memory() = default;
    ~Memory() {
        cudaFree(data_);
        held -= bytes_;
    }
    void release() {
        check(cudaFree(data_), "giving back memory");
        held -= bytes_;
        data_ = nullptr, bytes_ = 0;
    }
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;
    void resize(std::size_t bytes, const char* what) {
        if (fit(bytes, what)) return;
        std::size_t free = 0, total = 0;
        check(cudaMemGetInfo(&free, &total), what);
        throw std::runtime_error(std::string(what) + ": " + in_megabytes(bytes) + " do not fit into the " + in_megabytes(free) +
                                 " that are free of the GPU's " + in_megabytes(total) +
                                 "; take fewer batch elements, smaller layers, or less data, or end other programs that hold "
                                 "memory of this GPU (nvidia-smi lists them)");
    }
    // Does what resize does; returns whether there is enough memory, after others have freed some.
    bool fit(std::size_t bytes, const char* what) {
        if (bytes <= bytes_) return true;
        release();
        while (!taken(bytes, what))
            if (!let_go || !let_go()) return false;
        bytes_ = bytes;
        held += bytes;
        return true;
    }
    template <class T>
    T* as() const {
        return static_cast<T*>(data_);
    }

  private:
    void* data_ = nullptr;
    std::size_t bytes_ = 0;

    bool taken(std::size_t bytes, const char* what) {
        std::size_t free = 0, total = 0;
        check(cudaMemGetInfo(&free, &total), what);
        if (bytes <= free && cudaMalloc(&data_, bytes) == cudaSuccess) return true;
        cudaGetLastError();
        data_ = nullptr;
        return false;
    }
};

// Copies, and waits until this is done.
inline void copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, const char* what) {
    check(cudaMemcpyAsync(to, from, bytes, kind, stream()), what);
    check(cudaStreamSynchronize(stream()), what);
}
inline void upload(void* to, const void* from, std::size_t bytes, const char* what) {
    copy(to, from, bytes, cudaMemcpyHostToDevice, what);
}
inline void download(void* to, const void* from, std::size_t bytes, const char* what) {
    copy(to, from, bytes, cudaMemcpyDeviceToHost, what);
}
inline void clear(void* data, std::size_t bytes, const char* what) { check(cudaMemsetAsync(data, 0, bytes, stream()), what); }

}  // namespace recircuit

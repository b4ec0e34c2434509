// The check for NaN and infinity on the GPU.
#pragma once
#include <algorithm>
#include <vector>

#include "kernels.h"
#include "memory.h"
#include "worker.h"

namespace recircuit {

// The variables that are checked for NaN and infinity.
class Watch {
  public:
    void begin(bool thorough) {
        std::vector<Watched> watched;
        for (std::size_t k = 0; k < array_count; ++k)
            if (arrays[k].floating() && (thorough || is_rate(arrays[k]))) {
                watched.push_back({arrays[k].data(), std::int64_t(arrays[k].count()), int(arrays[k].itemsize())});
                names_.push_back(arrays[k].name);
                places_.push_back(arrays[k].data());
                threads_ = std::max<long>(threads_, std::min<long>(arrays[k].count(), 1 << 16));
            }
        list_.resize(std::max(1, count()) * sizeof(Watched), "the circuit");
        upload(list_.as<void>(), watched.data(), watched.size() * sizeof(Watched), "the circuit");
    }
    int count() const { return int(names_.size()); }
    // The addresses of these variables.
    const std::vector<const void*>& places() const { return places_; }
    // Sets flags to 1 for variables with NaN or infinity; in a `run` only until a presentation had one.
    void into(std::int32_t* flags, const Progress* run) const {
        if (count()) launch("looking for NaN", look, threads_, list_.as<Watched>(), count(), flags, run);
    }
    const char* first(const std::int32_t* flags) const {
        std::vector<std::int32_t> bad(count());
        download(bad.data(), flags, bad.size() * sizeof(std::int32_t), "looking for NaN");
        const std::size_t found = std::find(bad.begin(), bad.end(), 1) - bad.begin();
        return found < bad.size() ? names_[found] : nullptr;
    }

  private:
    Memory list_;
    std::vector<const char*> names_;
    std::vector<const void*> places_;
    int threads_ = 1;
};

}  // namespace recircuit

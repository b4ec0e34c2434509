// Blocks of work on a few threads. How work is cut never depends on how many threads there are, so that the bits of a
// result do not either; and block k always goes to the same thread, so that its weights stay in that core's cache.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

namespace recircuit {

class Pool {
  public:
    static Pool& get() {
        static Pool pool;
        return pool;
    }
    void start(int threads) {
        for (int k = 1; k < threads; ++k) workers_.emplace_back([this, k] { work(k); });
    }
    int threads() const { return int(workers_.size()) + 1; }

    // Calls run(context, block) for block = 0 ... blocks-1 and waits for all.
    void each(int blocks, void (*run)(const void*, int), const void* context) {
        if (workers_.empty() || blocks == 1) {
            for (int block = 0; block < blocks; ++block) run(context, block);
            return;
        }
        run_ = run;
        context_ = context;
        blocks_ = blocks;
        missing_.store(int(workers_.size()), std::memory_order_relaxed);
        turn_.fetch_add(1, std::memory_order_seq_cst);
        if (sleeping_.load(std::memory_order_seq_cst)) {
            std::lock_guard<std::mutex> lock(mutex_);
            wake_.notify_all();
        }
        share(0);
        while (missing_.load(std::memory_order_acquire)) __builtin_ia32_pause();
    }

  private:
    std::vector<std::thread> workers_;
    std::atomic<unsigned> turn_{0};
    std::atomic<int> missing_{0}, sleeping_{0};
    std::mutex mutex_;
    std::condition_variable wake_;
    void (*run_)(const void*, int) = nullptr;
    const void* context_ = nullptr;
    int blocks_ = 0;

    void share(int thread) {
        const int all = threads();
        for (int block = thread * blocks_ / all; block < (thread + 1) * blocks_ / all; ++block) run_(context_, block);
    }
    void work(int thread) {
        for (unsigned seen = 0;;) {
            for (int spin = 0; spin < 20000 && turn_.load(std::memory_order_acquire) == seen; ++spin)
                __builtin_ia32_pause();
            if (turn_.load(std::memory_order_seq_cst) == seen) {
                sleeping_.fetch_add(1, std::memory_order_seq_cst);
                std::unique_lock<std::mutex> lock(mutex_);
                wake_.wait(lock, [&] { return turn_.load(std::memory_order_seq_cst) != seen; });
                sleeping_.fetch_sub(1, std::memory_order_seq_cst);
            }
            ++seen;
            share(thread);
            missing_.fetch_sub(1, std::memory_order_release);
        }
    }
};

template <class Run>
inline void each_block(int blocks, const Run& run) {
    Pool::get().each(blocks, [](const void* context, int block) { (*static_cast<const Run*>(context))(block); }, &run);
}

// The range [begin, end) of block k of n things, cut at multiples of 16.
struct Range {
    int begin, end;
    Range(int n, int blocks, int k) : begin(cut(n, blocks, k)), end(cut(n, blocks, k + 1)) {}
    static int cut(int n, int blocks, int k) {
        if (k == blocks) return n;
        const int place = int(long(n) * k / blocks) & ~15;
        return place;
    }
};

// An elementwise loop over n things; long ones are shared.
template <class Run>
inline void each_range(int n, const Run& run) {
    const int blocks = n < 8192 ? 1 : n < 65536 ? 4 : 8;
    each_block(blocks, [&](int block) {
        const Range range(n, blocks, block);
        run(range.begin, range.end);
    });
}

}  // namespace recircuit

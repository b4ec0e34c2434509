// Blocks of work on a few threads. How work is cut never depends on how many threads there are, so that the bits of a
// result do not either. Block k belongs to the same thread every time, so that its weights stay in that core's cache;
// who is done early takes what another has not begun.
#pragma once
#include <sched.h>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace recircuit {

// Tells the processor that a thread waits for another one.
inline void spin_wait() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

class Pool {
  public:
    static constexpr int most = 64;  // blocks at a time

    static Pool& get() {
        static Pool& pool = *new Pool;  // never destroyed: its threads wait for work until the process ends
        return pool;
    }
    void start(int threads) {
        threads_ = threads;
        for (int k = 1; k < threads; ++k) std::thread([this, k] { work(k); }).detach();
    }

    // Calls run(context, block) for block = 0 ... blocks-1 and waits for all.
    void each(int blocks, void (*run)(const void*, int), const void* context) {
        if (threads_ == 1 || blocks == 1) {
            for (int block = 0; block < blocks; ++block) run(context, block);
            return;
        }
        run_ = run;
        context_ = context;
        done_.store(0, std::memory_order_relaxed);
        const std::uint64_t job = ((job_.load(std::memory_order_relaxed) >> 8) + 1) << 8 | unsigned(blocks);
        job_.store(job, std::memory_order_seq_cst);
        if (sleeping_.load(std::memory_order_seq_cst)) {
            std::lock_guard<std::mutex> lock(mutex_);
            wake_.notify_all();
        }
        share(job, 0);
        for (int spin = 0; done_.load(std::memory_order_acquire) < blocks; ++spin)
            if (spin < 4000) spin_wait();
            else sched_yield();
    }

  private:
    int threads_ = 1;
    std::atomic<std::uint64_t> job_{0};  // a number that grows, and in the last 8 bits how many blocks
    std::atomic<std::uint64_t> claimed_[most] = {};
    std::atomic<int> done_{0}, sleeping_{0};
    std::mutex mutex_;
    std::condition_variable wake_;
    void (*run_)(const void*, int) = nullptr;
    const void* context_ = nullptr;

    // A claim succeeds once per job and block. While a block of a job is not done, nobody changes run_ and context_.
    void attempt(std::uint64_t job, int block) {
        std::uint64_t before = claimed_[block].load(std::memory_order_relaxed);
        if (before >= job || !claimed_[block].compare_exchange_strong(before, job, std::memory_order_acq_rel)) return;
        run_(context_, block);
        done_.fetch_add(1, std::memory_order_release);
    }
    void share(std::uint64_t job, int thread) {
        const int blocks = int(job & 255), first = thread * blocks / threads_;
        for (int k = 0; k < blocks; ++k) attempt(job, (first + k) % blocks);
    }
    void work(int thread) {
        for (std::uint64_t seen = 0;;) {
            for (int spin = 0; spin < 20000 && job_.load(std::memory_order_acquire) == seen; ++spin)
                spin_wait();
            if (job_.load(std::memory_order_seq_cst) == seen) {
                std::unique_lock<std::mutex> lock(mutex_);
                sleeping_.fetch_add(1, std::memory_order_seq_cst);
                wake_.wait(lock, [&] { return job_.load(std::memory_order_seq_cst) != seen; });
                sleeping_.fetch_sub(1, std::memory_order_seq_cst);
            }
            seen = job_.load(std::memory_order_acquire);
            share(seen, thread);
        }
    }
};

template <class Run>
inline void each_block(int blocks, const Run& run) {
    Pool::get().each(blocks, [](const void* context, int block) { (*static_cast<const Run*>(context))(block); }, &run);
}

// The range [begin, end) of block k of n things, cut at multiples of 32.
struct Range {
    int begin, end;
    Range(int n, int blocks, int k) : begin(cut(n, blocks, k)), end(cut(n, blocks, k + 1)) {}
    static int cut(int n, int blocks, int k) {
        if (k == blocks) return n;
        return int(long(n) * k / blocks + 16) & ~31;
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

// A loop over rows, of so much work in all; run(begin, end).
template <class Run>
inline void each_rows(int rows, long work, const Run& run) {
    const int blocks = work < 1L << 14 ? 1 : rows < 8 ? rows : 8;
    each_block(blocks, [&](int block) {
        run(int(long(rows) * block / blocks), int(long(rows) * (block + 1) / blocks));
    });
}

template <class Run>
inline void each_row(int rows, long work, const Run& run) {
    each_rows(rows, work, [&](int begin, int end) {
        for (int row = begin; row < end; ++row) run(row);
    });
}

}  // namespace recircuit

// Threads that share the blocks of an operation. Block k belongs to the same thread every time, so that its weights stay
// in that core's cache; who is done early takes what another has not begun. How many of the threads take part, and how
// long they look for work before they sleep, may change between operations (see share.h).
#pragma once
#include <algorithm>
#include <thread>

#include "waiting.h"

namespace recircuit {

// How many threads take part, and how long a thread that waits looks before it sleeps.
struct Team {
    int threads;
    Nanoseconds patience;
};

class Pool {
  public:
    static constexpr int most = 64;          // blocks at a time
    static constexpr int most_threads = 31;  // each has a bit of a word

    static Pool& get() {
        static Pool& pool = *new Pool;  // never destroyed: its threads wait for work until the process ends
        return pool;
    }
    void start(int threads) {
        threads_ = std::max(1, std::min(threads, most_threads));
        team_ = threads_;
        for (int k = 1; k < threads_; ++k) std::thread([this, k] { work(k); }).detach();
    }
    int threads() const { return threads_; }
    // How often work has been shared, or would have been with more threads.
    long shared() const { return shared_; }
    void use(const Team& team) {
        team_.store(team.threads, std::memory_order_relaxed);
        patience_.store(team.patience, std::memory_order_relaxed);
    }

    // Calls run(context, block) for block = 0 ... blocks-1 and waits for all.
    void each(int blocks, void (*run)(const void*, int), const void* context) {
        if (threads_ == 1 || blocks == 1) return alone(blocks, run, context);
        ++shared_;
        const int team = team_.load(std::memory_order_relaxed);
        if (team == 1) return alone(blocks, run, context);
        run_ = run;
        context_ = context;
        done_.store(0, std::memory_order_relaxed);
        const std::uint64_t job = ((job_.load(std::memory_order_relaxed) >> 8) + 1) << 8 | unsigned(blocks);
        job_.store(job, std::memory_order_seq_cst);
        ring_.store(std::uint32_t(job >> 8), std::memory_order_seq_cst);
        const std::uint32_t called = (std::uint32_t(1) << team) - 2;
        if (sleeping_.load(std::memory_order_seq_cst) & called) wake(ring_, called);
        share(job, 0, team);
        wait(std::uint32_t(blocks));
    }

  private:
    int threads_ = 1;
    long shared_ = 0;
    std::atomic<int> team_{1};
    std::atomic<Nanoseconds> patience_{0};
    std::atomic<std::uint64_t> job_{0};       // a number that grows, and in the last 8 bits how many blocks
    std::atomic<std::uint32_t> ring_{0};      // the number again, in a word that threads can sleep on
    std::atomic<std::uint32_t> sleeping_{0};  // a bit for each thread that sleeps, or is about to
    std::atomic<std::uint32_t> done_{0}, waiting_{0};
    std::atomic<std::uint64_t> claimed_[most] = {};
    void (*run_)(const void*, int) = nullptr;
    const void* context_ = nullptr;

    static void alone(int blocks, void (*run)(const void*, int), const void* context) {
        for (int block = 0; block < blocks; ++block) run(context, block);
    }

    // A claim succeeds once per job and block. While a block of a job is not done, nobody changes run_ and context_.
    void attempt(std::uint64_t job, int block) {
        std::uint64_t before = claimed_[block].load(std::memory_order_relaxed);
        if (before >= job || !claimed_[block].compare_exchange_strong(before, job, std::memory_order_acq_rel)) return;
        run_(context_, block);
        if (done_.fetch_add(1, std::memory_order_seq_cst) + 1 == (job & 255) && waiting_.load(std::memory_order_seq_cst))
            wake(done_, 1);
    }
    void share(std::uint64_t job, int thread, int team) {
        const int blocks = int(job & 255), first = thread * blocks / team;
        for (int k = 0; k < blocks; ++k) attempt(job, (first + k) % blocks);
    }
    void wait(std::uint32_t blocks) {
        const auto all = [&] { return done_.load(std::memory_order_acquire) >= blocks; };
        if (all() || spin(patience_.load(std::memory_order_relaxed), all)) return;
        waiting_.store(1, std::memory_order_seq_cst);
        for (std::uint32_t done; (done = done_.load(std::memory_order_seq_cst)) < blocks;) sleep_while(done_, done, 1);
        waiting_.store(0, std::memory_order_relaxed);
    }

    void work(int thread) {
        for (std::uint64_t seen = 0;;) {
            const auto come = [&] {
                return job_.load(std::memory_order_acquire) != seen && thread < team_.load(std::memory_order_relaxed);
            };
            if (thread >= team_.load(std::memory_order_relaxed) || !spin(patience_.load(std::memory_order_relaxed), come))
                sleep(thread, come);
            seen = job_.load(std::memory_order_acquire);
            const int team = team_.load(std::memory_order_relaxed);
            if (thread < team) share(seen, thread, team);
        }
    }
    // Until `come()`. A call that is made after the bit is set wakes the thread, one that was made before is seen.
    template <class Come>
    void sleep(int thread, const Come& come) {
        const std::uint32_t bit = std::uint32_t(1) << thread;
        sleeping_.fetch_or(bit, std::memory_order_seq_cst);
        for (std::uint32_t ring; ring = ring_.load(std::memory_order_seq_cst), !come();) sleep_while(ring_, ring, bit);
        sleeping_.fetch_and(~bit, std::memory_order_seq_cst);
    }
};

}  // namespace recircuit

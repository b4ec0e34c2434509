// Threads that share the blocks of an operation, or of several that do not depend on each other. A thread has the same
// blocks every time, so that their weights stay in its core's cache. A thread that is done early takes blocks that another
// thread has not begun, from the end. The number of threads that take part, and the time for which they look for work before
// they sleep, may change between operations (see share.h).
#pragma once
#include <algorithm>
#include <cstring>
#include <thread>

#include "waiting.h"

namespace recircuit {

// The number of threads that take part, and the time for which a waiting thread looks before it sleeps.
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
    // Returns how often work has been shared, or would have been shared with more threads.
    long shared() const { return shared_; }
    void use(const Team& team) {
        team_.store(team.threads, std::memory_order_relaxed);
        patience_.store(team.patience, std::memory_order_relaxed);
    }

    // Calls run(context, block) for block = 0 ... blocks-1, and waits for all blocks.
    void each(int blocks, void (*run)(const void*, int), const void* context) {
        if (!shares(blocks)) return alone(blocks, run, context);
        const Part part{run, context, blocks, {}};
        share_parts(&part, 1);
    }

    // From `gather` to `do_gathered`, the work that `each_later` is given may wait, and is done all at once: by several threads
    // if some of it is `large`, which means that two operations like it take longer than threads need to find each other.
    // `bytes` of the context are copied.
    void gather() { gathering_ = threads_ > 1; }
    void each_later(int blocks, bool large, void (*run)(const void*, int), const void* context, std::size_t bytes) {
        if (!gathering_) return each(blocks, run, context);
        if (waits_ == most_parts || waiting_blocks_ + blocks > most) do_waiting();
        Part& part = parts_[waits_++];
        std::memcpy(part.copy, context, bytes);
        part.run = run, part.context = part.copy, part.blocks = blocks;
        waiting_blocks_ += blocks;
        any_large_ |= large;
    }
    void do_gathered() {
        if (waits_) do_waiting();
        gathering_ = false;
    }
    static constexpr std::size_t most_bytes = 96;  // of such a context

  private:
    static constexpr int most_parts = 16;
    // Blocks of one operation.
    struct Part {
        void (*run)(const void*, int);
        const void* context;
        int blocks;
        alignas(16) char copy[most_bytes];
    };
    struct Piece {
        std::uint8_t part, block;
    };
    // The pieces of a thread that no thread has begun: the number of the job, the first piece, and the one after the last.
    struct alignas(64) Left {
        std::atomic<std::uint64_t> word{0};
    };

    int threads_ = 1;
    long shared_ = 0;
    bool gathering_ = false, any_large_ = false;
    int waits_ = 0, waiting_blocks_ = 0;  // the numbers of waiting parts and of their blocks
    Part parts_[most_parts];
    std::atomic<int> team_{1};
    std::atomic<Nanoseconds> patience_{0};
    // The words that are written for each job, by threads that are done, and by threads that sleep, in separate cache lines.
    alignas(64) std::atomic<std::uint64_t> job_{0};  // a number that grows
    std::atomic<std::uint32_t> ring_{0};             // its last bits, in a word on which threads can sleep
    std::uint32_t blocks_ = 0;
    const Part* job_parts_ = nullptr;
    alignas(64) Piece pieces_[most];  // of all threads, one after the other
    alignas(64) std::atomic<std::uint32_t> done_{0};
    std::atomic<std::uint32_t> waiting_{0};
    alignas(64) std::atomic<std::uint32_t> sleeping_{0};  // a bit for each thread that sleeps, or is about to
    Left left_[most_threads];

    static void alone(int blocks, void (*run)(const void*, int), const void* context) {
        for (int block = 0; block < blocks; ++block) run(context, block);
    }
    bool shares(int blocks) {
        if (threads_ == 1 || blocks == 1) return false;
        ++shared_;
        return team_.load(std::memory_order_relaxed) > 1;
    }
    // Does the waiting parts. Parts that are worth sharing are counted even if a single thread does them, since a trial of a
    // single thread (see share.h) would never end without this.
    void do_waiting() {
        const int parts = waits_;
        const bool worth_it = any_large_ && waiting_blocks_ > 1;
        waits_ = waiting_blocks_ = 0, any_large_ = false;
        if (worth_it) ++shared_;
        if (worth_it && team_.load(std::memory_order_relaxed) > 1) return share_parts(parts_, parts);
        for (int k = 0; k < parts; ++k) alone(parts_[k].blocks, parts_[k].run, parts_[k].context);
    }
    // Each thread has its share of every part, so that its blocks do not depend on the other parts.
    void share_parts(const Part* parts, int count) {
        const std::uint64_t job = job_.load(std::memory_order_relaxed) + 1;
        const int team = team_.load(std::memory_order_relaxed);
        int pieces = 0;
        for (int thread = 0; thread < team; ++thread) {
            const int first = pieces;
            for (int part = 0; part < count; ++part)
                for (int k = thread * parts[part].blocks / team; k < (thread + 1) * parts[part].blocks / team; ++k)
                    pieces_[pieces++] = {std::uint8_t(part), std::uint8_t(k)};
            left_[thread].word.store(left(job, first, pieces), std::memory_order_release);
        }
        job_parts_ = parts;
        blocks_ = std::uint32_t(pieces);
        done_.store(0, std::memory_order_relaxed);
        job_.store(job, std::memory_order_seq_cst);
        ring_.store(std::uint32_t(job), std::memory_order_seq_cst);
        const std::uint32_t called = (std::uint32_t(1) << team) - 2;
        if (sleeping_.load(std::memory_order_seq_cst) & called) wake(ring_, called);
        share(job, 0, team);
        wait(std::uint32_t(pieces));
    }

    static std::uint64_t left(std::uint64_t job, int first, int end) { return job << 16 | unsigned(first) << 8 | unsigned(end); }
    // Returns a piece of a thread that no thread has begun, or -1. A claim succeeds once per job and piece; while a piece of a
    // job is not done, no thread changes the pieces.
    int claim(std::uint64_t job, int thread, bool from_end) {
        std::atomic<std::uint64_t>& word = left_[thread].word;
        for (std::uint64_t before = word.load(std::memory_order_acquire);;) {
            const int first = before >> 8 & 255, end = before & 255;
            if (before >> 16 != job || first == end) return -1;
            const std::uint64_t after = from_end ? left(job, first, end - 1) : left(job, first + 1, end);
            if (word.compare_exchange_weak(before, after, std::memory_order_acq_rel)) return from_end ? end - 1 : first;
        }
    }
    void share(std::uint64_t job, int thread, int team) {
        std::uint32_t done = 0, all = 0;
        for (int k = 0; k < team; ++k)
            for (int piece; (piece = claim(job, (thread + k) % team, k > 0)) >= 0; ++done) {
                const Part& part = job_parts_[pieces_[piece].part];
                all = blocks_;
                part.run(part.context, pieces_[piece].block);
            }
        if (done && done_.fetch_add(done, std::memory_order_seq_cst) + done == all && waiting_.load(std::memory_order_seq_cst))
            wake(done_, 1);
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
    // Sleeps until `come()`. A call after the bit is set wakes the thread, and a call before it is noticed.
    template <class Come>
    void sleep(int thread, const Come& come) {
        const std::uint32_t bit = std::uint32_t(1) << thread;
        sleeping_.fetch_or(bit, std::memory_order_seq_cst);
        for (std::uint32_t ring; ring = ring_.load(std::memory_order_seq_cst), !come();) sleep_while(ring_, ring, bit);
        sleeping_.fetch_and(~bit, std::memory_order_seq_cst);
    }
};

}  // namespace recircuit

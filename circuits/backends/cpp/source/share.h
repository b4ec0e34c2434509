// The choice of the number of threads while presentations run. Other programs may use the same processors, and time is lost
// if a thread waits for another one that does not run. No result depends on the choice (see threads.h).
//
// There is a list of ways to share work, from all threads, which look for work all the time, to a single thread. The best known
// way is used for a rest. Then a way near to it in the list is tried, in turns with it, and replaces it if presentations were
// clearly faster in the median. As long as nothing is better, rests become longer. The first rest is long if processors are
// free, so that short runs need no trial.
//
// A trial says nothing while other programs use the processors for much of the time, since each turn is fast or slow by chance.
// Then fewer threads are used without a trial, and more threads are not tried until the threads hardly wait for a processor.
#pragma once
#include <algorithm>
#include <cstdio>
#include <vector>

#include "pool.h"
#include "queue.h"

namespace recircuit {

class Share {
  public:
    void start(int threads) {
        for (int team = threads; team > 1; team /= 2) {
            ways_.push_back({team, looks});
            ways_.push_back({team, 0});
        }
        ways_.push_back({1, 0});
        const bool now_busy = busy(threads);
        best_ = now_busy ? int(ways_.size()) - 1 : 0;
        rest_ = now_busy ? window : first;
        Pool::get().use(ways_[best_]);
        if (ways_.size() > 1) queue_.start();
    }

    // Runs a presentation, and takes note of how long it took if it had work to share.
    template <class Present>
    void watch(const Present& present) {
        Pool& pool = Pool::get();
        if (ways_.size() == 1) return present();
        const long shared = pool.shared();
        const Nanoseconds begin = now();
        present();
        if (pool.shared() == shared) return;
        spent_ += now() - begin;
        ++presented_;
        if (spent_ >= (trying_ ? window : std::min(rest_, shortest))) turn();
    }

  private:
    static constexpr Nanoseconds looks = 300'000, window = 20'000'000, shortest = 100'000'000, first = 1'000'000'000,
                                 longest = 4'000'000'000;
    static constexpr int turns = 5;          // of a trial, each with both ways
    static constexpr double clearly = 1.04;  // faster
    static constexpr double crowded = 0.4, quiet = 0.1;  // shares of the time in which threads wait for a processor

    std::vector<Team> ways_;
    int best_ = 0, candidate_ = 0, next_ = 0;
    bool trying_ = false, is_candidate_ = false;
    Nanoseconds rest_ = window, rested_ = 0, spent_ = 0;
    long presented_ = 0;
    double usual_ = 0;  // presentations in a nanosecond, in the last window of the best way
    std::vector<double> ratios_;
    Queue queue_;

    // Returns whether other programs want to run, besides the threads of this program and the process that started it.
    static bool busy(int threads) {
        int running = 0;
        std::FILE* file = std::fopen("/proc/loadavg", "r");
        if (!file) return false;
        const bool read = std::fscanf(file, "%*f %*f %*f %d", &running) == 1;
        std::fclose(file);
        return read && running > threads + 1;
    }

    void turn() {
        const double rate = double(presented_) / spent_;
        if (!trying_) {
            rested_ += spent_;
            rest(queue_.waited());
        } else if (is_candidate_) {
            ratios_.push_back(rate / usual_);
            is_candidate_ = false;
            if (int(ratios_.size()) == turns) end_trial();
        } else {
            usual_ = rate;
            is_candidate_ = true;
        }
        Pool::get().use(ways_[is_candidate_ ? candidate_ : best_]);
        spent_ = 0, presented_ = 0;
    }
    // Continues the rest, or ends it. In its last part, threads waited for a processor for this share of the time.
    void rest(double waited) {
        if (ways_[best_].threads > 1 && waited > crowded) {
            const int threads = ways_[best_].threads;
            while (ways_[best_].threads == threads) ++best_;
            return rest_for(shortest);
        }
        if (rested_ < rest_) return;
        const bool more = waited <= quiet;
        if (more || ways_[best_].threads > 1) begin_trial(more);
        else rest_for(rest_);
    }
    void rest_for(Nanoseconds time) { rest_ = time, rested_ = 0; }
    void begin_trial(bool more_threads) {
        static constexpr int near[] = {1, 2, -1, -2};
        const auto may_be_tried = [&](int way) {
            return way >= 0 && way < int(ways_.size()) && (more_threads || ways_[way].threads <= ways_[best_].threads);
        };
        do candidate_ = best_ + near[next_++ % 4];
        while (!may_be_tried(candidate_));
        trying_ = true;
        ratios_.clear();
    }
    void end_trial() {
        std::nth_element(ratios_.begin(), ratios_.begin() + turns / 2, ratios_.end());
        const bool better = ratios_[turns / 2] > clearly;
        if (better) best_ = candidate_;
        rest_for(better ? shortest : std::min(longest, std::max(shortest, 2 * rest_)));
        trying_ = false;
        queue_.waited();
    }
};

}  // namespace recircuit

// Waiting of one thread for another: it looks again and again for a while, and then it sleeps until it is woken.
#pragma once
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>

namespace recircuit {

using Nanoseconds = std::int64_t;

inline Nanoseconds now() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

inline void pause() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

// Returns whether `there()` becomes true within this time.
template <class There>
inline bool spin(Nanoseconds patience, const There& there) {
    for (Nanoseconds begin = 0;;) {
        for (int look = 0; look < 32; ++look) {
            if (there()) return true;
            pause();
        }
        const Nanoseconds time = now();
        if (!begin) begin = time;
        if (time - begin >= patience) return there();
    }
}

// Sleeps while a word has this value, until a thread wakes the sleepers of one of these bits.
inline void sleep_while(std::atomic<std::uint32_t>& word, std::uint32_t value, std::uint32_t bits) {
    syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), FUTEX_WAIT_BITSET_PRIVATE, value, nullptr, nullptr, bits);
}
inline void wake(std::atomic<std::uint32_t>& word, std::uint32_t bits) {
    syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), FUTEX_WAKE_BITSET_PRIVATE, 64, nullptr, nullptr, bits);
}

}  // namespace recircuit

// The threads of a launch, one after the other. A thread that waits at a barrier is put aside with its stack, as a fiber,
// until all threads of its block are there; who leaves the kernel before the others, or waits for ever, is found. What a
// kernel has in shared memory is static: a kernel with barriers runs block by block.
#pragma once
#include <ucontext.h>

namespace on_cpu {
constexpr std::size_t most_dynamic = 227 << 10;
}
// What a block has asked for when it was launched: that of the block that runs.
alignas(16) inline thread_local unsigned char dynamic_shared[on_cpu::most_dynamic];

namespace on_cpu {

[[noreturn]] inline void die(const char* why) {
    std::fprintf(stderr, "cuda on cpu: %s\n", why);
    std::abort();
}

// In which order so many things are taken.
inline std::vector<std::size_t> order_of(std::size_t blocks, std::size_t threads) {
    static const std::string order = std::getenv("CUDA_ON_CPU_ORDER") ? std::getenv("CUDA_ON_CPU_ORDER") : "forward";
    std::vector<std::size_t> found(blocks * threads);
    std::iota(found.begin(), found.end(), std::size_t(0));
    static std::mt19937_64 shuffling;
    if (order == "backward") std::reverse(found.begin(), found.end());
    else if (order == "shuffled") std::shuffle(found.begin(), found.end(), shuffling);
    else if (order == "strided")  // the first thread of every block, then the second
        for (std::size_t k = 0; k < found.size(); ++k) found[k] = k % blocks * threads + k / blocks;
    else if (order != "forward") die("CUDA_ON_CPU_ORDER is forward, backward, strided or shuffled");
    return found;
}

// A stack on which threads run, one after the other, until one of them waits at a barrier.
struct Fiber {
    ucontext_t context;
    static constexpr std::size_t size = 256 << 10;
    std::unique_ptr<char[]> stack{new char[size]};  // pages that are not touched take no memory
    bool waits = false, waits_for_grid = false, ended = false;
};

// A block that runs.
struct Team {
    const std::function<void()>* thread = nullptr;
    std::vector<std::size_t> order;
    std::size_t begun = 0;
    ucontext_t home;
    Fiber* current = nullptr;
};
inline Team team;
inline std::set<const void*>& with_barriers = *new std::set<const void*>;
inline bool met_barrier = false;

inline void run_fiber() {
    while (team.begun < team.order.size()) {
        threadIdx.x = unsigned(team.order[team.begun++]);
        (*team.thread)();
    }
    team.current->waits = false;
}

inline void go_on(Fiber& fiber) {
    team.current = &fiber;
    swapcontext(&team.home, &fiber.context);
    team.current = nullptr;
}

inline void wait_for_block() {
    if (!team.current) die("a barrier outside of a kernel");
    const dim3 me = threadIdx, mine = blockIdx;
    met_barrier = team.current->waits = true;
    swapcontext(&team.current->context, &team.home);
    threadIdx = me, blockIdx = mine;
}

// All threads of a block, from barrier to barrier.
inline void run_block(std::size_t threads, const std::function<void()>& thread) {
    static std::vector<std::unique_ptr<Fiber>>& fibers = *new std::vector<std::unique_ptr<Fiber>>;
    team.thread = &thread, team.order = order_of(1, threads), team.begun = 0;
    std::size_t used = 0;
    while (team.begun < threads) {
        if (used == fibers.size()) fibers.emplace_back(new Fiber);
        Fiber& fiber = *fibers[used++];
        getcontext(&fiber.context);
        fiber.context.uc_stack.ss_sp = fiber.stack.get(), fiber.context.uc_stack.ss_size = Fiber::size;
        fiber.context.uc_link = &team.home;
        makecontext(&fiber.context, run_fiber, 0);
        go_on(fiber);
    }
    for (;;) {
        std::size_t waiting = 0;
        for (std::size_t k = 0; k < used; ++k) waiting += fibers[k]->waits;
        if (!waiting) return;
        if (waiting != threads) die("a barrier that not all threads of a block reach");
        for (const std::size_t k : order_of(1, threads)) go_on(*fibers[k]);
    }
}

// ---- blocks that wait for each other -------------------------------------------------------------------------------

inline bool in_grid = false;

inline void run_one() {
    (*team.thread)();
    team.current->ended = true;
}

inline void wait_for_grid() {
    if (!in_grid) die("a barrier of the grid in a kernel whose blocks are not launched together");
    team.current->waits_for_grid = true;
    wait_for_block();
}

// A block, from its barriers to the next one of the grid; returns whether it waits there, or has ended.
inline bool run_to_grid(std::vector<std::unique_ptr<Fiber>>& fibers, const std::vector<std::size_t>& block) {
    for (;;) {
        for (const std::size_t k : order_of(1, block.size())) {
            Fiber& fiber = *fibers[block[k]];
            if (fiber.ended || fiber.waits_for_grid) continue;
            threadIdx.x = unsigned(k), fiber.waits = false;
            go_on(fiber);
        }
        std::size_t ended = 0, at_grid = 0;
        for (const std::size_t k : block) ended += fibers[k]->ended, at_grid += fibers[k]->waits_for_grid;
        if (ended == block.size() || at_grid == block.size()) return at_grid;
        if (ended || at_grid) die("a barrier that not all threads of a block reach");
    }
}

// The dynamic shared memory of a block, which begins as NaN: there while the block runs. Beyond it nobody may write.
struct Dynamic {
    std::vector<unsigned char> mine;
    explicit Dynamic(std::size_t bytes) : mine(bytes, 0xff) {}
    void come() const {
        std::memset(dynamic_shared, 0xff, most_dynamic);
        std::copy(mine.begin(), mine.end(), dynamic_shared);
    }
    void go() {
        std::copy_n(dynamic_shared, mine.size(), mine.begin());
        for (std::size_t k = mine.size(); k < most_dynamic; ++k)
            if (dynamic_shared[k] != 0xff) die("a block writes beyond its shared memory");
    }
};

// All blocks of a launch, from barrier to barrier of the grid, one after the other. They have the same static shared memory,
// in which nothing may be kept over such a barrier; of the dynamic one each has its own.
inline void run_grid(std::size_t blocks, std::size_t threads, std::size_t dynamic, const std::function<void()>& thread) {
    std::vector<Dynamic> shared(blocks, Dynamic(dynamic));
    static std::vector<std::unique_ptr<Fiber>>& fibers = *new std::vector<std::unique_ptr<Fiber>>;
    std::vector<std::vector<std::size_t>> all(blocks);
    std::size_t barriers = 0;
    in_grid = true, team.thread = &thread;
    for (std::size_t k = 0; k < blocks * threads; ++k) {
        if (k == fibers.size()) fibers.emplace_back(new Fiber);
        Fiber& fiber = *fibers[k];
        fiber.waits = fiber.waits_for_grid = fiber.ended = false;
        getcontext(&fiber.context);
        fiber.context.uc_stack.ss_sp = fiber.stack.get(), fiber.context.uc_stack.ss_size = Fiber::size;
        fiber.context.uc_link = &team.home;
        makecontext(&fiber.context, run_one, 0);
        all[k / threads].push_back(k);
    }
    for (bool more = true; more;) {
        std::size_t waiting = 0;
        for (const std::size_t block : order_of(1, blocks)) {
            blockIdx.x = unsigned(block);
            shared[block].come();
            waiting += run_to_grid(fibers, all[block]);
            shared[block].go();
        }
        if (waiting && waiting != blocks) die("a barrier of the grid that not all blocks reach");
        more = waiting, barriers += more;
        for (std::size_t k = 0; k < blocks * threads; ++k) fibers[k]->waits_for_grid = false;
    }
    in_grid = false;
    if (const char* file = std::getenv("CUDA_ON_CPU_BARRIERS")) 
        std::ofstream(file, std::ios::app) << barriers << " " << blocks << " " << dynamic << std::endl;
}

// All threads of a launch. Whether a kernel has barriers is learnt when it runs first.
inline void run_threads(const void* kernel, std::size_t blocks, std::size_t threads, const std::function<void()>& thread) {
    static std::set<const void*>& seen = *new std::set<const void*>;
    if (seen.insert(kernel).second || with_barriers.count(kernel)) {
        met_barrier = false;
        for (const std::size_t block : order_of(1, blocks)) {
            blockIdx.x = unsigned(block);
            run_block(threads, thread);
        }
        if (met_barrier) with_barriers.insert(kernel);
        return;
    }
    for (const std::size_t one : order_of(blocks, threads)) {
        blockIdx.x = unsigned(one / threads), threadIdx.x = unsigned(one % threads);
        thread();
    }
}

}  // namespace on_cpu

inline void __syncthreads() { on_cpu::wait_for_block(); }

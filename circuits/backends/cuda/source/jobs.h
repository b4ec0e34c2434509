// Jobs: short work, of which several that do not depend on each other are one launch. A job is a number; the generated run_each
// and run_alone say what its threads do.
#pragma once
#include "recircuit.h"

namespace recircuit {

struct Job {
    int number, things;  // the number of threads; 0: one thread alone, which may compute in double precision
};

constexpr int most_jobs = 64;

struct Jobs {
    int count = 0;
    int first[most_jobs + 1];  // the first block of each, and the number of blocks
    Job job[most_jobs];
};

// A function of the circuit, in kernels_0.cu: one launch of jobs, all of which have several threads, or all only one.
void launch_jobs(const char* name, const Jobs& jobs);

inline int blocks_of(const Job& job) { return job.things ? (job.things + threads - 1) / threads : 1; }

inline void add_job(Jobs& jobs, const Job& job) {
    if (!jobs.count) jobs.first[0] = 0;
    jobs.job[jobs.count] = job;
    jobs.first[jobs.count + 1] = jobs.first[jobs.count] + blocks_of(job);
    ++jobs.count;
}

inline void launch_job(const char* name, int number, int things) {
    Jobs jobs;
    add_job(jobs, {number, things});
    launch_jobs(name, jobs);
}

// Returns the job that this block belongs to.
__device__ inline int job_of_block(const Jobs& jobs) {
    int k = 0;
    while (int(blockIdx.x) >= jobs.first[k + 1]) ++k;
    return k;
}

}  // namespace recircuit

// How much of the time in which threads could run they wait for a processor, since other programs have it. Linux counts both
// for each thread; where it does not, nobody seems to wait.
#pragma once
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

namespace recircuit {

class Queue {
  public:
    // Finds the threads of this process, which all have been started.
    void start() {
        const std::string tasks = "/proc/self/task";
        if (DIR* folder = opendir(tasks.c_str())) {
            while (const dirent* entry = readdir(folder)) {
                const int file = open((tasks + "/" + entry->d_name + "/schedstat").c_str(), O_RDONLY | O_CLOEXEC);
                if (file >= 0) files_.push_back(file);
            }
            closedir(folder);
        }
        waited();
    }

    // The share of the time, since the last call, in which the threads waited for a processor, from 0 to 1.
    double waited() {
        long long ran = 0, waited = 0;
        for (int file : files_) {
            char text[96] = {};
            long long on_processor = 0, in_queue = 0;
            if (pread(file, text, sizeof text - 1, 0) > 0 && std::sscanf(text, "%lld %lld", &on_processor, &in_queue) == 2)
                ran += on_processor, waited += in_queue;
        }
        const double runs = double(ran - ran_), waits = double(waited - waited_);
        ran_ = ran, waited_ = waited;
        return runs + waits > 0 ? waits / (runs + waits) : 0;
    }

  private:
    std::vector<int> files_;
    long long ran_ = 0, waited_ = 0;
};

}  // namespace recircuit

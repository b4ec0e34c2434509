// The share of the time in which threads wait for a processor that other programs use. Linux counts, for each thread, the time
// on a processor and the time in the queue for one. On a system without these counts the share is 0.
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
                if (entry->d_name[0] == '.') continue;  // the folder above has the counts of the main thread once more
                const int file = open((tasks + "/" + entry->d_name + "/schedstat").c_str(), O_RDONLY | O_CLOEXEC);
                if (file >= 0) files_.push_back(file);
            }
            closedir(folder);
        }
        waited();
    }

    // Returns the time that the threads waited since the last call, as a share of the time that they ran or waited.
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

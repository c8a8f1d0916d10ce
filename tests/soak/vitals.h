// What the processes of a pipeline use, as /proc tells it.
#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace soak
{

// A stage server, called after its stage; or a worker, "grow/0", or "grow" for the moment before it is named.
struct Process {
    pid_t pid, parent;
    std::string name;
    bool is_worker;
    bool is_named() const { return name.find('/') != std::string::npos; }
    std::string stage() const { return name.substr(0, name.find('/')); }
    uint32_t number() const { return static_cast<uint32_t>(std::stoul(name.substr(name.find('/') + 1))); }
};

// All below the host, servers first.
std::vector<Process> descendants(pid_t host);

struct Vitals {
    long processes = 0, zombies = 0;
    long host_files = 0, server_files = 0, worker_files = 0; // open descriptors; sums
    long host_kib = 0, server_kib = 0, worker_kib = 0;       // private memory in use; of the largest server, worker
};

Vitals vitals_of(pid_t host);

// What each process does now: its state, where it is in the kernel and, if gdb is here, in the program.
std::string doings_of(pid_t host);

} // namespace soak

// Processes that die, and what an autopsy finds out of it.
#ifndef DYING_H
#define DYING_H

extern "C" {
#include "autopsy.h"
#include "crash.h"
#include "evidence.h"
}

#include <csignal>
#include <cstdlib>
#include <memory>
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dying
{

using Found = std::unique_ptr<report, void (*)(void *)>;
using Evidence = std::unique_ptr<crash_area, void (*)(void *)>;

enum { FIRST = 1, PATIENCE_MS = 60000 };

// Of a child process that does that, which is to kill it. NULL: it lived.
template <class Body>
Evidence EvidenceOf(const Body &body)
{
    void *memory = mmap(nullptr, CRASH_AREA_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    auto *area = static_cast<crash_area *>(memory);
    pid_t pid = fork();
    if (pid == 0) {
        for (const int *at = crash_signals; *at; at++)
            signal(*at, SIG_DFL); // a sanitizer's
        static const session nothing = {};
        crash_watch(area, &nothing, FIRST);
        body();
        _exit(0);
    }
    waitpid(pid, nullptr, 0);
    Evidence e(evidence_take(area, FIRST, 0), free);
    munmap(memory, CRASH_AREA_SIZE);
    return e;
}

// What an autopsy finds out; false: it did not end by itself.
inline bool Examine(const crash_area *evidence, Found *found)
{
    const segment nothing = {};
    autopsy a = {};
    if (autopsy_start(&a, evidence, &nothing) != 0)
        return false;
    pollfd p = {a.fd, POLLIN, 0};
    bool over = false;
    while (!over && poll(&p, 1, PATIENCE_MS) == 1)
        over = autopsy_hear(&a) != 0;
    enum autopsy_end end = AUTOPSY_DONE;
    found->reset(autopsy_end(&a, &end));
    return over;
}

} // namespace dying

#endif

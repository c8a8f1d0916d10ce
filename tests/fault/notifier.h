// Hears of chosen system calls before they are made, by seccomp's user notification, and lets each go on or fail.
#pragma once

#include <sys/types.h>
#include <vector>

#include "trial.h"

namespace fault
{

struct Notified {
    bool ended = false;      // the program has ended by itself
    bool killed_all = false; // it called kill(-1): refused
    uint64_t count = 0;      // calls that counted
};

class Notifier
{
  public:
    Notifier();
    ~Notifier();
    Notifier(const Notifier &) = delete;
    Notifier &operator=(const Notifier &) = delete;

    // In the child, last before its exec: from here on these calls are asked about, in all that it will fork too.
    void install_in_child(const std::vector<int> &calls);

    // In the test: answers until the program has ended, or the time is over.
    Notified serve(pid_t program, const Plan &plan, int patience_ms);

  private:
    struct Meeting; // of parent and child, in shared memory
    int take_listener(int pidfd) const;
    Meeting *meeting_;
};

} // namespace fault

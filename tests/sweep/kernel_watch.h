// What a worker that runs in the test's own process asks of the kernel.
//
// The program is linked with --wrap for these calls (CMakeLists.txt). Without a watch they are the C library's.
#ifndef KERNEL_WATCH_H
#define KERNEL_WATCH_H

#include <functional>

struct KernelHooks {
    // Instead of sleeping on a futex: must make true what is waited for, or the test ends as a deadlock.
    std::function<void()> before_sleep;
    // After a call that changed a file. May be empty.
    std::function<void()> after_file_call;
};

// In force while it lives; the newest counts.
class KernelWatch
{
  public:
    explicit KernelWatch(KernelHooks hooks);
    KernelWatch(const KernelWatch &) = delete;
    KernelWatch &operator=(const KernelWatch &) = delete;
    ~KernelWatch();

  private:
    KernelHooks hooks_;
    const KernelHooks *before_;
};

#endif

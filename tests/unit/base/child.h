// A forked child that runs a function.
#ifndef CHILD_H
#define CHILD_H

#include <sys/types.h>

#include <functional>

class Child
{
  public:
    // Forks; the child ends with what `body` returns. It dies with the test, and of SIGALRM after a minute, so that a
    // hang is a failure.
    explicit Child(const std::function<int()> &body);
    Child(const Child &) = delete;
    Child &operator=(const Child &) = delete;
    ~Child(); // kills it if it still runs

    pid_t pid() const { return pid_; }

    // waitpid(): its exit code, or -signal.
    int Wait();
    int Kill();

    // Waits until it sleeps in the kernel, or is gone. True if it sleeps.
    bool Asleep() const;

  private:
    pid_t pid_;
    bool gone_ = false;
};

// fork(), or abort().
pid_t Fork();

// In a forked child: runs `body` and leaves, or dies of SIGALRM.
[[noreturn]] void RunAsChild(const std::function<int()> &body, unsigned seconds_to_live);

// -signal or the exit code, of a wait status.
int ExitOf(int status);

#endif

#include "stepped.h"

#include <linux/futex.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <signal.h>
#include <unistd.h>

#include <cerrno>

#include "child.h"

namespace
{

enum { SECONDS_TO_LIVE = 600 }; // a step takes thousands of times as long as an instruction

} // namespace

void Stepped::Mark()
{
    raise(SIGSTOP);
}

bool Stepped::Works()
{
#if defined(__x86_64__)
    pid_t pid = fork();
    if (pid == 0)
        _exit(ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0 ? 0 : 1);
    int status = 0;
    waitpid(pid, &status, 0);
    return ExitOf(status) == 0;
#else
    return false;
#endif
}

Stepped::Stepped(const std::function<int()> &body) : pid_(fork())
{
    if (pid_ == 0)
        RunAsChild([&body] { return ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0 ? body() : 127; },
                   SECONDS_TO_LIVE);
    Reap();
}

Stepped::~Stepped()
{
    if (!ended_)
        Kill();
}

/* Any signal but the mark's and the step's own goes to the child, as it would without us. */
void Stepped::Reap()
{
    int status = 0;
    for (;;) {
        waitpid(pid_, &status, 0);
        ended_ = !WIFSTOPPED(status);
        if (ended_)
            result_ = ExitOf(status);
        if (ended_ || WSTOPSIG(status) == SIGTRAP || WSTOPSIG(status) == SIGSTOP)
            return;
        ptrace(PTRACE_CONT, pid_, nullptr, WSTOPSIG(status));
    }
}

bool Stepped::Step()
{
    if (ended_ || ptrace(PTRACE_SINGLESTEP, pid_, nullptr, nullptr) != 0)
        return false;
    Reap();
    return !ended_;
}

bool Stepped::AboutToCall(long number) const
{
#if defined(__x86_64__)
    user_regs_struct regs = {};
    if (ended_ || ptrace(PTRACE_GETREGS, pid_, nullptr, &regs) != 0 || regs.rax != static_cast<unsigned long>(number))
        return false;
    errno = 0;
    long code = ptrace(PTRACE_PEEKTEXT, pid_, reinterpret_cast<void *>(regs.rip), nullptr);
    return errno == 0 && (code & 0xffff) == 0x050f;
#else
    (void)number;
    return false;
#endif
}

bool Stepped::AboutToSleep() const
{
#if defined(__x86_64__)
    user_regs_struct regs = {};
    if (!AboutToCall(SYS_futex) || ptrace(PTRACE_GETREGS, pid_, nullptr, &regs) != 0)
        return false;
    unsigned long operation = regs.rsi & static_cast<unsigned long>(FUTEX_CMD_MASK);
    return operation == FUTEX_WAIT || operation == FUTEX_WAIT_BITSET;
#else
    return false;
#endif
}

int Stepped::Continue()
{
    while (!ended_) {
        ptrace(PTRACE_CONT, pid_, nullptr, nullptr);
        Reap();
    }
    return result_;
}

int Stepped::Kill()
{
    kill(pid_, SIGKILL);
    while (!ended_) {
        int status = 0;
        waitpid(pid_, &status, 0);
        ended_ = !WIFSTOPPED(status);
        result_ = ExitOf(status);
    }
    return result_;
}

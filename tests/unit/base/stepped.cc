#include "stepped.h"

#include <linux/futex.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>

#include "child.h"
#include "shared.h"

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
#if defined(__x86_64__) && !defined(MICROPIPE_COVERAGE)
    pid_t pid = Fork();
    if (pid == 0)
        _exit(ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0 ? 0 : 1);
    int status = 0;
    waitpid(pid, &status, 0);
    return ExitOf(status) == 0;
#else
    return false;
#endif
}

Stepped::Stepped(const std::function<int()> &body) : pid_(Fork())
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

#if defined(__x86_64__)

namespace
{

enum : long { SYSCALL_INSTRUCTION = 0x050f, SYSCALL_MASK = 0xffff };

bool StandsAtSyscall(pid_t pid, const user_regs_struct &regs)
{
    errno = 0;
    long code = ptrace(PTRACE_PEEKTEXT, pid, reinterpret_cast<void *>(regs.rip), nullptr);
    return errno == 0 && (code & SYSCALL_MASK) == SYSCALL_INSTRUCTION;
}

// A system call instruction in the C library, at the same address in a child.
unsigned long SyscallAddress()
{
    const auto *at = reinterpret_cast<const uint8_t *>(&getppid);
    while (at[0] != 0x0f || at[1] != 0x05)
        at++;
    return reinterpret_cast<unsigned long>(at);
}

} // namespace

bool Stepped::AboutToCall() const
{
    user_regs_struct regs = {};
    return !ended_ && ptrace(PTRACE_GETREGS, pid_, nullptr, &regs) == 0 && StandsAtSyscall(pid_, regs);
}

bool Stepped::AboutToSleep() const
{
    user_regs_struct regs = {};
    if (ended_ || ptrace(PTRACE_GETREGS, pid_, nullptr, &regs) != 0 || regs.rax != SYS_futex ||
        !StandsAtSyscall(pid_, regs))
        return false;
    unsigned long operation = regs.rsi & static_cast<unsigned long>(FUTEX_CMD_MASK);
    return operation == FUTEX_WAIT || operation == FUTEX_WAIT_BITSET;
}

pid_t Stepped::Twin()
{
    user_regs_struct before = {};
    if (ended_ || ptrace(PTRACE_GETREGS, pid_, nullptr, &before) != 0)
        return 0;
    user_regs_struct call = before;
    call.rip = SyscallAddress();
    call.orig_rax = ~0ul; // not in a system call that could be started anew
    call.rax = SYS_clone;
    call.rdi = CLONE_PTRACE; // no signal to its parent when it dies
    call.rsi = call.rdx = call.r10 = call.r8 = 0;
    ptrace(PTRACE_SETREGS, pid_, nullptr, &call);
    Step();
    ptrace(PTRACE_GETREGS, pid_, nullptr, &call);
    ptrace(PTRACE_SETREGS, pid_, nullptr, &before);
    auto twin = static_cast<pid_t>(call.rax);
    if (twin <= 0)
        return 0;
    int status = 0;
    waitpid(twin, &status, __WALL);
    return WIFSTOPPED(status) ? twin : 0;
}

void Stepped::KillTwin(pid_t twin)
{
    if (twin <= 0)
        abort();
    kill(twin, SIGKILL);
    for (int status = 0; !WIFSIGNALED(status);)
        if (waitpid(twin, &status, __WALL) < 0)
            return;
}

#else

bool Stepped::AboutToCall() const
{
    return false;
}

bool Stepped::AboutToSleep() const
{
    return false;
}

pid_t Stepped::Twin()
{
    return 0;
}

void Stepped::KillTwin(pid_t) {}

#endif

void Stepped::AtEachInstruction(const Round &round, int stride)
{
    Shared<uint32_t> returned;
    for (int stop = 0; *returned == 0; stop += stride) {
        round.before();
        Stepped process([&round, &returned] {
            int result = round.body();
            *returned = 1;
            return result;
        });
        for (int i = 0; i < stop && *returned == 0; i++)
            process.Step();
        bool late = *returned != 0;
        if (!late)
            round.moment();
        int result = process.Continue();
        *returned = late;
        round.after(result);
    }
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

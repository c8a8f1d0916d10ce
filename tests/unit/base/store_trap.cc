#include "store_trap.h"

#include <sys/mman.h>
#include <ucontext.h>

#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

namespace
{

enum : uintptr_t { PAGE = 4096 };
enum : long { TRAP_FLAG = 0x100 };

StoreTrap *active; // for the handlers of signals, which are handed nothing
struct sigaction fault_before, trap_before;

} // namespace

struct StoreTrap::Handlers {
    static void SetTrapFlag(void *context, bool up)
    {
#if defined(__x86_64__)
        auto *flags = &static_cast<ucontext_t *>(context)->uc_mcontext.gregs[REG_EFL];
        *flags = up ? *flags | TRAP_FLAG : *flags & ~TRAP_FLAG;
#else
        (void)context;
        (void)up;
#endif
    }

    static void OnFault(int signal, siginfo_t *info, void *context)
    {
        auto at = reinterpret_cast<uintptr_t>(info->si_addr);
        bool ours = std::any_of(active->memory_.begin(), active->memory_.end(),
                                [at](const Region &r) { return at - reinterpret_cast<uintptr_t>(r.at) < r.bytes; });
        if (!ours || active->n_open_ == std::size(active->open_)) {
            if (fault_before.sa_flags & SA_SIGINFO)
                fault_before.sa_sigaction(signal, info, context);
            else
                sigaction(SIGSEGV, &fault_before, nullptr); // it faults again, and for good
            return;
        }
        if (active->before_store_ && active->n_open_ == 0)
            active->before_store_();
        uintptr_t page = at & ~(PAGE - 1);
        active->open_[active->n_open_++] = page;
        mprotect(reinterpret_cast<void *>(page), PAGE, PROT_READ | PROT_WRITE);
        SetTrapFlag(context, true);
    }

    static void OnTrap(int, siginfo_t *, void *context)
    {
        for (; active->n_open_ > 0; active->n_open_--)
            mprotect(reinterpret_cast<void *>(active->open_[active->n_open_ - 1]), PAGE, active->closed_);
        SetTrapFlag(context, false);
        if (active->after_store_)
            active->after_store_();
    }
};

bool StoreTrap::Works()
{
#if defined(__x86_64__)
    return true;
#else
    return false;
#endif
}

StoreTrap::StoreTrap(std::vector<Region> memory, std::function<void()> after_store, std::function<void()> before_store,
                     Stops stops)
    : memory_(std::move(memory)), after_store_(std::move(after_store)), before_store_(std::move(before_store)),
      closed_(stops == LOADS ? PROT_NONE : PROT_READ)
{
    if (active)
        abort();
    active = this;
    for (Region &r : memory_)
        r.bytes = (r.bytes + PAGE - 1) & ~(PAGE - 1);
    struct sigaction action = {};
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    action.sa_sigaction = Handlers::OnFault;
    sigaction(SIGSEGV, &action, &fault_before);
    action.sa_sigaction = Handlers::OnTrap;
    sigaction(SIGTRAP, &action, &trap_before);
    Resume();
}

StoreTrap::~StoreTrap()
{
    Pause();
    sigaction(SIGSEGV, &fault_before, nullptr);
    sigaction(SIGTRAP, &trap_before, nullptr);
    active = nullptr;
}

void StoreTrap::Protect(int how) const
{
    for (const Region &r : memory_)
        mprotect(r.at, r.bytes, how);
}

void StoreTrap::Pause()
{
    Protect(PROT_READ | PROT_WRITE);
}

void StoreTrap::Resume()
{
    Protect(closed_);
}

void StoreTrap::AtEachStore(const std::vector<Region> &memory, const Stepped::Round &round)
{
    for (uint64_t stop = 0, stops = 1; stop < stops; stop++) {
        round.before();
        uint64_t n = 0;
        auto come = [&] {
            if (n++ != stop)
                return;
            active->Pause();
            round.moment();
            active->Resume();
        };
        int result = 0;
        {
            StoreTrap trap(memory, come, come);
            result = round.body();
        }
        round.after(result);
        stops = n + 1;
    }
}

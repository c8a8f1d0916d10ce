#include "page_stash.h"

#include <sys/mman.h>

#include <signal.h>

#include <algorithm>
#include <cstring>

#include "doing.h"

namespace
{

enum : uintptr_t { PAGE = 4096 };

std::vector<PageStash *> all; // for the handler of a signal, which is handed nothing
struct sigaction before_all;

uintptr_t Address(const void *at)
{
    return reinterpret_cast<uintptr_t>(at);
}

} // namespace

struct PageStash::Handler {
    static void OnFault(int, siginfo_t *info, void *)
    {
        uintptr_t page = Address(info->si_addr) & ~(PAGE - 1);
        if (std::none_of(all.begin(), all.end(), [page](PageStash *stash) { return stash->Give(page); }))
            sigaction(SIGSEGV, &before_all, nullptr); // not ours: it faults again, and for good
    }
};

PageStash::PageStash(Region memory, const std::vector<Region> &recorded) : memory_(memory)
{
    auto *at = static_cast<uint8_t *>(memory_.at);
    before_.assign(at, at + memory_.bytes);
    for (const Region &r : recorded) {
        if (r.at != at)
            guarded_.push_back({at, Address(r.at) - Address(at)});
        at = static_cast<uint8_t *>(r.at) + r.bytes;
    }
    guarded_.push_back({at, Address(memory_.at) + memory_.bytes - Address(at)});
    for (const Region &r : guarded_)
        mprotect(r.at, r.bytes, PROT_READ);
    if (all.empty()) {
        Doing::TellOfDeath(); // of a fault that is not ours
        struct sigaction action = {};
        action.sa_flags = SA_SIGINFO | SA_NODEFER;
        action.sa_sigaction = Handler::OnFault;
        sigaction(SIGSEGV, &action, &before_all);
    }
    all.push_back(this);
}

PageStash::~PageStash()
{
    all.erase(std::find(all.begin(), all.end(), this));
    if (all.empty())
        sigaction(SIGSEGV, &before_all, nullptr);
}

bool PageStash::Give(uintptr_t page)
{
    bool guarded = std::any_of(guarded_.begin(), guarded_.end(),
                               [page](const Region &r) { return page - Address(r.at) < r.bytes; });
    if (!guarded)
        return false;
    aside_.push_back(page);
    mprotect(reinterpret_cast<void *>(page), PAGE, PROT_READ | PROT_WRITE);
    return true;
}

void PageStash::PutBack()
{
    for (uintptr_t page : aside_) {
        memcpy(reinterpret_cast<void *>(page), &before_[page - Address(memory_.at)], PAGE);
        mprotect(reinterpret_cast<void *>(page), PAGE, PROT_READ);
    }
    aside_.clear();
}

bool PageStash::NothingChanged() const
{
    return std::all_of(guarded_.begin(), guarded_.end(), [this](const Region &r) {
        return memcmp(r.at, &before_[Address(r.at) - Address(memory_.at)], r.bytes) == 0;
    });
}

void PageStash::LetGo() const
{
    mprotect(memory_.at, memory_.bytes, PROT_READ | PROT_WRITE);
}

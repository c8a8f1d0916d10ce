#include "machine.h"

#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <ctime>

#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>

namespace
{

constexpr size_t STACK_BYTES = 256 * 1024;
constexpr uint64_t NS = 1000000000;
constexpr uint64_t POINT_NS = 2;

// The layers are C, and their calls carry no context.
Machine *running;

} // namespace

Process::Process() : stack_(new char[STACK_BYTES]) {}

Process::~Process()
{
    Release();
}

void Process::Release()
{
    for (void *at : memory_)
        std::free(at);
    memory_.clear();
}

void Process::Enter()
{
    Process *p = running->current_;
    running->Exit(p->body_());
}

void Process::Start(uint32_t number, std::function<int()> body)
{
    Release();
    id = number;
    body_ = std::move(body);
    fate = Fate::RUNNING;
    begun_ = false;
    waits_on = nullptr;
    deadline = UINT64_MAX;
    timed_out = dies_after_pause = false;
    die_in = pause_in = pause_ns = paused_until = points = 0;
    getcontext(&start_);
    start_.uc_stack.ss_sp = stack_.get();
    start_.uc_stack.ss_size = STACK_BYTES;
    start_.uc_link = nullptr;
    makecontext(&start_, Enter, 0);
}

Machine::Machine(uint64_t seed, uint64_t mean_run) : dice_(seed), mean_run_(mean_run)
{
    running = this;
}

Machine::~Machine()
{
    running = nullptr;
}

Machine *Machine::Running()
{
    return running;
}

void Machine::Note(uint64_t what)
{
    digest_ = (digest_ ^ what) * 1099511628211u;
}

bool Machine::CanRun(const Process *p) const
{
    return p->fate == Fate::RUNNING && !p->waits_on && p->paused_until <= now_;
}

bool Machine::Step()
{
    able_.clear();
    for (Process *p : processes_)
        if (CanRun(p))
            able_.push_back(p);
    if (able_.empty())
        return false;
    Process *next = able_[dice_.Below(able_.size())];
    quantum_ = 1 + dice_.Below(2 * mean_run_);
    current_ = next;
    Note(next->id << 8 | quantum_ << 20);
    if (next->dies_after_pause && next->paused_until) {
        next->fate = Fate::KILLED;
    } else if (_setjmp(scheduler_) == 0) {
        if (current_->begun_)
            _longjmp(current_->here_, 1);
        current_->begun_ = true;
        setcontext(&current_->start_);
    }
    Note(points_);
    Note(now_);
    if (current_->fate != Fate::RUNNING)
        current_->Release();
    current_ = nullptr;
    return true;
}

uint64_t Machine::NextTime() const
{
    uint64_t first = UINT64_MAX;
    for (const Process *p : processes_) {
        if (p->fate != Fate::RUNNING)
            continue;
        if (p->waits_on && p->deadline < first)
            first = p->deadline;
        if (!p->waits_on && p->paused_until > now_ && p->paused_until < first)
            first = p->paused_until;
    }
    return first;
}

void Machine::Advance(uint64_t to)
{
    now_ = to > now_ ? to : now_;
    for (Process *p : processes_)
        if (p->waits_on && p->deadline <= now_) {
            p->waits_on = nullptr;
            p->timed_out = true;
        }
}

void Machine::SwitchOut()
{
    if (_setjmp(current_->here_) == 0)
        _longjmp(scheduler_, 1);
}

void Machine::Exit(int code)
{
    current_->fate = Fate::EXITED;
    current_->code = code;
    _longjmp(scheduler_, 1);
}

void Machine::Point()
{
    Process *p = current_;
    if (!p)
        return; // the host's part
    points_++;
    p->points++;
    now_ += POINT_NS;
    if (p->die_in && --p->die_in == 0) {
        p->fate = Fate::KILLED;
        _longjmp(scheduler_, 1);
    }
    if (p->pause_in && --p->pause_in == 0) {
        p->paused_until = now_ + p->pause_ns;
        SwitchOut();
    } else if (--quantum_ == 0) {
        SwitchOut();
    }
}

long Machine::Wait(const void *word, uint32_t expected, uint64_t deadline)
{
    Point();
    if (__atomic_load_n(static_cast<const uint32_t *>(word), __ATOMIC_SEQ_CST) != expected) {
        errno = EAGAIN;
        return -1;
    }
    current_->waits_on = word;
    current_->deadline = deadline;
    current_->timed_out = false;
    SwitchOut();
    if (!current_->timed_out)
        return 0;
    errno = ETIMEDOUT;
    return -1;
}

long Machine::Wake(const void *word, uint64_t how_many)
{
    Point();
    long n = 0;
    bool lost = current_ && lose_one_in_ && dice_.OneIn(lose_one_in_);
    for (Process *p : processes_)
        if (p->fate == Fate::RUNNING && p->waits_on == word && static_cast<uint64_t>(n) < how_many) {
            n++;
            if (!lost)
                p->waits_on = nullptr;
        }
    return n;
}

void Machine::Keep(void *memory)
{
    if (current_ && memory)
        current_->memory_.insert(memory);
}

bool Machine::Forget(void *memory)
{
    return current_ && current_->memory_.erase(memory) > 0;
}

// ---- What hook.h puts in the place of the kernel and the C library. ----

extern "C" {

void sim_point();
long sim_syscall(long number, ...);
int sim_clock(clockid_t id, timespec *now);
[[noreturn]] void sim_exit(int code);
void *sim_malloc(size_t bytes);
void *sim_calloc(size_t n, size_t bytes);
void sim_free(void *at);

void sim_point()
{
    if (running)
        running->Point();
}

long sim_syscall(long number, ...)
{
    va_list args;
    va_start(args, number);
    long result = 0;
    if (number == SYS_membarrier) {
        int command = va_arg(args, int);
        if (command == MEMBARRIER_CMD_QUERY)
            result = MEMBARRIER_CMD_GLOBAL_EXPEDITED | MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED;
        sim_point();
    } else if (number == SYS_futex && running) {
        void *word = va_arg(args, void *);
        int operation = va_arg(args, int);
        uint32_t value = va_arg(args, uint32_t);
        if (operation == FUTEX_WAKE) {
            result = running->Wake(word, value);
        } else {
            const timespec *at = va_arg(args, const timespec *);
            uint64_t deadline =
                at ? static_cast<uint64_t>(at->tv_sec) * NS + static_cast<uint64_t>(at->tv_nsec) : UINT64_MAX;
            result = running->Wait(word, value, deadline);
        }
    }
    va_end(args);
    return result;
}

int sim_clock(clockid_t, timespec *now)
{
    uint64_t ns = 0;
    if (running) {
        running->Tick();
        ns = running->now();
    }
    *now = {static_cast<time_t>(ns / NS), static_cast<long>(ns % NS)};
    return 0;
}

void sim_exit(int code)
{
    running->Exit(code);
}

void *sim_malloc(size_t bytes)
{
    void *at = std::malloc(bytes);
    if (running)
        running->Keep(at);
    return at;
}

void *sim_calloc(size_t n, size_t bytes)
{
    void *at = std::calloc(n, bytes);
    if (running)
        running->Keep(at);
    return at;
}

void sim_free(void *at)
{
    if (running)
        running->Forget(at);
    std::free(at);
}
}

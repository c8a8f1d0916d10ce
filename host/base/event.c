#include "event.h"

#include <errno.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"

static long membarrier(int command)
{
    return syscall(SYS_membarrier, command, 0, 0);
}

void event_init(struct event *e)
{
    const long wanted = MEMBARRIER_CMD_GLOBAL_EXPEDITED | MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED;
    long offered = membarrier(MEMBARRIER_CMD_QUERY);
    if (offered < 0 || (offered & wanted) != wanted)
        au32_store_relaxed(&e->armed, EVENT_FENCED);
}

void event_join(void)
{
    /* Fails only where event_init() has found that there is no such call. */
    membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED);
}

uint32_t event_prepare(struct event *e)
{
    uint32_t sequence = au32_acquire(&e->sequence);
    uint32_t armed = au32_relaxed(&e->armed) | EVENT_ARMED;
    /* step: announce_sleeper */
    __atomic_store_n(&e->armed.word, armed, __ATOMIC_SEQ_CST); /* E1: before the caller's look at the condition */
    full_fence();
    if (!(armed & EVENT_FENCED))
        CHECK(membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED) == 0);
    return sequence;
}

int event_sleep(struct event *e, uint32_t sequence, uint64_t deadline_ns)
{
    struct timespec at = {.tv_sec = (time_t)(deadline_ns / NS_PER_S), .tv_nsec = (long)(deadline_ns % NS_PER_S)};
    /* FUTEX_WAIT_BITSET takes an absolute monotonic time, so an early wake needs no arithmetic. */
    long n = syscall(SYS_futex, &e->sequence.word, FUTEX_WAIT_BITSET, sequence,
                     deadline_ns == EVENT_FOREVER ? NULL : &at, NULL, FUTEX_BITSET_MATCH_ANY);
    return !(n < 0 && errno == ETIMEDOUT); /* step: awake */
}

static long wake(struct event *e, int how_many)
{
    __atomic_fetch_add(&e->sequence.word, 1, __ATOMIC_SEQ_CST);
    return syscall(SYS_futex, &e->sequence.word, FUTEX_WAKE, how_many);
}

void event_wake_slow(struct event *e, int how_many)
{
    if (how_many == 1 && wake(e, 1) > 0)
        return; /* the flag stays up: there may be more sleepers */
    /* Down before another wake: who armed before it is woken by it, all of them, as they are announced no more; who
     * arms after it stays announced. */
    au32_store_relaxed(&e->armed, au32_relaxed(&e->armed) & EVENT_FENCED);
    wake(e, INT32_MAX);
}

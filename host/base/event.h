/* An event in shared memory that processes sleep on: a futex with an "armed" flag, so that whoever makes the event
 * happen makes no system call when nobody sleeps.
 *
 *     sleeper                                  waker
 *     seq = event_prepare(e);   (arms)         make the condition true
 *     if (!condition)                          event_wake_one(e) or event_wake_all(e)
 *         event_sleep(e, seq, deadline);
 *     test the condition again
 *
 * A process that dies asleep leaves the flag up, which costs one vain system call; one that dies as a waker may leave
 * others asleep, so the host wakes all events that a dead worker took part in.
 */
#ifndef EVENT_H
#define EVENT_H

#include "atomic.h"

struct event {
    au32 sequence; /* the futex word; one more at each wake */
    au32 armed;    /* 1: somebody may sleep */
};

#define EVENT_FOREVER UINT64_MAX

/* Announces a sleeper. The condition must be tested after it: E1 pairs with E2 in event_wanted(), so either the sleeper
 * sees the condition or the waker sees the flag. */
static inline uint32_t event_prepare(struct event *e)
{
    uint32_t sequence = au32_acquire(&e->sequence);
    __atomic_store_n(&e->armed.word, 1, __ATOMIC_SEQ_CST); /* E1 */
    full_fence();
    return sequence;
}

/* Sleeps until a wake after the event_prepare() that gave `sequence`, or until the monotonic time `deadline_ns`. 1:
 * woken, or a signal came (test the condition), 0: the time is over. */
int event_sleep(struct event *e, uint32_t sequence, uint64_t deadline_ns);

/* True if somebody may sleep. The condition must have been made true before it. */
static inline int event_wanted(struct event *e)
{
    full_fence(); /* E2 */
    return au32_relaxed(&e->armed) != 0;
}

/* The system calls behind the two below. */
void event_wake_slow(struct event *e, int how_many);

static inline void event_wake_one(struct event *e)
{
    if (event_wanted(e))
        event_wake_slow(e, 1);
}

static inline void event_wake_all(struct event *e)
{
    if (event_wanted(e))
        event_wake_slow(e, INT32_MAX);
}

#endif

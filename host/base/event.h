/* An event in shared memory that processes sleep on: a futex with an "armed" flag, so that whoever makes the event
 * happen makes no system call when nobody sleeps.
 *
 *     sleeper                                  waker
 *     seq = event_prepare(e);   (arms)         make the condition true
 *     if (!condition)                          event_wake_one(e) or event_wake_all(e)
 *         event_sleep(e, seq, deadline);
 *     test the condition again
 *
 * The waker's store must be seen before it looks at the flag, or a sleeper is missed. A fence there would make each
 * hand-over wait until the store has reached the other core. So the sleeper, who is in no hurry, pays for both: by
 * membarrier(2) it makes every process that has called event_join() pass a fence. Where the kernel has no such call,
 * event_init() says so in the event, and wakers fence.
 *
 * A process that dies asleep leaves the flag up, which costs one vain system call; one that dies as a waker may leave
 * others asleep, so the host wakes all events that a dead worker took part in.
 */
#ifndef EVENT_H
#define EVENT_H

#include "atomic.h"

/* Bits of `armed`. */
enum {
    EVENT_ARMED = 1, /* somebody may sleep */
    EVENT_FENCED = 2 /* wakers fence; never changes after event_init() */
};

struct event {
    au32 sequence; /* the futex word; one more at each wake */
    au32 armed;
};

#define EVENT_FOREVER UINT64_MAX

/* Once, on zeroed memory, before the event is shared. */
void event_init(struct event *e);

/* In each process that will wake others by event_wake_one() or event_wake_all(), before it does. Children inherit it.
 */
void event_join(void);

/* Announces a sleeper. The condition must be tested after it: either that test sees the condition (E1), or the waker
 * sees the flag (E2). */
uint32_t event_prepare(struct event *e);

/* Sleeps until a wake after the event_prepare() that gave `sequence`, or until the monotonic time `deadline_ns`. 1:
 * woken, or a signal came (test the condition), 0: the time is over. */
int event_sleep(struct event *e, uint32_t sequence, uint64_t deadline_ns);

/* True if somebody may sleep. The condition must have been made true before it. */
static inline int event_wanted(const struct event *e)
{
    compiler_barrier(); /* E2: the processor's part is in event_prepare() */
    uint32_t armed = au32_relaxed(&e->armed);
    if (armed & EVENT_FENCED) {
        full_fence();
        armed = au32_relaxed(&e->armed);
    }
    return (armed & EVENT_ARMED) != 0;
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

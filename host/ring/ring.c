#include "ring.h"

#include <errno.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the futex of an end is the low half of its owner word, which is expected first in memory"
#endif

enum { LOCK_SPINS = 100 };

uint64_t ring_size(uint32_t capacity)
{
    return sizeof(struct ring) + (uint64_t)capacity * sizeof(struct descriptor);
}

int ring_init(struct ring *r, uint32_t capacity)
{
    if (capacity == 0 || capacity > RING_CAPACITY_MAX || (capacity & (capacity - 1)) != 0)
        return -EINVAL;
    r->magic = RING_MAGIC;
    r->capacity = capacity;
    event_init(&r->data);
    event_init(&r->space);
    event_init(&r->order);
    return 0;
}

static void sleep_on(struct end *e, uint64_t seen)
{
    syscall(SYS_futex, &e->owner.word, FUTEX_WAIT, (uint32_t)seen, NULL, NULL, 0);
}

void end_lock(struct end *e, uint64_t me)
{
    uint64_t seen = 0;
    if (au64_swap_if(&e->owner, &seen, me))
        return;
    for (int i = 0; i < LOCK_SPINS; i++) {
        cpu_relax();
        seen = 0;
        if (au64_relaxed(&e->owner) == 0 && au64_swap_if(&e->owner, &seen, me))
            return;
    }
    /* Once asleep, one takes the end with the waiters' bit up: there may be others. */
    for (;;) {
        seen = au64_relaxed(&e->owner);
        if (seen == 0) {
            if (au64_swap_if(&e->owner, &seen, me | OWNER_WAITERS))
                return;
        } else if ((seen & OWNER_WAITERS) || au64_swap_if(&e->owner, &seen, seen | OWNER_WAITERS)) {
            sleep_on(e, seen | OWNER_WAITERS);
        }
    }
}

void end_unlock(struct end *e)
{
    uint64_t was = __atomic_exchange_n(&e->owner.word, 0, __ATOMIC_ACQ_REL);
    if (was & OWNER_WAITERS)
        syscall(SYS_futex, &e->owner.word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

void end_free(struct end *e, uint64_t dead)
{
    uint64_t seen = au64_acquire(&e->owner);
    while ((seen & ~OWNER_WAITERS) == dead)
        if (au64_swap_if(&e->owner, &seen, 0))
            break;
    /* Also when it was free already: the dead may have unlocked it and not lived to wake. */
    syscall(SYS_futex, &e->owner.word, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

void ring_close(struct ring *r)
{
    au32_store_release(&r->closed, 1);    /* step: close_ring */
    event_wake_slow(&r->data, INT32_MAX); /* step: wake_consumers */
}

void ring_wake_all(struct ring *r)
{
    event_wake_slow(&r->data, INT32_MAX);
    event_wake_slow(&r->space, INT32_MAX);
    event_wake_slow(&r->order, INT32_MAX);
}

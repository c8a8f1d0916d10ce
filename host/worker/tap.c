#include "tap.h"

#include <errno.h>
#include <sys/mman.h>

#include "attributes.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

int tap_claim(const struct tap_place *p, uint64_t me)
{
    uint64_t state = TAP_WANTED;
    return au64_swap_if(&p->tap->state, &state, me); /* acquires `room`: pairs with T1 */
}

void tap_give(const struct tap_place *p)
{
    au64_store_release(&p->tap->state, TAP_READY); /* T2: the copy before the word */
}

void tap_bury(const struct tap_place *p, uint64_t owner)
{
    if (p->tap)
        au64_swap_if(&p->tap->state, &owner, TAP_WANTED);
}

/* The host's turn. */
static int is_idle(uint64_t state)
{
    return state == TAP_CLOSED || state == TAP_READY;
}

int tap_open(const struct tap_place *p, uint64_t room)
{
    if (!p->tap)
        return -EOPNOTSUPP;
    uint64_t state = au64_acquire(&p->tap->state);
    if (!is_idle(state))
        return state == TAP_WANTED ? 0 : -EBUSY;
    room = room < p->payload_max ? room : p->payload_max;
    if (state == TAP_CLOSED || room > p->tap->room) /* so that a worker has no page to wait for, nor dies of none */
        if (madvise(p->attributes, ATTRIBUTES_MAX + room, MADV_POPULATE_WRITE) != 0 && errno != EINVAL)
            return -errno;
    p->tap->room = room;
    au64_store_release(&p->tap->state, TAP_WANTED); /* T1: `room` before the word */
    return 0;
}

int tap_look(const struct tap_place *p, struct tap_sample *out)
{
    if (!p->tap || au64_acquire(&p->tap->state) != TAP_READY) /* pairs with T2 */
        return 0;
    *out = p->tap->sample;
    if (out->copied > p->payload_max)
        out->copied = p->payload_max;
    if (out->copied > out->size)
        out->copied = out->size;
    if (out->attributes > ATTRIBUTES_MAX)
        out->attributes = 0;
    return 1;
}

int tap_close(const struct tap_place *p)
{
    if (!p->tap)
        return 0;
    uint64_t state = au64_acquire(&p->tap->state);
    if (state == TAP_WANTED && au64_swap_if(&p->tap->state, &state, TAP_CLOSED))
        state = TAP_CLOSED;
    if (!is_idle(state))
        return -EBUSY;
    au64_store_release(&p->tap->state, TAP_CLOSED);
    madvise(p->attributes, ATTRIBUTES_MAX + p->payload_max, MADV_REMOVE);
    return 0;
}

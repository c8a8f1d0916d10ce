/* A tap: a place in shared memory for a copy of one frame that left a stage, for whoever looks at frames.
 *
 * A stage has one, in a mapping of its own (segment.h). While somebody looks, the host says that it wants a frame; the
 * worker of the stage that sees so first makes the place its own, copies one of its outputs just before it commits, and
 * says that it is there once the commit is done: so what is shown has been handed on. A worker that dies in between
 * leaves the place to the host, which frees it as it does with ends of rings. Nobody ever waits: a worker looks at one
 * word a commit, which nobody writes while nobody looks.
 *
 *     CLOSED --host--> WANTED --worker--> owner word --the same worker, after its commit--> READY --host--> WANTED ...
 */
#ifndef TAP_H
#define TAP_H

#include "ring.h"

/* Owner words are even. */
enum { TAP_CLOSED = 0, TAP_WANTED = 1, TAP_READY = 3 };

/* What a frame was, beside its bytes. Written by a worker, so the host believes none of it. */
struct tap_sample {
    uint64_t sequence, key;
    int64_t time_ns;
    uint64_t size;   /* of the payload */
    uint64_t copied; /* of it, from the start */
    uint32_t type, port;
    uint32_t attributes; /* bytes of records */
    uint32_t worker;
};

/* Shared memory. */
struct tap {
    au64 state;
    uint8_t pad0[56];
    uint64_t room; /* bytes of a payload that may be copied; written by the host while it is CLOSED or READY */
    uint8_t pad1[56];
    struct tap_sample sample; /* written by the worker whose word is in `state`; and so are the bytes */
};
BLOCK_ASSERT(__builtin_offsetof(struct tap, room) == 64 && __builtin_offsetof(struct tap, sample) == 128,
             "a writer a line");

/* Where it is. Process-private. */
struct tap_place {
    struct tap *tap;     /* NULL: there was no room for it */
    uint8_t *attributes; /* ATTRIBUTES_MAX bytes, then the payload's; these pages exist only while it is open */
    uint8_t *payload;
    uint64_t payload_max;
};

static inline int tap_is_wanted(const struct tap_place *p)
{
    return p->tap && au64_relaxed(&p->tap->state) == TAP_WANTED; /* a hint: tap_claim() decides */
}

/* Worker: 1: the place is `me`'s, until tap_give(). 0: another was quicker. */
int tap_claim(const struct tap_place *p, uint64_t me);
void tap_give(const struct tap_place *p);

/* Host: the worker with that owner word is dead, and reaped. */
void tap_bury(const struct tap_place *p, uint64_t owner);

/* Host: has samples taken, with up to `room` bytes of their payload: also to have the next one, or more of it. 0;
 * -EOPNOTSUPP: this stage has no tap; -EBUSY: a worker is at it; -errno: there is no memory for it. */
int tap_open(const struct tap_place *p, uint64_t room);

/* Host: what is there, checked: it fits. 0: nothing is there. */
int tap_look(const struct tap_place *p, struct tap_sample *out);

/* Host: gives the memory back. -EBUSY: a worker is at it; try again later. */
int tap_close(const struct tap_place *p);

#endif

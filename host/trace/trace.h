/* Trace rings: what the workers of a traced run tell of themselves, in shared memory: a ring of fixed-size events a
 * slot.
 *
 * One writer, the worker in the slot, who never waits: what the host has not read in time is overwritten, and the host
 * notices by the numbers. A worker may be killed between any two stores: an event counts once the head is past it, and
 * the successor goes on at the head. The rings exist only if the run is traced, in a mapping of their own, so that the
 * pipeline's memory is the same in both cases.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stddef.h>

#include "atomic.h"

#ifdef __cplusplus
#define TRACE_ASSERT static_assert
#else
#define TRACE_ASSERT _Static_assert
#endif

/* What has happened, with the event's `n` and `value`. */
enum trace_kind {
    TRACE_START,       /* a worker begins; value: its pid */
    TRACE_OPENED,      /* its processor is open; n: claimed frames that are left to it */
    TRACE_CLAIM,       /* n frames were taken; value: position of the first in the ring */
    TRACE_FLUSH,       /* flush() is called */
    TRACE_COMMIT,      /* a commit begins: n frames are settled; value: outputs */
    TRACE_COMMITTED,   /* it is over; n: claimed frames that are left */
    TRACE_WAIT_INPUT,  /* a wait begins, */
    TRACE_WAIT_OUTPUT, /* for room in a reader's ring, */
    TRACE_WAIT_MEMORY,
    TRACE_WAIT_TURN, /* an ordered stage: for those before it */
    TRACE_WAITED,    /* and is over */
    TRACE_FRAME_OUT, /* a sampled frame is published; n: its sequence, value: trace_place() */
    TRACE_FRAME_IN,  /* the same, claimed */
    TRACE_LEAVE,     /* the worker leaves; n: its exit code */
    TRACE_KINDS
};

enum { TRACE_EVENTS = 8192, TRACE_N_BITS = 56, TRACE_POSITION_BITS = 44 };

/* An event, as it is read. */
struct trace_event {
    uint64_t at_ns; /* monotonic */
    enum trace_kind kind;
    uint64_t n, value;
};

/* Shared memory. `number` is 1 + how many events were before it, 0 while it is written to. */
struct trace_entry {
    au64 number;
    au64 at_ns;
    au64 kind_n; /* kind:8 | n:56 */
    au64 value;
};
TRACE_ASSERT(sizeof(struct trace_entry) == 32, "two a cache line");

/* Shared memory; written by the worker in the slot. */
struct trace_ring {
    au64 head; /* how many events were written */
    uint8_t pad[56];
    struct trace_entry entries[TRACE_EVENTS];
};

/* Shared memory; written by the host. The rings follow, each on pages of its own. */
struct trace {
    uint32_t n_rings;
    uint32_t reserved;
    uint64_t ring_bytes, bytes; /* of a ring, of all */
    au64 sample;                /* mask: the frames whose sequence has none of these bits are followed */
};

/* All rings are empty, and every frame is followed. 0 or -errno. Host, before the first fork. */
int trace_create(uint32_t n_rings, struct trace **out);
void trace_destroy(struct trace **t);

struct trace_ring *trace_ring_of(struct trace *t, uint32_t slot);

/* From now on this process can write to no ring but its own. Worker, before it runs plugin code. */
void trace_shield(struct trace *t, uint32_t slot);
/* To none at all. Stage server. */
void trace_shield_all(struct trace *t);

/* Where a frame is in which stage's ring, in one word: the same for who publishes it and for who claims it. */
static inline uint64_t trace_place(uint32_t stage, uint64_t position)
{
    return (uint64_t)stage << TRACE_POSITION_BITS | (position & ((UINT64_C(1) << TRACE_POSITION_BITS) - 1));
}

/* Adds an event. Worker in the slot. */
static inline void trace_add(struct trace_ring *r, const struct trace_event *e)
{
    uint64_t head = au64_relaxed(&r->head); /* nobody else writes it */
    struct trace_entry *to = &r->entries[head % TRACE_EVENTS];
    au64_store_relaxed(&to->number, 0);
    au64_store_release(&to->at_ns, e->at_ns); /* T1: a reader that sees any of these sees that the number is gone */
    au64_store_release(&to->kind_n, (uint64_t)e->kind << TRACE_N_BITS | (e->n & ((UINT64_C(1) << TRACE_N_BITS) - 1)));
    au64_store_release(&to->value, e->value);
    au64_store_release(&to->number, head + 1); /* T2: the event before its number */
    au64_store_release(&r->head, head + 1);    /* T3: the number before the head */
}

/* Reads the next event, and adds to *lost how many had been overwritten before it. *next: how far this reader is, 0 at
 * first. 0: there is no more. Host; nothing that is found there can make it read elsewhere or go on for ever. */
int trace_next(const struct trace_ring *r, uint64_t *next, struct trace_event *out, uint64_t *lost);

#endif

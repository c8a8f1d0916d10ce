/* A ring: a power-of-two array of descriptors, written by the stages upstream and read by the stage that owns it.
 *
 * Each end has an owner word, taken by compare-and-swap for a whole batch: so with one worker a side it is a
 * single-producer, single-consumer ring. The word names slot and epoch, so the host can tell, after the owner's death,
 * whose it was; the journal (journal.h) tells what was done with it.
 *
 * Memory in, no allocation inside: ring_size(), ring_init() on memory of the caller's.
 */
#ifndef RING_H
#define RING_H

#include <stdint.h>

#include "atomic.h"
#include "block.h"
#include "event.h"

enum { RING_MAGIC = 0x474e4952, RING_CAPACITY_MAX = 65536 };

/* Owner word of an end: epoch:32 | slot + 1:31 | waiters:1; 0: nobody. */
#define OWNER_WAITERS UINT64_C(1)

static inline uint64_t owner_word(uint32_t slot, uint32_t epoch)
{
    return (uint64_t)epoch << 32 | (uint64_t)(slot + 1) << 1;
}

/* A lock that the host can take from the dead. One cache line. */
struct end {
    au64 owner;
    uint8_t pad[56];
};

/* Shared memory. One writer a line, named in the comment. */
struct ring {
    /* written once, by the host, before the first fork */
    uint32_t magic, capacity;
    uint8_t pad0[56];
    /* the owner of the producer end */
    au64 tail; /* R1 */
    uint8_t pad1[56];
    /* the owner of the consumer end */
    au64 head; /* R2 */
    uint8_t pad2[56];
    struct end producer; /* whoever takes the end; the host, from the dead */
    struct end consumer;
    /* whoever sleeps or wakes */
    struct event data; /* consumers sleep on it: the ring is empty */
    au32 closed;       /* by the host: every stage upstream has ended, no descriptor will come */
    uint8_t pad3[4];
    au64 mark; /* of a frame whose time in the ring is measured (worker/passage.h) */
    uint8_t pad6[40];
    struct event space; /* producers sleep on it: the ring is full */
    uint8_t pad4[56];
    /* the worker whose turn it is */
    au64 committed;     /* ordered stages: all claims below it have published their outputs */
    struct event order; /* workers sleep on it: it is not their turn */
    uint8_t pad5[48];
    struct descriptor slots[];
};
BLOCK_ASSERT(sizeof(struct ring) == 512, "eight lines before the descriptors");
BLOCK_ASSERT(__builtin_offsetof(struct ring, tail) == 64 && __builtin_offsetof(struct ring, head) == 128,
             "a line each");
BLOCK_ASSERT(__builtin_offsetof(struct ring, data) == 320 && __builtin_offsetof(struct ring, space) == 384,
             "a line each");

/* Bytes of a ring; capacity: a power of two, 1 to RING_CAPACITY_MAX. */
uint64_t ring_size(uint32_t capacity);

/* 0, or -EINVAL: not a power of two, or too large. The memory is zero, aligned to 64. Host, before the first fork. */
int ring_init(struct ring *r, uint32_t capacity);

/* Takes an end, waiting for whoever has it. `me`: owner_word(). Worker. */
void end_lock(struct end *e, uint64_t me);
void end_unlock(struct end *e);

/* How a worker holds an end. SHARED: from one batch to the next, as others want it too. SOLE: nobody else can ever want
 * it, as the pipeline has one slot for it; so it is taken once, and kept until the worker leaves. */
enum end_hold { END_SHARED, END_SOLE };

static inline void end_take(struct end *e, uint64_t me, enum end_hold hold)
{
    if (hold == END_SHARED || au64_relaxed(&e->owner) != me)
        end_lock(e, me); /* step: take_end */
}

static inline void end_leave(struct end *e, enum end_hold hold)
{
    if (hold == END_SHARED)
        end_unlock(e); /* step: leave_end */
}

/* Host, after waitid() returned the dead owner and the journal was settled: frees the end if (slot, epoch) still has
 * it, and wakes who waits for it. */
void end_free(struct end *e, uint64_t dead);

/* True if the word is the same owner's, waiters or not. */
static inline int end_is_owned_by(const struct end *e, uint64_t me)
{
    return (au64_acquire(&e->owner) & ~OWNER_WAITERS) == me;
}

static inline struct descriptor *ring_slot(struct ring *r, uint64_t position)
{
    return &r->slots[position & (r->capacity - 1)];
}

/* Frames in the ring. Any process; a snapshot. */
static inline uint64_t ring_fill(const struct ring *r)
{
    uint64_t head = au64_acquire(&r->head);
    return au64_acquire(&r->tail) - head;
}

/* Consumer, after the head moved: wakes producers once the ring is half empty. */
static inline void ring_wake_producers(struct ring *r)
{
    if (event_wanted(&r->space) && ring_fill(r) <= r->capacity / 2)
        event_wake_slow(&r->space, INT32_MAX);
}

/* Host: nothing more will come. Wakes all consumers. */
void ring_close(struct ring *r);

/* Host, after a death: wakes everybody who sleeps here, since the dead may have owed them a wake. */
void ring_wake_all(struct ring *r);

#endif

/* What a worker tells the trace of the run. If the run is not traced, each of these is one branch. Worker process.
 */
#ifndef TRACING_H
#define TRACING_H

#include "clock.h"
#include "trace.h"
#include "transaction.h"

/* The slot's ring; NULL: the run is not traced. */
static inline struct trace_ring *tracing_ring(const struct slot *s)
{
    if (__builtin_expect(s->trace == 0, 1))
        return NULL;
    return (struct trace_ring *)(void *)((uint8_t *)(uintptr_t)s + s->trace);
}

/* From now on the slot's worker tells what it does, if the run is traced. */
void tracing_begin(const struct segment *s, uint32_t slot);

static inline void tracing_note(const struct slot *s, enum trace_kind kind, uint64_t n, uint64_t value)
{
    struct trace_ring *ring = tracing_ring(s);
    if (ring) {
        struct trace_event e = {clock_monotonic(), kind, n, value};
        trace_add(ring, &e);
    }
}

/* A wait begins. TRACE_WAITED ends it. */
void tracing_wait(const struct slot *s, enum slot_state state, uint64_t at_ns);

/* n frames were claimed; those that are followed, too. The run is traced. */
void tracing_claimed(const struct transaction *t);

/* The outputs from `from` on that are for `port`, n of them, are about to be published from position `tail` of the
 * ring of stage `to` on. The run is traced. */
void tracing_publish(const struct transaction *t, const struct reader *reader, uint32_t from, uint64_t tail,
                     uint32_t n);

#endif

#include "tracing.h"

enum { FOLLOWED_MAX = 4 }; /* of one batch: the rest of the ring is for spans */

void tracing_begin(const struct segment *s, uint32_t slot)
{
    s->slots[slot]->trace =
        s->trace ? (int64_t)((intptr_t)trace_ring_of(s->trace, slot) - (intptr_t)s->slots[slot]) : 0;
}

void tracing_wait(const struct slot *s, enum slot_state state, uint64_t at_ns)
{
    struct trace_ring *ring = tracing_ring(s);
    if (!ring)
        return;
    enum trace_kind kind = state == SLOT_WAIT_INPUT    ? TRACE_WAIT_INPUT
                           : state == SLOT_WAIT_MEMORY ? TRACE_WAIT_MEMORY
                           : state == SLOT_WAIT_TURN   ? TRACE_WAIT_TURN
                                                       : TRACE_WAIT_OUTPUT;
    trace_add(ring, &(struct trace_event){at_ns, kind, 0, 0});
}

static int is_followed(const struct transaction *t, uint64_t sequence)
{
    return (sequence & au64_relaxed(&t->segment->trace->sample)) == 0; /* any value will do */
}

void tracing_claimed(const struct transaction *t)
{
    struct trace_ring *ring = t->trace;
    uint64_t now = clock_monotonic();
    trace_add(ring, &(struct trace_event){now, TRACE_CLAIM, t->n_claimed, t->claim_start});
    for (uint32_t i = 0, followed = 0; i < t->n_claimed && followed < FOLLOWED_MAX; i++) {
        const struct block *b = transaction_input(t, i);
        if (!b || !is_followed(t, b->sequence))
            continue;
        followed++;
        trace_add(ring,
                  &(struct trace_event){now, TRACE_FRAME_IN, b->sequence, trace_place(t->stage, t->claim_start + i)});
    }
}

void tracing_publish(const struct transaction *t, const struct reader *reader, uint32_t from, uint64_t tail, uint32_t n)
{
    struct trace_ring *ring = t->trace;
    uint64_t now = clock_monotonic();
    uint32_t followed = 0;
    for (uint32_t i = 0; i < n && followed < FOLLOWED_MAX; from++) {
        const struct descriptor *o = &t->journal->outputs[from];
        if (o->mark == OUTPUT_REFUSED || o->port != reader->port)
            continue;
        const struct block *b = (const struct block *)(const void *)(t->segment->arena.base + o->block);
        if (is_followed(t, b->sequence)) {
            followed++;
            trace_add(ring,
                      &(struct trace_event){now, TRACE_FRAME_OUT, b->sequence, trace_place(reader->stage, tail + i)});
        }
        i++;
    }
}

#include "waiting.h"

#include "clock.h"

void slot_enter(struct slot *s, enum slot_state state)
{
    au64_store_relaxed(&s->since, clock_monotonic());
    au32_store_release(&s->state, state);
}

void slot_waited(struct slot *s, enum slot_state state, uint64_t ns)
{
    au64 *sum = state == SLOT_WAIT_INPUT    ? &s->wait_input_ns
                : state == SLOT_WAIT_MEMORY ? &s->wait_memory_ns
                                            : &s->wait_output_ns;
    au64_store_relaxed(sum, au64_relaxed(sum) + ns);
}

int slot_sleep(struct slot *s, enum slot_state state, struct event *e, uint32_t sequence, uint64_t deadline_ns)
{
    slot_enter(s, state);
    uint64_t start = au64_relaxed(&s->since);
    uint64_t frame_since = au64_relaxed(&s->frame_since);
    au64_store_relaxed(&s->frame_since, 0); /* what others take is not time that the frame takes */
    int woken = event_sleep(e, sequence, deadline_ns);
    uint64_t slept = clock_monotonic() - start;
    slot_waited(s, state, slept);
    slot_enter(s, SLOT_BUSY);
    if (frame_since)
        au64_store_relaxed(&s->frame_since, frame_since + slept);
    return woken;
}

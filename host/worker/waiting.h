/* Sleeping, with the slot's books kept: what the worker waits for, since when, and how long in all.
 */
#ifndef WAITING_H
#define WAITING_H

#include "event.h"
#include "slot.h"

/* Says what the worker does now. */
void slot_enter(struct slot *s, enum slot_state state);

/* event_sleep() in a waiting state; back to SLOT_BUSY after it. 0: the time is over. */
int slot_sleep(struct slot *s, enum slot_state state, struct event *e, uint32_t sequence, uint64_t deadline_ns);

/* Counts a wait that happened by other means. */
void slot_waited(struct slot *s, enum slot_state state, uint64_t ns);

static inline enum slot_command slot_command(const struct slot *s)
{
    return (enum slot_command)au32_acquire(&s->command);
}

#endif

/* Sleeping, with the slot's books kept: what the worker waits for, since when, and how long in all.
 */
#ifndef WAITING_H
#define WAITING_H

#include "event.h"
#include "segment.h"

/* Says what the worker does now. */
void slot_enter(struct slot *s, enum slot_state state);

/* event_sleep() in a waiting state; back to SLOT_BUSY after it. 0: the time is over. */
int slot_sleep(struct slot *s, enum slot_state state, struct event *e, uint32_t sequence, uint64_t deadline_ns);

/* From now on the delays after waits are measured, for the scaler. Worker process, before worker_run(); the descriptor
 * that it opens goes with the process. */
void slot_watch_delays(struct slot *s);

/* Counts a wait that happened by other means. */
void slot_waited(struct slot *s, enum slot_state state, uint64_t ns);

/* A worker's patience before it sleeps. A wake costs some 100 microseconds in all, so looking again for half of that is
 * worth it, as long as nobody else wants this core: if there are cores for all workers, by spinning, else by yielding,
 * and a yield after which another has run ends it.
 *
 *     if (!condition) {
 *         patience_begin(&p, limits);
 *         while (!condition && patience_lasts(&p))
 *             ;
 *         patience_end(&p, slot, SLOT_WAIT_INPUT);
 *     }
 */
struct patience {
    uint32_t spins, yield_ns; /* spins that are left, after which it yields */
    uint64_t begin, now;      /* monotonic ns */
    uint64_t delay_ns;        /* for which another had the core */
};

void patience_begin(struct patience *p, const struct patience_limits *limits);

/* Waits for a moment. 0: it is time to sleep. */
int patience_lasts(struct patience *p);

/* Counts it as a wait in that state. */
void patience_end(const struct patience *p, struct slot *s, enum slot_state state);

static inline enum slot_command slot_command(const struct slot *s)
{
    return (enum slot_command)au32_acquire(&s->command);
}

/* True if the worker is told to end. */
static inline int slot_must_end(const struct slot *s)
{
    enum slot_command command = slot_command(s);
    return command == SLOT_FINISH || command == SLOT_RETIRE;
}

/* Sleeps as long as the worker is told to pause. Nothing is in hand, all is committed. */
void slot_pause(struct slot *s);

#endif

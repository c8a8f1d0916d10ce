/* Work: how many frames a worker has finished and what they took, kept for the scaler in the worker's slot.
 *
 * Counted at each commit, so that the times are those of the frames that are counted; written to the slot once in a
 * tick of the coarse clock, so that a frame of a few nanoseconds does not pay for it. Worker process.
 */
#ifndef WORK_H
#define WORK_H

#include "slot.h"

struct work_account {
    uint64_t frames;     /* finished, and not written to the slot yet */
    uint64_t since;      /* monotonic ns: what was before that is counted */
    uint64_t waited_ns;  /* of the slot, until then */
    uint64_t cpu_ns;     /* of this process, until then */
    uint64_t out;        /* frames that a source has made, until then */
    uint64_t next_write; /* coarse clock */
};

/* Starts to count, after `out` frames of a source. What predecessors in the slot counted stays. */
void work_begin(struct work_account *w, struct slot *slot, uint64_t out);

/* All that was done until now belongs to frames that are finished now, `frames` of them. */
static inline void work_count(struct work_account *w, uint64_t frames)
{
    w->frames += frames;
}

/* Writes what is counted to the slot if it is time to (1 then); at once if it is the last. */
int work_tell(struct work_account *w, struct slot *slot);
void work_end(struct work_account *w, struct slot *slot);

/* Nanoseconds that the workers of a slot have waited, of waits that are over. Any process. */
uint64_t slot_waits(const struct slot *slot);

#endif

/* What the host does for a dead worker before its successor starts: settles the ring ends that it still owned.
 *
 * Host only, and only after waitid() returned the worker: then nobody moves those ends, and the journal cannot change.
 * Whether the one store of head or tail was made is read off the ring itself, so there is nothing to guess, and doing
 * it again finds nothing to do. A worker that never took part repairs nothing of another's.
 */
#ifndef SETTLEMENT_H
#define SETTLEMENT_H

#include "journal.h"
#include "ring.h"

/* A worker whose death waitid() has reported. Only the host's reaper makes one. */
struct dead_worker {
    uint32_t slot, epoch;
    int32_t signal;   /* 0: it exited */
    int from_outside; /* 1: SIGKILL that neither the host sent nor the kernel, for want of memory: no frame is to blame
                       */
};

/* The rings that the dead worker may have touched: its stage's own (NULL for a source), and those of its readers by
 * edge. */
struct worker_rings {
    struct ring *input;
    struct ring *const *outputs;
    uint32_t n_outputs;
};

/* Settles and frees the ends, then wakes everybody on those rings. */
void settlement_repair(struct journal *j, const struct worker_rings *rings, const struct dead_worker *dead);

enum { OUTSIDE_DEATHS_MAX = 100 }; /* after so many even a death from outside counts against the frame */

/* Who was to blame: counts the death against the frame in hand, if there was one, and if it can be its fault. After the
 * repair. 1: there was one: *position is its place in the ring, *deaths how many count against it now. */
int settlement_blame(struct journal *j, const struct dead_worker *dead, uint64_t *position, uint32_t *deaths);

#endif

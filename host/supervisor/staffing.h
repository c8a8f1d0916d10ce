/* Staffing: makes a crew as many workers as it should have, by forks and retirements.
 *
 * A worker is retired at a transaction boundary: it flushes, commits, and leaves what is in the ring to the others; one
 * that sleeps goes first. It has gone when its server says so, and may die on the way as any other: then its successor
 * finishes what it had begun, and leaves in its place. Host process.
 */
#ifndef STAFFING_H
#define STAFFING_H

#include "crew.h"

/* From now on the crew should have so many, at least 1 and at most its slots. */
void staffing_set(struct crew *c, struct segment *s, uint32_t workers, uint64_t now_ns);

/* The one that is missed least, not `except`; STAGE_WORKERS_MAX: there is none. */
uint32_t staffing_idle(const struct crew *c, const struct segment *s, uint32_t except);

/* A worker that waits to be started is not, and has left nothing behind: the crew has one less from now on. */
void staffing_cancel(struct crew *c, const struct segment *s, uint32_t worker);

/* One worker less from now on, and that is this one. */
void staffing_dismiss(struct crew *c, const struct segment *s, uint32_t worker);

/* A worker has retired. If its processor still keeps frames, another takes its place and gives them again: 1 then, and
 * the crew can have no fewer. */
int staffing_left(struct crew *c, struct segment *s, uint32_t worker, uint64_t now_ns);

/* Workers that are, or will be, there, without those that were told to leave. */
uint32_t staffing_strength(const struct crew *c, const struct segment *s);

#endif

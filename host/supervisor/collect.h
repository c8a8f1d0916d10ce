/* Collects a snapshot: reads what the workers report in shared memory. It may be anything, a plugin can have written
 * there: figures may come out wrong then, and nothing else.
 */
#ifndef COLLECT_H
#define COLLECT_H

#include "crew.h"
#include "snapshot.h"

/* `started_ns`: when the run began. */
void collect(struct snapshot *out, const struct segment *s, const struct crew *crews, uint64_t started_ns,
             uint64_t now_ns);

/* The latencies of a stage. */
void collect_latency(struct stage_latency *out, const struct segment *s, uint32_t stage);

/* The workers of a crew that are alive, STAGE_WORKERS_MAX at most. Returns how many. */
uint32_t collect_workers(struct worker_snapshot *out, const struct segment *s, const struct crew *c, uint64_t now_ns);

#endif

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

#endif

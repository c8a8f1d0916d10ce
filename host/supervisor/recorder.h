/* The recorder of a traced run: reads the workers' trace rings regularly, adds what the host itself knows (deaths,
 * restarts, changes of a number of workers, how full the rings are), and writes the trace. Host process.
 */
#ifndef RECORDER_H
#define RECORDER_H

#include "scaling.h"
#include "segment.h"

struct recorder; /* NULL, where it is given: the run is not traced, and there is nothing to do */

/* Makes the file, and the rings: s->trace is set. Before the first fork. 0 or -errno. */
int recorder_open(const char *path, uint64_t limit, struct segment *s, const struct log *log, uint64_t start_ns,
                  struct recorder **out);

/* Reads and writes if it is time to. Returns when to be called again. */
uint64_t recorder_tick(struct recorder *r, const struct scaling *scaling, uint64_t now_ns);

/* A worker has been forked. If the one before it in its slot died, it is a restart. */
void recorder_forked(struct recorder *r, uint32_t stage, uint32_t worker, uint64_t now_ns);

/* A worker is gone: what it said is read, and its spans end. `how` it died, for a mark; NULL: it left by itself. */
void recorder_gone(struct recorder *r, uint32_t stage, uint32_t worker, const char *how, uint64_t now_ns);

/* All workers are gone. Ends the trace, and takes the rings away: s->trace is NULL again. */
void recorder_close(struct recorder **r, struct segment *s, const struct scaling *scaling, uint64_t now_ns);

#endif

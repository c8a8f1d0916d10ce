/* A history of looks at a running pipeline, and the window between the newest and one of about a second ago: what rates
 * and shares "now" are of. Host process.
 *
 * Nobody looks unless somebody asks, so an unwatched pipeline pays nothing; the first window is since the start.
 * Several watchers share the looks: each gets the window since the newest one that is old enough.
 */
#ifndef HISTORY_H
#define HISTORY_H

#include "snapshot.h"

/* What one stage did in the window. */
struct stage_window {
    double in_rate, out_rate, bytes_in_rate, bytes_out_rate; /* frames/s, bytes/s; out: emitted, a sink: taken */
    double busy, starved, blocked;                           /* shares of its workers' time, 0 to 1 */
    struct durations in_ring, in_process;
};

struct window {
    uint64_t ns;    /* how long; 0: nothing to tell yet */
    int bottleneck; /* index of a stage, -1: none */
    struct stage_window stages[PIPELINE_STAGES_MAX];
};

struct history;

/* NULL: no memory. */
struct history *history_create(uint32_t n_stages);
void history_destroy(struct history *h);

/* Takes in what was seen at `now->elapsed_ns`, latency[n_stages] beside it, and says what the window is; valid until
 * the next call. */
const struct window *history_look(struct history *h, const struct snapshot *now, const struct stage_latency *latency);

/* Takes in what the workers of a stage have used until now, and says how much of a core each had lately. */
void history_look_at_workers(struct history *h, uint32_t stage, struct worker_snapshot *workers, uint32_t n,
                             uint64_t now_ns);

#endif

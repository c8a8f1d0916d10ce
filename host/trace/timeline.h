/* A timeline: makes of the workers' events a trace in the format of Chrome, which Perfetto opens: a process a stage, a
 * track a worker, spans of what it does, arrows for frames that are followed, marks and counters. Host process.
 *
 * Whatever the events are, the file is in order: each span that begins ends, on one track they lie within each other,
 * and time does not go back.
 */
#ifndef TIMELINE_H
#define TIMELINE_H

#include <stdint.h>

#include "trace.h"

/* Names must outlive the timeline. */
struct timeline_stage {
    const char *name, *processor;
    uint32_t first_slot, n_slots;
    int is_source;
};

struct timeline_run {
    const char *pipeline;
    const struct timeline_stage *stages;
    uint32_t n_stages;
    uint64_t start_ns; /* its zero */
};

struct timeline;

/* 0 or -errno; -ESPIPE: `path` is no file. */
int timeline_open(const char *path, uint64_t limit, const struct timeline_run *run, struct timeline **out);

void timeline_event(struct timeline *t, uint32_t slot, const struct trace_event *e);

/* n events of a slot are missing before the next. */
void timeline_lost(struct timeline *t, uint32_t slot, uint64_t n);

/* The worker in the slot is no more: what it was doing ends there, and `what` is marked; NULL: it had said so. */
void timeline_gone(struct timeline *t, uint32_t slot, uint64_t at_ns, const char *what);

/* A mark on a worker's track; `why` may be NULL. */
void timeline_mark_worker(struct timeline *t, uint32_t slot, uint64_t at_ns, const char *what, const char *why);
void timeline_mark_stage(struct timeline *t, uint32_t stage, uint64_t at_ns, const char *what, const char *why);

/* How many frames are in a stage's ring. Told again, it is not written again. */
void timeline_count(struct timeline *t, uint32_t stage, uint64_t at_ns, uint64_t queued);

/* How many ends of flows have come since it was asked last. */
uint32_t timeline_take_flow_ends(struct timeline *t);

/* Writes what there is to the file. 0, or -errno of the first write that failed: no more is written. */
int timeline_flush(struct timeline *t, uint64_t at_ns);

struct timeline_losses {
    uint64_t overwritten; /* events that the host did not read in time */
    uint64_t dropped;     /* objects that had no room in the file */
};

/* Ends all spans, says in the trace what is missing, and closes the file. Returns as timeline_flush(). */
int timeline_close(struct timeline **t, uint64_t at_ns, struct timeline_losses *losses);

#endif

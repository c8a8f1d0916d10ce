#include "recorder.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "timeline.h"

/* So often that a ring which takes an event each three microseconds is not overrun. */
#define TICK_NS (20 * NS_PER_MS)

enum { FLOW_ENDS_MOST = 64, FLOW_ENDS_LEAST = 8 }; /* in a tick: how many frames are followed is fitted to that */

struct recorder {
    struct timeline *timeline;
    struct trace *trace;
    const struct segment *segment;
    const struct log *log;
    uint64_t next_ns;
    uint32_t n_decisions; /* of the scaler, that are marked */
    int told;             /* 1: it was logged that the file cannot be written */
    struct reading {
        uint64_t next; /* events that were read */
        int died;      /* 1: its last worker did not leave by itself */
    } slots[];
};

static int open_timeline(struct recorder *r, const char *path, uint64_t limit, uint64_t start_ns)
{
    const struct pipeline *p = r->segment->pipeline;
    struct timeline_stage stages[PIPELINE_STAGES_MAX];
    for (uint32_t i = 0; i < p->n_stages; i++)
        stages[i] = (struct timeline_stage){.name = p->stages[i].name,
                                            .processor = p->stages[i].processor,
                                            .first_slot = r->segment->stages[i].first_slot,
                                            .n_slots = r->segment->stages[i].n_slots,
                                            .is_source = p->stages[i].is_source};
    const struct timeline_run run = {p->name, stages, p->n_stages, start_ns};
    return timeline_open(path, limit, &run, &r->timeline);
}

int recorder_open(const char *path, uint64_t limit, struct segment *s, const struct log *log, uint64_t start_ns,
                  struct recorder **out)
{
    struct recorder *r = calloc(1, sizeof *r + s->n_slots * sizeof(struct reading));
    if (!r)
        return -ENOMEM;
    r->segment = s;
    r->log = log;
    r->next_ns = start_ns + TICK_NS;
    int error = trace_create(s->n_slots, &r->trace);
    if (!error)
        error = open_timeline(r, path, limit, start_ns);
    if (error) {
        trace_destroy(&r->trace);
        free(r);
        return error;
    }
    s->trace = r->trace;
    *out = r;
    return 0;
}

/* What comes while it is being read waits for the next time. */
static void read_slot(struct recorder *r, uint32_t slot)
{
    struct trace_event e;
    uint64_t lost = 0, now = clock_monotonic();
    for (uint32_t n = 0; n < TRACE_EVENTS && trace_next(trace_ring_of(r->trace, slot), &r->slots[slot].next, &e, &lost);
         n++) {
        if (lost)
            timeline_lost(r->timeline, slot, lost);
        lost = 0;
        if (e.at_ns > now)
            e.at_ns = now; /* it was written since, or what a plugin has written to */
        timeline_event(r->timeline, slot, &e);
    }
    if (lost)
        timeline_lost(r->timeline, slot, lost);
}

static void read_all(struct recorder *r)
{
    for (uint32_t i = 0; i < r->segment->n_slots; i++)
        read_slot(r, i);
}

/* Fewer frames are followed if they come fast. */
static void fit_sample(struct recorder *r)
{
    uint64_t sample = au64_relaxed(&r->trace->sample); /* nobody else writes it */
    uint32_t ends = timeline_take_flow_ends(r->timeline);
    if (ends > FLOW_ENDS_MOST && !(sample >> 62))
        au64_store_relaxed(&r->trace->sample, sample * 2 + 1);
    else if (ends < FLOW_ENDS_LEAST)
        au64_store_relaxed(&r->trace->sample, sample / 2);
}

static void mark_decisions(struct recorder *r, const struct scaling *s)
{
    char what[64];
    if (s->n_decisions - r->n_decisions > DECISIONS_KEPT)
        r->n_decisions = s->n_decisions - DECISIONS_KEPT;
    for (; r->n_decisions < s->n_decisions; r->n_decisions++) {
        const struct scaling_decision *d = &s->decisions[r->n_decisions % DECISIONS_KEPT];
        snprintf(what, sizeof what, "%" PRIu32 " -> %" PRIu32 " workers", d->from, d->to);
        timeline_mark_stage(r->timeline, d->stage, s->began_ns + d->at_ns, what, d->why);
    }
}

static void count_queues(struct recorder *r, uint64_t now_ns)
{
    for (uint32_t i = 0; i < r->segment->pipeline->n_stages; i++)
        if (r->segment->stages[i].ring)
            timeline_count(r->timeline, i, now_ns, ring_fill(r->segment->stages[i].ring));
}

static void tell(struct recorder *r, int error)
{
    if (!error || r->told)
        return;
    r->told = 1;
    log_write(r->log, LOG_LEVEL_WARNING, "the trace cannot be written any more: %s", strerror(-error));
}

uint64_t recorder_tick(struct recorder *r, const struct scaling *scaling, uint64_t now_ns)
{
    if (!r)
        return UINT64_MAX;
    if (now_ns < r->next_ns)
        return r->next_ns;
    read_all(r);
    fit_sample(r);
    mark_decisions(r, scaling);
    count_queues(r, now_ns);
    tell(r, timeline_flush(r->timeline, now_ns));
    r->next_ns = now_ns + TICK_NS;
    return r->next_ns;
}

void recorder_forked(struct recorder *r, uint32_t stage, uint32_t worker, uint64_t now_ns)
{
    if (!r)
        return;
    uint32_t slot = r->segment->stages[stage].first_slot + worker;
    if (r->slots[slot].died)
        timeline_mark_worker(r->timeline, slot, now_ns, "restart", NULL);
    r->slots[slot].died = 0;
}

void recorder_gone(struct recorder *r, uint32_t stage, uint32_t worker, const char *how, uint64_t now_ns)
{
    if (!r)
        return;
    uint32_t slot = r->segment->stages[stage].first_slot + worker;
    r->slots[slot].died = how != NULL;
    read_slot(r, slot);
    timeline_gone(r->timeline, slot, now_ns, how);
}

void recorder_close(struct recorder **recorder, struct segment *s, const struct scaling *scaling, uint64_t now_ns)
{
    struct recorder *r = *recorder;
    struct timeline_losses losses;
    if (!r)
        return;
    read_all(r);
    mark_decisions(r, scaling);
    count_queues(r, now_ns);
    int error = timeline_close(&r->timeline, now_ns, &losses);
    tell(r, error);
    if (losses.dropped || losses.overwritten)
        log_write(r->log, LOG_LEVEL_WARNING,
                  "the trace is not complete: %" PRIu64 " of its events had no room in the file (%s), %" PRIu64
                  " came faster than they could be read",
                  losses.dropped, error ? strerror(-error) : "--trace-size", losses.overwritten);
    s->trace = NULL;
    trace_destroy(&r->trace);
    free(r);
    *recorder = NULL;
}

/* A snapshot: the figures of a running, or ended, pipeline, added up over the workers of each stage. Plain data.
 *
 * For each stage, at rest: in = out + dropped + dead + in_flight.
 */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include <stdint.h>
#include <sys/types.h>

#include "segment.h"

enum { DECISIONS_KEPT = 64, DECISION_TEXT = 256 };

enum stage_state { STAGE_STARTING, STAGE_RUNNING, STAGE_DRAINING, STAGE_ENDED, STAGE_FAILED };

struct stage_snapshot {
    const char *name, *processor; /* the pipeline's */
    enum stage_state state;
    int is_source, is_sink;
    uint32_t workers, workers_max; /* alive now, slots */
    uint32_t workers_wanted;       /* as many as it should have, or last should have */
    uint64_t in;                   /* frames that came into its ring; a source: records that it read, out + dead */
    uint64_t out;                  /* of them, passed on; a sink: taken */
    uint64_t dropped, dead;
    uint64_t in_flight; /* in the ring, claimed, or kept */
    uint64_t emitted;   /* frames that it published, once however many readers */
    uint64_t bytes_in, bytes_out;
    uint64_t skipped, repeated, partial;                             /* see struct tally */
    uint64_t busy_ns, wait_input_ns, wait_output_ns, wait_memory_ns; /* sums over its workers, since they started */
    uint64_t ended_ns;               /* sum over its workers: since they had nothing left to do */
    uint64_t restarts;               /* workers that died and were replaced, or were not */
    uint64_t queued, queue_capacity; /* frames in its ring now; 0 for a source */
    uint64_t done, total;            /* progress of a source; total 0: unknown */
};

/* One change of a stage's number of workers. */
struct scaling_decision {
    uint64_t at_ns; /* since the workers were started */
    uint32_t stage, from, to;
    char why[DECISION_TEXT]; /* "it would hold back the rest: 2 carry 41 frames/s of the source, 150 can be had; ..." */
};

/* Of the budget workers_memory: of `limit` bytes `granted` are given out, so that processes may take them, and `used`
 * are in use, as last seen, at most half a second ago. Host and stage servers count with what they may still take. */
struct ration_figures {
    uint64_t limit, granted, used;
};

struct snapshot {
    const char *pipeline;                 /* its name */
    char memory_report[320];              /* what pages were got, and the fix */
    struct ration_figures workers_memory; /* all 0: there is no such budget, or it is not held */
    char limit[128];                      /* scaling_describe_limit() */
    uint64_t elapsed_ns;                  /* since the workers were started */
    uint64_t first_frame_ns; /* from the start of the run to the first frame that a sink took; 0: none yet */
    uint32_t n_decisions;    /* all of them; the last DECISIONS_KEPT are kept, */
    struct scaling_decision decisions[DECISIONS_KEPT]; /* decision n at n modulo that */
    int paused, draining;                              /* 1: the sources make nothing for now; never again */
    uint32_t n_stages;
    struct stage_snapshot stages[PIPELINE_STAGES_MAX];
};

/* One worker, as it was at a moment. */
struct worker_snapshot {
    uint32_t worker; /* its number in the stage */
    pid_t pid;
    uint32_t deaths; /* of its predecessors */
    enum slot_state state;
    uint64_t state_ns; /* for how long */
    uint64_t frame;    /* sequence of the claimed frame that is in the processor, if `has_frame`, */
    uint64_t frame_ns; /* for so long, give or take a millisecond if it is one of a batch */
    uint64_t cpu_ns;   /* of this process */
    double cpu;        /* share of a core in the last second or so; negative: not known yet */
    uint64_t done;     /* frames that the slot has finished, its predecessors' too */
    int has_frame;
};

/* How long frames took in a stage, since the start; sums over its workers. */
struct stage_latency {
    struct durations in_ring, in_process; /* slot.h */
};

/* Index of the stage that limits the rest, or -1 if none does yet: the one that is busiest while the stages before it
 * wait for room and those after it wait for input; or a source that itself waits for most of the time, when no stage is
 * busy for half of it. */
int snapshot_bottleneck(const struct snapshot *s);

/* Share of its workers' time that a stage spent working, 0 to 100; the time after its end counts as time without work.
 */
uint32_t stage_busy_percent(const struct stage_snapshot *s);

/* Share of the same time that it waited for input; a source: for whatever it reads. */
uint32_t stage_starved_percent(const struct stage_snapshot *s);

#endif

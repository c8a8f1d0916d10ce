/* The scaler: how many workers each stage should have. Pure policy, (observation, time) -> decisions: no clock, no
 * fork, no log, no memory but its own struct.
 *
 * Call it at an even pace, twice a second or so. It takes its decisions for carried out at once: forks and retirements
 * show in the next observations. docs/scaling.md explains the model.
 */
#ifndef SCALER_H
#define SCALER_H

#include "breaks.h"
#include "ceiling.h"
#include "estimate.h"
#include "model.h"
#include "probe.h"
#include "storage.h"

enum scaler_cause {
    SCALER_NEEDED,  /* the stage would hold back the rest */
    SCALER_SURPLUS, /* it has had more than it needs for a while */
    SCALER_CEILING, /* more did not help */
    SCALER_BUDGET,  /* cores or memory became fewer */
    SCALER_PROBE,   /* to see whether the pipeline gives more with it */
    SCALER_UNDO,    /* it does not */
    SCALER_STORAGE  /* they hold frames for breaks of the source */
};

/* One line of the log. */
struct scaler_decision {
    uint32_t stage, from, to;
    enum scaler_cause cause;
    double capacity;      /* what `from` workers can carry, in frames of the source a second */
    double goal;          /* what the stage is sized for */
    double cpu_s, wait_s; /* a frame */
    double visits;        /* frames of the stage for one of the source */
};

enum scaler_limit {
    LIMIT_UNKNOWN, /* too little was seen */
    LIMIT_CPU,
    LIMIT_STAGE, /* a stage that has all the workers that it may have, or that are of use */
    LIMIT_MEMORY,
    LIMIT_SOURCE,
    LIMIT_SINK /* as LIMIT_STAGE, and it is a sink */
};

/* What keeps the pipeline from being faster. */
struct scaler_state {
    enum scaler_limit limit;
    uint32_t stage;  /* LIMIT_STAGE, LIMIT_SINK */
    double occupied; /* share of the stage's time in the processor, or of the cores, or of the memory; 0 to 1 */
    double rate;     /* what the model says can be had, in frames of the source a second */
};

struct scaler_verdict {
    uint32_t n;
    struct scaler_decision decisions[SCALER_STAGES_MAX];
    struct scaler_state state;
};

enum scaler_trial { TRIAL_NONE, TRIAL_RAISED, TRIAL_LOWERED };

/* What the scaler knows of a stage. */
struct scaler_memory {
    struct estimate estimate;
    struct ceiling ceiling;
    uint32_t workers;    /* that it should have, */
    uint64_t changed_ns; /* since then, or since its workers were last warming up */
    int way;             /* how that was changed last: 1 up, -1 down, 0 by a limit */
    double light_cpu_s;  /* the least that a frame took since its cost last jumped; 0: not known */
    /* what probes found */
    uint32_t found_least, found_most; /* workers that are of use, and enough; 0: not known */
    uint32_t found_want;              /* what the plan wanted when found_most was */
    double found_s;                   /* what a frame took when they were */
    /* surplus */
    uint32_t wanted;    /* the most that the plan wanted of late, */
    uint64_t wanted_ns; /* and when */
    int was_lowered;    /* and not raised since */
    uint32_t mistakes;  /* times that it was raised again after a surplus was given up */
    /* the last change, by the plan */
    enum scaler_trial trial;       /* it was not looked at since */
    struct stage_observation mark; /* since when all are at work, if is_marked */
    uint64_t mark_ns;
    int is_marked;
    struct level before; /* how it worked before it was raised, */
    uint64_t before_ns;  /* and when that was */
};

struct scaler {
    uint32_t n_stages;
    struct scaler_stage stages[SCALER_STAGES_MAX];
    struct scaler_memory memory[SCALER_STAGES_MAX];
    struct model model; /* of the last tick */
    struct plan plan;
    struct probe probe;
    uint64_t ticked_ns, decided_ns; /* the last tick, and the last with a decision */
    double cpus;                    /* the most since they were taken for others */
    double used_s, cores_s;         /* CPU time of the workers, and that of the cores, of some seconds */
    double flaps;                   /* ticks of late in which a stage was changed against its last change, */
    int has_flapped;                /* and whether this is one */
    double seen_s;                  /* since the start */
    double starved;                 /* share of the sources' time without input, of half a minute */
    double pace;                    /* frames of the sources a second, of some seconds, */
    struct breaks breaks;
    double peak;                        /* and the highest of a minute */
    uint32_t target[SCALER_STAGES_MAX]; /* workers: of the plan, and those that only store for breaks */
};

/* Each stage starts with its minimum, which is at least 1. */
void scaler_init(struct scaler *s, const struct scaler_stage *stages, uint32_t n_stages, uint64_t now_ns);

void scaler_decide(struct scaler *s, const struct observation *seen, uint64_t now_ns, struct scaler_verdict *verdict);

/* From now on the stage may have so many workers; it has the nearest number to what it had. */
void scaler_limit(struct scaler *s, uint32_t stage, uint32_t min, uint32_t max);

/* What so many cores more would bring by the model: the rate then for the rate now, 1 as long as too little is known.
 * *state: what would limit it, without figures. */
double scaler_gain(const struct scaler *s, double cores, struct scaler_state *state);

/* How many workers the stage is to have now. */
uint32_t scaler_workers(const struct scaler *s, uint32_t stage);

#endif

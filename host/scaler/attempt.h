/* An attempt: which stage to try with other numbers of workers, by what all stages did in a window of time.
 *
 * These are worth it, in this order; with breaks of the sources the second comes last, as cores are idle then anyway:
 *  1. Sources that wait for cores while they have input, between breaks: more of their workers; unless a crowd (4)
 * whose frames have clearly become dearer is still to be tried.
 *  2. Cores that are free while a stage is mostly at work, and none is at its limit: more of its workers.
 *  3. Cores that are free while a stage is at its limit, always at work with all the workers that it may have, and
 * waits for a core with those of others: fewer workers of a stage that has some to spare.
 *  4. More runnable workers than cores: fewer of the stage that is runnable most, the more so if its frames have become
 *     dearer.
 *  5. Where a few fewer did not help: far fewer.
 */
#ifndef ATTEMPT_H
#define ATTEMPT_H

#include "observation.h"

/* Fewer is below zero, more above. */
enum attempt_way { ATTEMPT_FAR_FEWER = -2, ATTEMPT_FEWER, ATTEMPT_NONE, ATTEMPT_MORE };
enum { ATTEMPT_WAYS = 4 };

struct attempt_stage {
    uint32_t workers, least, most; /* most: that it may have, and that fit */
    int is_source;
    double cpu_s;       /* a frame, */
    double light_cpu_s; /* and the least that it was since it jumped; 0: not known */
};

/* What the stages did in a window. */
struct look {
    double seconds, cpus;
    int has_breaks;                       /* the sources do, and the window is of whole ones */
    double dry;                           /* share of the time that the sources were without input */
    double work;                          /* done a second with input, at the prices of the window's start */
    double noise;                         /* standard error of that, as a share, if costs vary as much as their mean */
    double used;                          /* share of the cores */
    double runnable;                      /* workers a core, with those that wait for one */
    double occupied[SCALER_STAGES_MAX];   /* share of its workers' time, of sources of that with input */
    double runnable_s[SCALER_STAGES_MAX]; /* on a core, or waiting for one, */
    double delayed[SCALER_STAGES_MAX];    /* and the share without */
    double spare[SCALER_STAGES_MAX];      /* workers that waited for input or room */
};

/* What was no good. */
struct attempts_failed {
    uint64_t stages[ATTEMPT_WAYS]; /* by way, from the lowest; bit i: stage i */
};

struct attempt {
    uint32_t stage;
    enum attempt_way way;
    uint32_t by; /* workers */
};

/* It is not to be found again. */
void attempt_has_failed(struct attempts_failed *failed, uint32_t stage, enum attempt_way way);

/* Each way may be found for the stage again. */
void attempt_forget(struct attempts_failed *failed, uint32_t stage);

/* False if nothing promises to help, or if chance is too much to tell. */
int attempt_find(const struct attempt_stage *stages, uint32_t n, const struct look *look,
                 const struct attempts_failed *failed, struct attempt *attempt);

#endif

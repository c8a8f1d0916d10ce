/* A probe: whether a few workers more, or fewer, of one stage give more frames, found by trying.
 *
 * The model does not know how workers get in each other's way: on few cores chance leaves a core without work although
 * each stage has workers enough for the mean, or more of them than needed share the cores, their caches and their
 * locks. So once the pipeline has settled, and what it does says that there is something to gain (attempt.h), one stage
 * is changed, and changed back unless all stages together get more done. Sources with breaks are looked at from the end
 * of one break to that of another.
 *
 * What did not help is not tried again until costs or cores have changed, and each makes the next rest longer.
 */
#ifndef PROBE_H
#define PROBE_H

#include "attempt.h"
#include "breaks.h"

enum probe_finding { PROBE_NOTHING, PROBE_TRY, PROBE_KEEP, PROBE_UNDO };

struct probe {
    struct stage_observation mark[SCALER_STAGES_MAX]; /* since when the stages are looked at, if is_marked */
    uint64_t mark_ns, changed_ns, rest_until_ns;
    double cpu_s[SCALER_STAGES_MAX]; /* what a frame is worth in the comparison */
    double without_s;                /* of breaks, at the mark */
    double before, noise, dry;       /* of the look before the try, */
    int had_breaks;                  /* and its has_breaks */
    struct attempts_failed failed;
    uint32_t tries;       /* since one helped, or costs or cores became others */
    uint32_t stage, from; /* of the try that is on, or was last: what it had, */
    uint32_t to;          /* and what it is to get */
    enum attempt_way way; /* ATTEMPT_NONE: none is */
    int is_marked;
    int is_void; /* something has become another during the try that is on: it says nothing */
};

/* Something else was changed: a try that is on is dropped, as it is. */
void probe_restart(struct probe *p, uint64_t now_ns);

/* Somebody else has set the stage's workers: a try of it is over, and that of another says nothing. */
void probe_intrude(struct probe *p, uint32_t stage, uint64_t now_ns);

/* A stage's cost (dearer: 1, cheaper: -1) or its cores (0) have become others: a try that is on is void, unless it
 * explains that: more workers of a stage make its frames dearer, fewer cheaper. */
void probe_doubt(struct probe *p, uint32_t stage, int dearer);

/* And for a reason of its own: it may be tried again. */
void probe_forget(struct probe *p, uint32_t stage);

/* At each tick. PROBE_TRY, PROBE_UNDO: p->stage is to get p->to workers; PROBE_KEEP: it has, and they help. */
enum probe_finding probe_step(struct probe *p, const struct attempt_stage *stages, uint32_t n_stages,
                              const struct observation *seen, const struct breaks *breaks, uint64_t now_ns);

#endif

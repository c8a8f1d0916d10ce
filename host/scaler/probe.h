/* A probe: whether a few workers more, or fewer, of one stage give more frames, found by trying.
 *
 * The model does not know how workers get in each other's way: on few cores chance leaves a core without work although
 * each stage has workers enough for the mean, or more of them than needed share the cores, their caches and their
 * locks. So once the pipeline has settled, and what it does says that there is something to gain, one stage is changed,
 * and changed back unless all stages together get more done.
 *
 * What did not help is not tried again until costs or cores have changed, and each failure makes the next rest longer.
 */
#ifndef PROBE_H
#define PROBE_H

#include "observation.h"

struct probe_stage {
    uint32_t workers, least, most; /* most: that it may have, and that fit */
    double cpu_s;                  /* a frame */
};

enum probe_finding { PROBE_NOTHING, PROBE_TRY, PROBE_KEEP, PROBE_UNDO };

/* A few workers fewer; where that did not help, far fewer: a small step may be less than chance. */
enum probe_way { PROBE_FAR_FEWER = -2, PROBE_FEWER, PROBE_NONE, PROBE_MORE };
enum { PROBE_WAYS = 4 };

/* So many workers for a stage. */
struct probe_move {
    uint32_t stage, to;
};

struct probe {
    struct stage_observation mark[SCALER_STAGES_MAX]; /* since when the stages are looked at, if is_marked */
    uint64_t mark_ns, changed_ns, rest_until_ns;
    double cpu_s[SCALER_STAGES_MAX]; /* what a frame is worth in the comparison */
    double before, noise;            /* work done a second before the try, and how much of that may be chance */
    uint64_t failed[PROBE_WAYS];     /* by way, from the lowest; bit i: it did not help with stage i */
    uint64_t rest_s;
    uint32_t stage, from; /* of the try that is on */
    enum probe_way way;
    int is_marked;
    int is_void; /* something has become another during the try that is on: it says nothing */
};

/* Something else was changed: a try that is on is dropped, as it is. */
void probe_restart(struct probe *p, uint64_t now_ns);

/* Their costs, or the cores, have become others: what was found out about these stages is void, and so is a try that
 * is on, unless it is the stage that it changed. */
void probe_forget(struct probe *p, uint64_t stages);

/* At each tick. PROBE_TRY, PROBE_UNDO: *move is to be made; PROBE_KEEP: it was made, and helps. */
enum probe_finding probe_step(struct probe *p, const struct probe_stage *stages, uint32_t n_stages,
                              const struct observation *seen, uint64_t now_ns, struct probe_move *move);

#endif

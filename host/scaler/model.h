/* The model: what a pipeline of known costs can give, and how many workers that takes. Rates are in frames of the
 * source a second.
 *
 * load_i = visits_i * s_i     workers that stage i needs for one frame of the source a second
 * capacity_i(n) = n / load_i  the rate that n workers can carry; the pipeline has that of its least (operational
 *                             analysis: the forced-flow and utilisation laws, Denning and Buzen 1978)
 * by_cpu = cpus / sum(visits_i * c_i)     no allocation can be faster
 * by_stage = min of capacity_i(limit_i)   a stage that may have no more workers
 * by_memory: the highest rate whose workers fit; as workers grow with the rate, it is found by halving
 *
 * Only c counts against cores, and workers follow s: so a stage that waits gets more workers than there are cores.
 */
#ifndef MODEL_H
#define MODEL_H

#include "observation.h"

struct model_stage {
    double visits;         /* frames of this stage for one of the source */
    double cpu_s, wait_s;  /* a frame */
    double turn_s;         /* a frame: its worker waits for its turn */
    double proven;         /* frames a second that `limit` workers gave, whatever a frame takes now; 0: not known */
    double boost;          /* >= 1: sized for so much more than the mean rate */
    uint32_t least, limit; /* workers */
    uint64_t worker_bytes;
};

struct model {
    uint32_t n_stages;
    double cpus;
    double demand; /* no stage needs to carry more; HUGE_VAL: all that can be had */
    uint64_t memory;
    struct model_stage stages[SCALER_STAGES_MAX];
};

enum bound { BOUND_NONE, BOUND_CPU, BOUND_STAGE, BOUND_MEMORY };

struct plan {
    double rate;      /* what the pipeline can give at best */
    double caution;   /* 0 to 1: the part of the head-room that memory allows */
    double headroom;  /* share of it that stages are sized for on top */
    enum bound bound; /* what keeps the rate down */
    uint32_t stage;   /* which, if BOUND_STAGE */
    uint32_t workers[SCALER_STAGES_MAX];
};

/* Workers for one frame a second of the source. */
double model_load(const struct model_stage *s);

/* The most that the stage can give with all its workers, in frames of the source a second. */
double model_most(const struct model_stage *s);

/* Workers, and parts of one, that carry the plan's rate with so much of the head-room: 0 none, 1 all. */
double model_need(const struct model_stage *s, const struct plan *plan, double caution);

/* The best allocation. Stages of unknown cost (0) get their least. */
void model_plan(const struct model *m, struct plan *plan);

#endif

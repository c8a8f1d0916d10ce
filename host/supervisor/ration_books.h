/* The books of rationing: what each process has and uses of the budget, and its limit in the kernel. For rationing.c,
 * which keeps them, and requests.c. Host process.
 */
#ifndef RATION_BOOKS_H
#define RATION_BOOKS_H

#include <sys/resource.h>

#include "rationing.h"

#define RATION_STACK (UINT64_C(1) << 20) /* of a worker */

struct stage_ration {
    uint64_t base;   /* data of its loaded server, which every worker begins with; 0: it has not been loaded yet */
    uint64_t own;    /* of each worker */
    uint64_t need;   /* the most that a worker was seen to use, on top of both */
    uint64_t server; /* bytes that its server takes */
};

struct ration {
    pid_t pid; /* whose limit was set */
    uint64_t asked_at;
    uint64_t promise, promised_until; /* it was granted so much, and may not have taken it yet */
};

struct rationing {
    const struct segment *segment;
    const struct crew *crews;
    struct allowances allowances;
    struct budget budget;
    uint64_t host;
    uint64_t now_ns, next_ns;
    uint32_t loading; /* stage whose server loads with all that is left; n_stages: none */
    uint32_t n_loaded, looked_at;
    int starved; /* a stage's only worker waits for memory to begin with */
    struct stage_ration stages[PIPELINE_STAGES_MAX];
    struct ration *rations; /* a slot each, as the shares */
};

static inline uint32_t books_stages(const struct rationing *r)
{
    return r->segment->pipeline->n_stages;
}

static inline uint32_t books_slot(const struct rationing *r, uint32_t stage, uint32_t worker)
{
    return r->segment->stages[stage].first_slot + worker;
}

static inline struct allowance *books_of_server(const struct rationing *r, uint32_t stage)
{
    return &r->allowances.each[r->segment->n_slots + stage];
}

/* What host and servers take, all in all. */
void books_add_up(struct rationing *r);

/* A limit of a process. What it has above it, it keeps. */
void books_limit(pid_t pid, __rlimit_resource_t resource, uint64_t bytes);

/* A worker's grant from now on, or what it has by now if that is more. */
void books_grant(struct rationing *r, const struct crew *c, uint32_t worker, uint64_t grant);

/* Takes back what others than this slot do not use. */
void books_take_back(struct rationing *r, uint32_t except);

/* Shares of workers that are gone for good are free; a successor has not used any of its predecessor's yet. */
void books_settle(struct rationing *r);

/* What a worker, or all of them, use by now. */
void books_look(struct rationing *r, const struct crew *c, uint32_t worker);
void books_look_at_all(struct rationing *r);

/* What the workers' shares come to that a stage could do without. */
uint64_t books_surplus(const struct rationing *r, uint32_t stage);

#endif

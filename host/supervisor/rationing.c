#include "rationing.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"
#include "ration_books.h"
#include "requests.h"
#include "staffing.h"
#include "usage.h"

#define TICK_NS (500 * NS_PER_MS)
#define SOON_NS (20 * NS_PER_MS) /* while somebody waits */
#define MIB (UINT64_C(1) << 20)

static const uint64_t host_slack = 8 * MIB;   /* the host grows with its clients */
static const uint64_t server_slack = MIB;     /* a loaded server forks and reaps, no more */
static const uint64_t copies_most = 4 * MIB;  /* what is more is a model, and is not all written to */
static const uint64_t unknown_need = 4 * MIB; /* for the scaler */

int rationing_create(struct rationing **out, const struct segment *s, const struct crew *crews, uint64_t now_ns)
{
    *out = NULL;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) /* these map terabytes */
    (void)s, (void)crews, (void)now_ns;
    return 0;
#else
    struct rationing *r = calloc(1, sizeof *r);
    if (!r)
        return -ENOMEM;
    r->segment = s;
    r->crews = crews;
    r->loading = s->pipeline->n_stages;
    r->next_ns = now_ns + TICK_NS;
    r->host = usage_memory(getpid()) + host_slack;
    r->budget = (struct budget){.total = s->pipeline->workers_memory, .n = s->n_slots};
    r->budget.shares = calloc(s->n_slots, sizeof *r->budget.shares);
    r->rations = calloc(s->n_slots, sizeof *r->rations);
    int error = allowances_create(&r->allowances, s->n_slots + s->pipeline->n_stages);
    if (!error && (!r->budget.shares || !r->rations))
        error = -ENOMEM;
    books_add_up(r);
    if (error)
        rationing_destroy(&r);
    *out = r;
    return error;
#endif
}

void rationing_destroy(struct rationing **r)
{
    if (!*r)
        return;
    allowances_destroy(&(*r)->allowances);
    free((*r)->budget.shares);
    free((*r)->rations);
    free(*r);
    *r = NULL;
}

int rationing_bell(const struct rationing *r)
{
    return r->allowances.bell;
}

const struct allowances *rationing_allowances(const struct rationing *r)
{
    return &r->allowances;
}

enum ration_answer rationing_server(struct rationing *r, const struct crew *c, uint64_t *data_limit)
{
    struct stage_ration *s = &r->stages[c->stage];
    struct allowance *a = books_of_server(r, c->stage);
    if (s->base && au64_relaxed(&a->refused) == 0) {
        *data_limit = s->base + server_slack;
        return RATION_START;
    }
    if (r->loading < books_stages(r) && r->loading != c->stage)
        return RATION_WAIT;
    r->loading = c->stage;
    s->server = 0;
    books_add_up(r);
    s->server = budget_free(&r->budget);
    books_add_up(r);
    au64_store_relaxed(&a->refused, 0);
    *data_limit = usage_data(getpid()) + s->server;
    return RATION_START;
}

void rationing_loaded(struct rationing *r, const struct crew *c)
{
    struct stage_ration *s = &r->stages[c->stage];
    uint64_t data = usage_data(c->server), resident = usage_anonymous(c->server);
    r->n_loaded += s->base == 0;
    s->base = data;
    s->server = resident + server_slack;
    s->own = RATION_STACK + (data < copies_most ? data : copies_most);
    books_limit(c->server, RLIMIT_DATA, data + server_slack);
    if (r->loading == c->stage)
        r->loading = books_stages(r);
    books_add_up(r);
}

/* Workers that wait to be started, and have no share yet. */
static uint32_t waiting(const struct rationing *r)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < books_stages(r); i++)
        for (uint32_t w = 0; w < r->segment->stages[i].n_slots; w++)
            n += r->crews[i].berths[w].state == BERTH_WAITING && r->budget.shares[books_slot(r, i, w)].own == 0;
    return n;
}

enum ration_answer rationing_worker(struct rationing *r, const struct crew *c, uint32_t worker)
{
    const struct stage_ration *stage = &r->stages[c->stage];
    uint32_t slot = books_slot(r, c->stage, worker);
    struct share *s = &r->budget.shares[slot];
    if (r->n_loaded < books_stages(r))
        return RATION_WAIT;
    if (s->own == 0) {
        if (au32_relaxed(&segment_slot(r->segment, c->stage, worker)->command) == SLOT_RETIRE)
            return RATION_NONE;
        uint64_t grant = budget_first(&r->budget, stage->own, stage->need, waiting(r));
        if (grant == 0) {
            books_take_back(r, slot);
            grant = budget_first(&r->budget, stage->own, stage->need, waiting(r));
        }
        if (grant == 0 && staffing_strength(c, r->segment) > r->segment->pipeline->stages[c->stage].workers_min)
            return RATION_NONE;
        r->starved |= grant == 0;
        if (grant == 0)
            return RATION_WAIT;
        *s = (struct share){.own = stage->own, .grant = grant};
    }
    s->used = 0;
    r->rations[slot] = (struct ration){0};
    struct allowance *a = &r->allowances.each[slot];
    au64_store_relaxed(&a->before, au64_relaxed(&a->refused));
    au64_store_relaxed(&a->refused, 0);
    au64_store_relaxed(&a->asked, 0);
    return RATION_START;
}

/* Twice a second. What is free goes to those who come near to their limit: not everything that takes memory asks. */
static void look_round(struct rationing *r)
{
    uint64_t host = usage_memory(getpid()) + host_slack;
    r->host = host > r->host ? host : r->host;
    books_add_up(r);
    for (uint32_t i = 0; i < books_stages(r); i++)
        for (uint32_t w = 0; w < r->segment->stages[i].n_slots; w++) {
            uint32_t slot = books_slot(r, i, w);
            struct share *s = &r->budget.shares[slot];
            const struct berth *b = &r->crews[i].berths[w];
            if (b->state != BERTH_ALIVE || r->rations[slot].pid != b->pid)
                continue;
            books_look(r, &r->crews[i], w);
            uint64_t left = budget_free(&r->budget), target = budget_target(s->used);
            if (s->grant < s->used + SHARE_LEAST && s->grant + left >= target)
                books_grant(r, &r->crews[i], w, target);
            if (r->looked_at++ % r->segment->n_slots != 0)
                continue;
            uint64_t resident = usage_memory(b->pid); /* a walk: of one worker at a time */
            if (resident > s->own + s->used)
                s->own = resident - s->used; /* it writes to what its server had loaded */
        }
}

static int is_leaving_any(const struct rationing *r)
{
    for (uint32_t i = 0; i < r->budget.n; i++)
        if (r->budget.shares[i].is_leaving && r->budget.shares[i].own)
            return 1;
    return 0;
}

/* A stage cannot begin to work: others give what they can. 0: they cannot. */
static int feed_starved(struct rationing *r, struct crew *crews)
{
    uint64_t surplus = 0;
    uint32_t most = 0;
    r->starved = 0;
    for (uint32_t i = 0; i < books_stages(r); i++) {
        surplus += books_surplus(r, i);
        most = books_surplus(r, i) > books_surplus(r, most) ? i : most;
    }
    if (is_leaving_any(r))
        return 1;
    if (surplus == 0)
        return 0;
    requests_spare_one(r, crews, most, UINT32_MAX);
    return 1;
}

uint64_t rationing_tick(struct rationing *r, struct crew *crews, const struct log *log, uint64_t now_ns, char *why,
                        size_t size)
{
    r->now_ns = now_ns;
    books_settle(r);
    uint32_t n_waiting = requests_answer(r, crews, log, now_ns);
    if (r->starved && !feed_starved(r, crews)) {
        snprintf(why, size,
                 "workers_memory, %" PRIu64 " MiB, is not enough: host and stage servers take %" PRIu64
                 " MiB, and not every stage can have a worker of the rest; raise workers_memory",
                 r->budget.total >> 20, r->budget.fixed >> 20);
        return 0;
    }
    if (now_ns >= r->next_ns) {
        look_round(r);
        r->next_ns = now_ns + TICK_NS;
    }
    return n_waiting || r->starved ? now_ns + SOON_NS : r->next_ns;
}

uint64_t rationing_for_workers(const struct rationing *r)
{
    return r->budget.fixed < r->budget.total ? r->budget.total - r->budget.fixed : 0;
}

uint64_t rationing_of_worker(const struct rationing *r, uint32_t stage)
{
    const struct stage_ration *s = &r->stages[stage];
    return s->own + (s->need ? budget_target(s->need) : unknown_need);
}

struct ration_figures rationing_figures(const struct rationing *r)
{
    const struct budget *b = &r->budget;
    return (struct ration_figures){.limit = b->total, .granted = b->total - budget_free(b), .used = budget_used(b)};
}

uint64_t rationing_refused_server(const struct rationing *r, uint32_t stage)
{
    return au64_relaxed(&books_of_server(r, stage)->refused);
}

uint64_t rationing_refused(const struct rationing *r, uint32_t stage, uint32_t worker)
{
    return au64_relaxed(&r->allowances.each[books_slot(r, stage, worker)].refused);
}

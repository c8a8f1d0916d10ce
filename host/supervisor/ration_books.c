#include "ration_books.h"

#include "staffing.h"
#include "usage.h"

void books_add_up(struct rationing *r)
{
    r->budget.fixed = r->host;
    for (uint32_t i = 0; i < books_stages(r); i++)
        r->budget.fixed += r->stages[i].server;
}

void books_limit(pid_t pid, __rlimit_resource_t resource, uint64_t bytes)
{
    struct rlimit l;
    if (prlimit(pid, resource, NULL, &l) != 0)
        return;
    l.rlim_cur = bytes < l.rlim_max ? bytes : l.rlim_max;
    prlimit(pid, resource, &l, NULL);
}

static int is_there(const struct berth *b)
{
    return b->state == BERTH_STARTING || b->state == BERTH_ALIVE || b->state == BERTH_WAITING;
}

/* What is granted counts for used until the worker has taken it, or others would take it back before it has run. */
static uint64_t used_by(const struct rationing *r, const struct crew *c, uint32_t worker)
{
    uint32_t slot = books_slot(r, c->stage, worker);
    const struct ration *ration = &r->rations[slot];
    uint64_t data = usage_data(c->berths[worker].pid), base = r->stages[c->stage].base;
    uint64_t used = data > base ? data - base : 0;
    int promised = r->now_ns < ration->promised_until && !au32_acquire(&r->allowances.each[slot].taken); /* A3 */
    return promised && used < ration->promise ? ration->promise : used;
}

void books_grant(struct rationing *r, const struct crew *c, uint32_t worker, uint64_t grant)
{
    struct share *s = &r->budget.shares[books_slot(r, c->stage, worker)];
    const struct berth *b = &c->berths[worker];
    uint64_t base = r->stages[c->stage].base;
    if (b->state == BERTH_ALIVE && b->pid > 0) {
        books_limit(b->pid, RLIMIT_DATA, base + grant);
        s->used = used_by(r, c, worker);
    }
    s->grant = grant > s->used ? grant : s->used;
}

void books_take_back(struct rationing *r, uint32_t except)
{
    for (uint32_t i = 0; i < books_stages(r); i++)
        for (uint32_t w = 0; w < r->segment->stages[i].n_slots; w++) {
            uint32_t slot = books_slot(r, i, w);
            const struct share *s = &r->budget.shares[slot];
            if (slot != except && s->grant > s->used + SHARE_LEAST)
                books_grant(r, &r->crews[i], w, s->used + SHARE_LEAST);
        }
}

void books_settle(struct rationing *r)
{
    for (uint32_t i = 0; i < books_stages(r); i++)
        for (uint32_t w = 0; w < r->segment->stages[i].n_slots; w++) {
            struct share *s = &r->budget.shares[books_slot(r, i, w)];
            const struct berth *b = &r->crews[i].berths[w];
            s->is_leaving = au32_relaxed(&segment_slot(r->segment, i, w)->command) == SLOT_RETIRE;
            if (!is_there(b))
                *s = (struct share){0};
            else if (b->state == BERTH_WAITING)
                s->used = 0;
            if (b->state != BERTH_ALIVE)
                r->rations[books_slot(r, i, w)] = (struct ration){0};
        }
}

void books_look(struct rationing *r, const struct crew *c, uint32_t worker)
{
    struct stage_ration *stage = &r->stages[c->stage];
    struct share *s = &r->budget.shares[books_slot(r, c->stage, worker)];
    s->used = used_by(r, c, worker);
    if (s->used > s->grant)
        s->grant = s->used;
    if (s->used > stage->need)
        stage->need = s->used;
}

void books_look_at_all(struct rationing *r)
{
    for (uint32_t i = 0; i < books_stages(r); i++)
        for (uint32_t w = 0; w < r->segment->stages[i].n_slots; w++) {
            const struct berth *b = &r->crews[i].berths[w];
            if (b->state == BERTH_ALIVE && r->rations[books_slot(r, i, w)].pid == b->pid)
                books_look(r, &r->crews[i], w);
        }
}

uint64_t books_surplus(const struct rationing *r, uint32_t stage)
{
    uint32_t strength = staffing_strength(&r->crews[stage], r->segment),
             min = r->segment->pipeline->stages[stage].workers_min;
    uint64_t bytes = 0;
    if (strength <= min)
        return 0;
    for (uint32_t w = 0; w < r->segment->stages[stage].n_slots; w++) {
        const struct share *s = &r->budget.shares[books_slot(r, stage, w)];
        bytes += s->is_leaving ? 0 : s->own + s->used;
    }
    return bytes / strength * (strength - min);
}

#include "requests.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "clock.h"
#include "ration_books.h"
#include "staffing.h"

#define SHARED_NS (100 * NS_PER_MS) /* if two wait so long, one has to make room */
#define PATIENCE_NS (10 * NS_PER_S) /* then a request is refused */

/* One worker less: of the stage that needs memory if it can spare one, as all of it have the same need. The first is
 * one that waits for memory, too, as it could not leave in any other way. */
void requests_spare_one(struct rationing *r, struct crew *crews, uint32_t stage, uint32_t except)
{
    uint64_t most = books_surplus(r, stage);
    uint32_t from = stage, worker = STAGE_WORKERS_MAX;
    for (uint32_t i = 0; most == 0 && i < books_stages(r); i++)
        if (books_surplus(r, i) > books_surplus(r, from))
            from = i;
    for (uint32_t w = 0; w < r->segment->stages[from].n_slots; w++) {
        uint32_t slot = books_slot(r, from, w);
        if (slot != except && crews[from].berths[w].state == BERTH_ALIVE && !r->budget.shares[slot].is_leaving &&
            allowance_asked(&r->allowances.each[slot]) > 0)
            worker = w;
    }
    int asks = worker < STAGE_WORKERS_MAX;
    if (!asks)
        worker = staffing_idle(&crews[from], r->segment,
                               from == stage ? except - r->segment->stages[from].first_slot : STAGE_WORKERS_MAX);
    if (worker == STAGE_WORKERS_MAX)
        return;
    staffing_dismiss(&crews[from], r->segment, worker);
    if (asks)
        allowance_give(&r->allowances.each[books_slot(r, from, worker)], ALLOWANCE_LEAVE);
    books_settle(r);
}

/* The others give back what is free in their heaps, as soon as they have no frame in hand. */
static void tidy_others(const struct rationing *r, uint32_t except)
{
    for (uint32_t i = 0; i < books_stages(r); i++)
        for (uint32_t w = 0; w < r->segment->stages[i].n_slots; w++) {
            uint32_t slot = books_slot(r, i, w);
            struct allowance *a = &r->allowances.each[slot];
            struct ring *ring = r->segment->stages[i].ring;
            if (slot == except || r->budget.shares[slot].used <= 2 * SHARE_LEAST || au32_relaxed(&a->tidy))
                continue;
            au32_store_relaxed(&a->tidy, 1);
            if (ring)
                event_wake_slow(&ring->data, INT32_MAX); /* it may sleep */
        }
}

/* 1: it has its answer. */
static int answer(struct rationing *r, struct crew *crews, uint32_t stage, uint32_t worker, const struct log *log,
                  uint64_t now_ns)
{
    uint32_t slot = books_slot(r, stage, worker);
    struct allowance *a = &r->allowances.each[slot];
    struct ration *ration = &r->rations[slot];
    uint64_t bytes = allowance_asked(a), grant = 0, surplus = 0;
    const char *name = r->segment->pipeline->stages[stage].name;
    books_look(r, &crews[stage], worker);
    for (uint32_t i = 0; i < books_stages(r); i++)
        surplus += books_surplus(r, i);
    enum budget_answer verdict = budget_ask(&r->budget, slot, bytes, surplus, &grant);
    if (verdict != BUDGET_GRANT) {
        books_look_at_all(r);
        verdict = budget_ask(&r->budget, slot, bytes, surplus, &grant);
    }
    if (verdict == BUDGET_TAKE_BACK) {
        books_take_back(r, slot);
        books_look_at_all(r); /* who was about to grow when the limit came has done so by now */
        verdict = budget_ask(&r->budget, slot, bytes, surplus, &grant);
    }
    if (verdict == BUDGET_RETIRE)
        requests_spare_one(r, crews, stage, slot);
    if (verdict != BUDGET_GRANT)
        tidy_others(r, slot);
    if (verdict != BUDGET_GRANT && verdict != BUDGET_REFUSE && now_ns < ration->asked_at + PATIENCE_NS)
        return 0;
    ration->asked_at = 0;
    uint64_t need = r->budget.shares[slot].used + bytes;
    if (need > r->stages[stage].need && need < r->budget.total)
        r->stages[stage].need = need;
    if (verdict == BUDGET_GRANT) {
        ration->promise = need;
        ration->promised_until = now_ns + PATIENCE_NS;
        books_grant(r, &crews[stage], worker, grant);
        allowance_give(a, ALLOWANCE_GRANTED);
        return 1;
    }
    if (au64_relaxed(&a->refused) == 0)
        log_about(log, LOG_LEVEL_WARNING, name, (int32_t)worker,
                  "is refused %" PRIu64 " KiB of memory: workers_memory, %" PRIu64
                  " MiB, is given out, and there is no worker to be spared",
                  bytes >> 10, r->budget.total >> 20);
    allowance_give(a, ALLOWANCE_REFUSED);
    return 1;
}

/* The worker has just begun, and asks for its limit. */
static int admit(struct rationing *r, const struct crew *c, uint32_t worker)
{
    uint32_t slot = books_slot(r, c->stage, worker);
    const struct berth *b = &c->berths[worker];
    if (r->rations[slot].pid == b->pid)
        return 0;
    r->rations[slot].pid = b->pid;
    books_limit(b->pid, RLIMIT_STACK, RATION_STACK);
    books_grant(r, c, worker, r->budget.shares[slot].grant);
    allowance_give(&r->allowances.each[slot], ALLOWANCE_GRANTED);
    return 1;
}

/* Workers that wait for memory may have what the others wait for: then the one that asked last gives back what it has,
 * and begins anew. */
static void part(struct rationing *r, uint32_t first)
{
    uint32_t last = r->budget.n;
    for (uint32_t i = 0; i < r->budget.n; i++) {
        uint64_t at = r->rations[i].asked_at;
        if (at && r->budget.shares[i].used >= SHARE_LEAST && (last == r->budget.n || at >= r->rations[last].asked_at))
            last = i;
    }
    if (first == r->budget.n || last == r->budget.n || r->rations[first].asked_at == 0 || first == last)
        return;
    r->rations[last].asked_at = 0;
    allowance_give(&r->allowances.each[last], ALLOWANCE_LEAVE);
}

/* Who has waited so long that nobody else is given anything before; n: nobody. */
static uint32_t find_first(const struct rationing *r, uint64_t now_ns)
{
    uint32_t first = r->budget.n;
    for (uint32_t i = 0; i < r->budget.n; i++) {
        uint64_t at = r->rations[i].asked_at;
        if (at && now_ns >= at + SHARED_NS && (first == r->budget.n || at < r->rations[first].asked_at))
            first = i;
    }
    return first;
}

uint32_t requests_answer(struct rationing *r, struct crew *crews, const struct log *log, uint64_t now_ns)
{
    uint64_t rung;
    uint32_t n = 0, first = find_first(r, now_ns);
    if (read(r->allowances.bell, &rung, sizeof rung) < 0 && errno != EAGAIN)
        return 0;
    for (uint32_t i = 0; i < books_stages(r); i++)
        for (uint32_t w = 0; w < r->segment->stages[i].n_slots; w++) {
            uint32_t slot = books_slot(r, i, w);
            struct ration *ration = &r->rations[slot];
            if (crews[i].berths[w].state != BERTH_ALIVE || allowance_asked(&r->allowances.each[slot]) == 0) {
                ration->asked_at = 0;
                continue;
            }
            if (admit(r, &crews[i], w))
                continue;
            ration->asked_at = ration->asked_at ? ration->asked_at : now_ns;
            int waits = first < r->budget.n && slot != first;
            n += waits || !answer(r, crews, i, w, log, now_ns);
        }
    part(r, first);
    return n;
}

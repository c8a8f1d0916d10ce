#include "budget.h"

static const uint64_t slack = UINT64_C(256) << 10; /* what an allocator takes beside what it is asked for */

static uint64_t spare_of(const struct share *s)
{
    return s->grant > s->used + SHARE_LEAST ? s->grant - s->used - SHARE_LEAST : 0;
}

uint64_t budget_free(const struct budget *b)
{
    uint64_t taken = b->fixed;
    for (uint32_t i = 0; i < b->n; i++)
        taken += b->shares[i].own + b->shares[i].grant;
    return taken < b->total ? b->total - taken : 0;
}

uint64_t budget_used(const struct budget *b)
{
    uint64_t used = b->fixed;
    for (uint32_t i = 0; i < b->n; i++) {
        const struct share *s = &b->shares[i];
        used += s->own + (s->used < s->grant ? s->used : s->grant);
    }
    return used < b->total ? used : b->total;
}

uint64_t budget_spare(const struct budget *b, uint32_t except)
{
    uint64_t spare = 0;
    for (uint32_t i = 0; i < b->n; i++)
        spare += i == except ? 0 : spare_of(&b->shares[i]);
    return spare;
}

uint64_t budget_target(uint64_t used)
{
    return used + used / 8 + SHARE_LEAST;
}

uint64_t budget_first(const struct budget *b, uint64_t own, uint64_t need, uint32_t waiting)
{
    uint64_t left = budget_free(b), least = own + (need ? need + slack : SHARE_LEAST);
    if (left < least)
        return 0;
    /* Of an unknown stage half of an even part: what is not used can be taken back, but not at once by everybody. */
    uint64_t even = waiting > 0 ? left / (2 * (uint64_t)waiting) : left;
    uint64_t wanted = own + (need ? budget_target(need) : SHARE_LEAST);
    if (need == 0 && even > wanted)
        wanted = even;
    return (wanted < left ? wanted : left) - own;
}

static uint64_t leaving(const struct budget *b, uint32_t except)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < b->n; i++)
        bytes += i != except && b->shares[i].is_leaving
                     ? b->shares[i].own + b->shares[i].grant - spare_of(&b->shares[i])
                     : 0;
    return bytes;
}

/* What the others use of their grants, on top of the least. */
static uint64_t in_use(const struct budget *b, uint32_t except)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < b->n; i++) {
        uint64_t grant = b->shares[i].grant - spare_of(&b->shares[i]);
        bytes += i != except && grant > SHARE_LEAST ? grant - SHARE_LEAST : 0;
    }
    return bytes;
}

enum budget_answer budget_ask(const struct budget *b, uint32_t share, uint64_t bytes, uint64_t surplus, uint64_t *grant)
{
    const struct share *s = &b->shares[share];
    uint64_t left = budget_free(b), spare = budget_spare(b, share), gone = leaving(b, share);
    if (bytes > b->total)
        return BUDGET_REFUSE;
    uint64_t least = s->used + bytes + slack, best = s->used + budget_target(bytes);
    uint64_t more = least > s->grant ? least - s->grant : slack; /* the allocator knows better than the figures */
    if (best < s->grant + more)
        best = s->grant + more;
    if (more <= left) {
        *grant = best - s->grant <= left ? best : s->grant + left;
        return BUDGET_GRANT;
    }
    if (more <= left + spare)
        return BUDGET_TAKE_BACK;
    if (more <= left + spare + gone)
        return BUDGET_WAIT;
    if (more <= left + spare + gone + surplus)
        return BUDGET_RETIRE;
    return more <= left + spare + in_use(b, share) ? BUDGET_WAIT : BUDGET_REFUSE;
}

#include "settlement.h"

static void settle_producer(struct journal *j, struct ring *r, uint32_t reader, uint64_t me)
{
    if (end_is_owned_by(&r->producer, me) && au32_relaxed(&j->publishing) == reader + 1) {
        if (au64_acquire(&r->tail) != au64_relaxed(&j->old_tail))
            au32_store_relaxed(&j->publish[reader].done, au32_relaxed(&j->done_after)); /* step: settle_done */
        compiler_barrier();
        au32_store_relaxed(&j->publishing, 0); /* step: settle_publishing */
    }
}

static void settle_consumer(struct journal *j, struct ring *r, uint64_t me)
{
    struct decision d = journal_decision(j);
    if (end_is_owned_by(&r->consumer, me) && d.phase == PHASE_CLAIMING) {
        d.phase = au64_acquire(&r->head) == au64_relaxed(&j->claim_start) ? PHASE_IDLE : PHASE_PROCESSING;
        d.settled = 0;
        journal_decide(j, d); /* step: settle_claim */
    }
    end_free(&r->consumer, me); /* step: free_consumer */
}

void settlement_repair(struct journal *j, const struct worker_rings *rings, const struct dead_worker *dead)
{
    uint64_t me = owner_word(dead->slot, dead->epoch);
    /* Two edges may lead into one ring: its end is freed when both were looked at. */
    for (uint32_t i = 0; i < rings->n_outputs && i < READERS_MAX; i++)
        settle_producer(j, rings->outputs[i], i, me);
    for (uint32_t i = 0; i < rings->n_outputs && i < READERS_MAX; i++) {
        end_free(&rings->outputs[i]->producer, me); /* step: free_producer */
        ring_wake_all(rings->outputs[i]);
    }
    if (rings->input) {
        settle_consumer(j, rings->input, me);
        ring_wake_all(rings->input);
    }
}

static void saturate(uint8_t *count)
{
    if (*count < UINT8_MAX)
        (*count)++;
}

int settlement_blame(struct journal *j, const struct dead_worker *dead, uint64_t *position, uint32_t *deaths)
{
    struct decision d = journal_decision(j);
    uint32_t n = au32_relaxed(&j->claim_n);
    uint32_t cursor = au32_relaxed(&j->cursor);
    j->verdict_signal = dead->signal;
    if (d.phase != PHASE_PROCESSING || n > CLAIM_MAX || d.settled >= n)
        return 0;
    if (!au32_relaxed(&j->retried)) {
        for (uint32_t i = 0; i < CLAIM_MAX; i++)
            j->attempts[i] = j->deaths[i] = 0;
        au32_store_relaxed(&j->retried, 1);
    }
    if (cursor == CURSOR_NONE || cursor < d.settled || cursor >= n)
        return 0;
    for (uint32_t i = d.settled; i <= cursor; i++)
        saturate(&j->attempts[i]);
    if (!dead->from_outside || j->attempts[cursor] > OUTSIDE_DEATHS_MAX)
        saturate(&j->deaths[cursor]);
    *position = au64_relaxed(&j->claim_start) + cursor;
    *deaths = j->deaths[cursor];
    return 1;
}

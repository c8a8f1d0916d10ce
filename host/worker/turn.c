#include "turn.h"

#include "pressure.h"
#include "waiting.h"

/* For how many claims memory is taken in turn: at first, and, as it is twice as many if memory is short again within as
 * many, at most. */
enum { SHORT_FIRST = 16, SHORT_MOST = 1 << 20 };

static struct stage_memory *memory_of(const struct transaction *t)
{
    return t->segment->stages[t->stage].memory;
}

/* Of the next frame that a commit settles. */
static uint64_t position(const struct transaction *t)
{
    return t->claim_start + t->now.settled;
}

static int is_our_turn(const struct transaction *t)
{
    return au64_acquire(&t->input->committed) == position(t);
}

static int has_memory(const struct transaction *t)
{
    return t->allocator.n_owned > 0 || end_is_owned_by(&memory_of(t)->token, t->me);
}

/* What a sibling has claimed stays where it is while it waits for memory. One without a claim holds up no turn. */
static int comes_before(const struct transaction *t, const struct journal *sibling)
{
    struct decision d = journal_decision(sibling);
    return d.phase == PHASE_PROCESSING && au64_relaxed(&sibling->claim_start) + d.settled < position(t);
}

static int earlier_wants_memory(const struct transaction *t)
{
    const struct stage_place *place = &t->segment->stages[t->stage];
    for (uint32_t w = 0; w < place->n_slots; w++) {
        struct slot *s = t->segment->slots[place->first_slot + w];
        if (au32_acquire(&s->state) == SLOT_WAIT_MEMORY && comes_before(t, &s->journal))
            return 1;
    }
    return 0;
}

/* Several may say so at once: then one is heard. What had memory from before is not another shortage. */
static void note_shortage(const struct transaction *t)
{
    struct stage_memory *m = memory_of(t);
    uint64_t until = au64_relaxed(&m->short_until), here = position(t);
    uint32_t lasted = au32_relaxed(&m->short_for);
    if (here < until)
        return;
    int again = lasted > 0 && here - until < lasted;
    uint32_t n = !again ? SHORT_FIRST : lasted < SHORT_MOST ? lasted * 2 : SHORT_MOST;
    au32_store_relaxed(&m->short_for, n);
    au64_store_relaxed(&m->short_until, here + n);
}

void turn_wait(struct transaction *t)
{
    struct ring *r = t->input;
    while (!is_our_turn(t)) {
        uint32_t sequence = event_prepare(&r->order);
        if (is_our_turn(t))
            return;
        if (has_memory(t) && earlier_wants_memory(t)) {
            note_shortage(t);
            slot_leave(t->slot, WORKER_ROLLBACK);
        }
        slot_enter(t->slot, SLOT_WAIT_TURN);
        pressure_tell(t);
        slot_sleep(t->slot, SLOT_WAIT_TURN, &r->order, sequence, EVENT_FOREVER);
    }
}

int turn_is_short(const struct transaction *t)
{
    return t->ordered && position(t) < au64_relaxed(&memory_of(t)->short_until);
}

void turn_before_memory(struct transaction *t)
{
    if (turn_is_short(t) && t->allocator.n_owned == 0 && transaction_claimed(t) > 0)
        turn_wait(t);
}

#include "pressure.h"

/* True if the stage is held up by a full ring of a branch that does not lead to us: that will empty without us. */
static int waits_for_another_branch(const struct transaction *t, uint32_t stage)
{
    const struct segment *s = t->segment;
    for (uint32_t i = 0; i < s->pipeline->n_edges; i++) {
        const struct edge *e = &s->pipeline->edges[i];
        const struct ring *r = s->stages[e->to].ring;
        if (e->from == stage && e->to != t->stage && !(t->upstream & HOLDER_STAGE(e->to)) &&
            ring_fill(r) >= r->capacity)
            return 1;
    }
    return 0;
}

/* What a stage's workers do, together. */
enum motion { MOTION_NONE, MOTION_WANTS_MEMORY, MOTION_GOES_ON };

static enum motion motion_of(const struct transaction *t, uint32_t stage)
{
    const struct segment *s = t->segment;
    const struct stage_place *place = &s->stages[stage];
    enum motion motion = MOTION_NONE;
    for (uint32_t w = 0; w < place->n_slots; w++) {
        switch (au32_acquire(&s->slots[place->first_slot + w]->state)) {
        case SLOT_BUSY:
        case SLOT_STARTING:
            return MOTION_GOES_ON;
        case SLOT_WAIT_INPUT: /* about to wake, if there is something in the ring */
            if (place->ring && ring_fill(place->ring) > 0)
                return MOTION_GOES_ON;
            break;
        case SLOT_WAIT_OUTPUT: /* a ring on the way to us says by its own readers whether it moves */
            if (waits_for_another_branch(t, stage))
                return MOTION_GOES_ON;
            break;
        case SLOT_WAIT_MEMORY:
            motion = MOTION_WANTS_MEMORY;
            break;
        default: /* one whose turn it is not waits for a sibling, which has a state of its own */
            break;
        }
    }
    return motion;
}

int pressure_is_on(const struct transaction *t)
{
    int wanted = 0;
    for (uint64_t u = t->upstream; u; u &= u - 1) {
        enum motion motion = motion_of(t, (uint32_t)__builtin_ctzll(u));
        if (motion == MOTION_GOES_ON)
            return 0;
        wanted |= motion == MOTION_WANTS_MEMORY;
    }
    return wanted;
}

void pressure_wake_keepers(const struct transaction *t)
{
    for (uint64_t d = t->downstream; d; d &= d - 1)
        event_wake_all(&t->segment->stages[__builtin_ctzll(d)].ring->data);
}

void pressure_tell(const struct transaction *t)
{
    full_fence(); /* what we said before what they say: of two that stop at once, one sees the other */
    for (uint32_t i = 0; i < t->segment->n_slots; i++)
        if (au32_acquire(&t->segment->slots[i]->state) == SLOT_WAIT_MEMORY) {
            pressure_wake_keepers(t);
            return;
        }
}

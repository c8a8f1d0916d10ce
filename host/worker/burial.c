#include "burial.h"

/* A worker wakes more than its neighbours: who waits for memory wakes the keepers on all rings downstream, and whoever
 * frees a block the stage that it came from. It may have died between taking an event's flag down and the wake, and
 * then nobody else knows of the sleeper. */
static void wake_all(const struct segment *s)
{
    for (uint32_t i = 0; i < s->pipeline->n_stages; i++) {
        event_wake_slow(&s->stages[i].memory->freed, INT32_MAX);
        if (s->stages[i].ring)
            event_wake_slow(&s->stages[i].ring->data, INT32_MAX);
    }
}

void burial_settle(const struct segment *s, uint32_t stage, const struct dead_worker *dead)
{
    const struct stage_place *place = &s->stages[stage];
    struct ring *outputs[READERS_MAX];
    struct worker_rings rings = {place->ring, outputs, place->n_edges};
    for (uint32_t i = 0; i < rings.n_outputs; i++)
        outputs[i] = s->stages[s->pipeline->edges[place->first_edge + i].to].ring;
    settlement_repair(&s->slots[dead->slot]->journal, &rings, dead);
    tap_bury(&place->tap, owner_word(dead->slot, dead->epoch));
    end_free(&place->memory->token, owner_word(dead->slot, dead->epoch));
    wake_all(s); /* step: wake_after_burial */
}

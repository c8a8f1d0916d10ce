#include "staffing.h"

#include <signal.h>

static int is_manned(const struct berth *b)
{
    return b->state == BERTH_WAITING || b->state == BERTH_STARTING || b->state == BERTH_ALIVE;
}

static int is_leaving(const struct slot *slot)
{
    return au32_relaxed(&slot->command) == SLOT_RETIRE;
}

uint32_t staffing_strength(const struct crew *c, const struct segment *s)
{
    uint32_t n = 0;
    for (uint32_t w = 0; w < s->stages[c->stage].n_slots; w++)
        n += is_manned(&c->berths[w]) && !is_leaving(segment_slot(s, c->stage, w));
    return n;
}

static void man(struct crew *c, const struct segment *s, uint32_t worker, uint64_t now_ns)
{
    au32_store_release(&segment_slot(s, c->stage, worker)->command, SLOT_RUN);
    c->berths[worker].state = BERTH_WAITING;
    c->berths[worker].start_at = now_ns;
}

/* The one that is missed least: it has nothing to do. Of equals the last. */
uint32_t staffing_idle(const struct crew *c, const struct segment *s, uint32_t except)
{
    uint32_t found = STAGE_WORKERS_MAX, best = 0;
    for (uint32_t w = 0; w < s->stages[c->stage].n_slots; w++) {
        const struct slot *slot = segment_slot(s, c->stage, w);
        uint32_t state = au32_acquire(&slot->state);
        uint32_t idle = c->berths[w].state != BERTH_ALIVE || state == SLOT_STARTING ? 3
                        : state == SLOT_WAIT_INPUT                                  ? 2
                                                                                    : 1;
        if (w != except && is_manned(&c->berths[w]) && !is_leaving(slot) && idle >= best) {
            found = w;
            best = idle;
        }
    }
    return found;
}

static void retire(struct crew *c, const struct segment *s, uint32_t worker)
{
    struct ring *ring = s->stages[c->stage].ring;
    au32_store_release(&segment_slot(s, c->stage, worker)->command, SLOT_RETIRE);
    if (ring)
        event_wake_slow(&ring->data, INT32_MAX);
    crew_signal(c, worker, SIGUSR2); /* it may wait in the plugin (mpipe.wait/1) */
}

/* Once the stream has ended for one of them, there is nothing left for another to do. */
static int sees_the_end(const struct crew *c)
{
    int seen = 0;
    for (uint32_t w = 0; w < STAGE_WORKERS_MAX; w++)
        seen |= c->berths[w].state == BERTH_ENDED;
    return seen;
}

static void adjust(struct crew *c, struct segment *s, uint64_t now_ns)
{
    uint32_t strength = staffing_strength(c, s);
    for (uint32_t w = 0; w < s->stages[c->stage].n_slots && strength < c->wanted && !sees_the_end(c); w++)
        if (c->berths[w].state == BERTH_EMPTY) {
            man(c, s, w, now_ns);
            strength++;
        }
    for (; strength > c->wanted; strength--)
        retire(c, s, staffing_idle(c, s, STAGE_WORKERS_MAX));
    segment_set_workers(s, c->stage, strength);
}

void staffing_cancel(struct crew *c, const struct segment *s, uint32_t worker)
{
    c->berths[worker].state = BERTH_EMPTY;
    uint32_t strength = staffing_strength(c, s);
    c->wanted = strength > 1 ? strength : 1;
    segment_set_workers(s, c->stage, c->wanted);
}

void staffing_dismiss(struct crew *c, const struct segment *s, uint32_t worker)
{
    uint32_t strength = staffing_strength(c, s);
    retire(c, s, worker);
    c->wanted = strength > 1 ? strength - 1 : 1;
    segment_set_workers(s, c->stage, c->wanted);
}

void staffing_set(struct crew *c, struct segment *s, uint32_t workers, uint64_t now_ns)
{
    uint32_t most = s->stages[c->stage].n_slots;
    c->wanted = workers < 1 ? 1 : workers > most ? most : workers;
    adjust(c, s, now_ns);
}

int staffing_left(struct crew *c, struct segment *s, uint32_t worker, uint64_t now_ns)
{
    struct slot_figures figures;
    segment_figures(s, s->stages[c->stage].first_slot + worker, &figures);
    int keeps = figures.kept > 0 || figures.claimed > 0;
    c->berths[worker].state = BERTH_EMPTY;
    if (keeps)
        man(c, s, worker, now_ns);
    uint32_t strength = staffing_strength(c, s);
    if (keeps && strength > c->wanted)
        c->wanted = strength;
    adjust(c, s, now_ns);
    return keeps;
}

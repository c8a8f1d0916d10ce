#include "collect.h"

#include <stdio.h>
#include <string.h>

#include "usage.h"

/* A wait that goes on is not in the slot's sums yet. */
static void add_waits(struct stage_snapshot *out, const struct slot *slot, const struct berth *b, uint64_t now_ns)
{
    struct waits waits = b->cut;
    waits.input_ns += au64_relaxed(&slot->wait_input_ns);
    waits.output_ns += au64_relaxed(&slot->wait_output_ns) + au64_relaxed(&slot->wait_turn_ns);
    waits.memory_ns += au64_relaxed(&slot->wait_memory_ns);
    crew_add_wait(&waits, b, slot, now_ns);
    uint64_t alive = b->alive_ns + (b->alive_since ? now_ns - b->alive_since : 0);
    uint64_t waited = waits.input_ns + waits.output_ns + waits.memory_ns;
    out->wait_input_ns += waits.input_ns;
    out->wait_output_ns += waits.output_ns;
    out->wait_memory_ns += waits.memory_ns;
    out->busy_ns += alive > waited ? alive - waited : 0;
    out->ended_ns += b->state == BERTH_ENDED ? now_ns - b->left_at : 0;
}

static void add_slot(struct stage_snapshot *out, const struct segment *s, uint32_t slot)
{
    struct slot_figures f;
    segment_figures(s, slot, &f);
    out->out += f.tally.out;
    out->dropped += f.tally.dropped;
    out->dead += f.tally.dead;
    out->emitted += f.tally.emitted;
    out->bytes_in += f.tally.bytes_in;
    out->bytes_out += f.tally.bytes_out;
    out->repeated += f.tally.repeated;
    out->partial += f.tally.partial;
    out->skipped += f.skipped;
    out->in_flight += f.kept + f.claimed;
    out->done += au64_relaxed(&s->slots[slot]->done);
    out->total += au64_relaxed(&s->slots[slot]->total);
}

static enum stage_state state_of(const struct crew *c)
{
    if (c->ended)
        return STAGE_ENDED;
    if (!c->server && !c->server_at)
        return STAGE_FAILED; /* stopped with the run */
    if (!c->loaded)
        return STAGE_STARTING;
    return c->closed ? STAGE_DRAINING : STAGE_RUNNING;
}

static void collect_stage(struct stage_snapshot *out, const struct segment *s, const struct crew *c, uint64_t now_ns)
{
    const struct stage_place *place = &s->stages[c->stage];
    const struct stage *stage = &s->pipeline->stages[c->stage];
    memset(out, 0, sizeof *out);
    out->name = stage->name;
    out->processor = stage->processor;
    out->state = state_of(c);
    out->is_source = stage->is_source;
    out->is_sink = stage->is_sink;
    out->workers_max = place->n_slots;
    out->workers_wanted = c->wanted;
    for (uint32_t w = 0; w < place->n_slots; w++) {
        const struct berth *b = &c->berths[w];
        add_slot(out, s, place->first_slot + w);
        add_waits(out, s->slots[place->first_slot + w], b, now_ns);
        out->workers += b->state == BERTH_ALIVE;
        out->restarts += b->deaths;
    }
    out->in = out->out + out->dead;
    if (place->ring) {
        out->queue_capacity = place->ring->capacity;
        out->queued = ring_fill(place->ring);
        out->in = au64_acquire(&place->ring->tail);
        out->in_flight += out->queued;
    }
}

void collect_latency(struct stage_latency *out, const struct segment *s, uint32_t stage)
{
    memset(out, 0, sizeof *out);
    for (uint32_t w = 0; w < s->stages[stage].n_slots; w++) {
        const struct slot *slot = segment_slot(s, stage, w);
        durations_add(&out->in_ring, &slot->in_ring);
        durations_add(&out->in_process, &slot->in_process);
    }
}

/* The frame that a worker says it has in hand. */
static void look_at_hand(struct worker_snapshot *out, const struct segment *s, uint32_t stage, const struct slot *slot,
                         uint64_t now_ns)
{
    uint32_t cursor = au32_acquire(&slot->journal.cursor);
    if (out->state == SLOT_WAIT_INPUT || cursor >= CLAIM_MAX || s->pipeline->stages[stage].is_source)
        return;
    struct descriptor d = slot->journal.claim[cursor];
    const struct block *b = arena_block(&s->arena, &d, HOLDER_STAGE(stage));
    uint64_t since = au64_relaxed(&slot->batch_since);
    if (!b || since == 0 || since > now_ns)
        return;
    out->has_frame = 1;
    out->frame = b->sequence;
    out->frame_ns = now_ns - since;
}

uint32_t collect_workers(struct worker_snapshot *out, const struct segment *s, const struct crew *c, uint64_t now_ns)
{
    uint32_t n = 0;
    for (uint32_t w = 0; w < s->stages[c->stage].n_slots; w++) {
        const struct berth *b = &c->berths[w];
        const struct slot *slot = segment_slot(s, c->stage, w);
        uint32_t state = au32_acquire(&slot->state);
        uint64_t since = au64_relaxed(&slot->since);
        if (b->state != BERTH_ALIVE)
            continue;
        out[n] = (struct worker_snapshot){.worker = w,
                                          .pid = b->pid,
                                          .state = state <= SLOT_RETIRED ? (enum slot_state)state : SLOT_BUSY,
                                          .state_ns = since && since < now_ns ? now_ns - since : 0,
                                          .cpu_ns = usage_cpu_ns(b->pid),
                                          .cpu = -1,
                                          .done = au64_relaxed(&slot->work_done),
                                          .deaths = b->deaths};
        look_at_hand(&out[n++], s, c->stage, slot, now_ns);
    }
    return n;
}

void collect(struct snapshot *out, const struct segment *s, const struct crew *crews, uint64_t started_ns,
             uint64_t now_ns)
{
    memset(out, 0, sizeof *out);
    out->pipeline = s->pipeline->name;
    out->elapsed_ns = now_ns - started_ns;
    out->n_stages = s->pipeline->n_stages;
    snprintf(out->memory_report, sizeof out->memory_report, "%s", s->backing.report);
    for (uint32_t i = 0; i < out->n_stages; i++) {
        collect_stage(&out->stages[i], s, &crews[i], now_ns);
        for (uint32_t w = 0; s->pipeline->stages[i].is_sink && w < s->stages[i].n_slots; w++) {
            uint64_t first = au64_relaxed(&segment_slot(s, i, w)->first_done);
            if (first > started_ns && (out->first_frame_ns == 0 || first - started_ns < out->first_frame_ns))
                out->first_frame_ns = first - started_ns;
        }
    }
}

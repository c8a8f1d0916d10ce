#include "transaction.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "graph.h"
#include "roll_forward.h"
#include "tracing.h"
#include "turn.h"

static void find_readers(struct transaction *t)
{
    const struct stage_place *place = &t->segment->stages[t->stage];
    CHECK(place->n_edges <= READERS_MAX);
    for (uint32_t i = 0; i < place->n_edges; i++) {
        const struct edge *e = &t->segment->pipeline->edges[place->first_edge + i];
        CHECK(e->from_port < PORTS_MAX);
        struct ring *ring = t->segment->stages[e->to].ring;
        t->readers[t->n_readers++] = (struct reader){.ring = ring,
                                                     .bit = HOLDER_STAGE(e->to),
                                                     .stage = e->to,
                                                     .port = e->from_port,
                                                     .to_port = e->to_port,
                                                     .when_full = e->when_full,
                                                     .hold = t->segment->stages[e->to].producers,
                                                     .seen_head = au64_acquire(&ring->head),
                                                     .tail = au64_relaxed(&ring->tail),
                                                     .tail_tells = segment_tail_tells(t->segment, e)};
        t->port_bits[e->from_port] |= HOLDER_STAGE(e->to);
        t->port_copies[e->from_port] |= e->copy;
    }
}

int transaction_init(struct transaction *t, const struct segment *s, uint32_t stage, uint32_t worker, uint32_t epoch,
                     struct refusal_sink refusals)
{
    const struct stage_place *place = &s->stages[stage];
    memset(t, 0, sizeof *t);
    t->segment = s;
    t->stage = stage;
    t->slot_number = place->first_slot + worker;
    t->slot = s->slots[t->slot_number];
    t->journal = &t->slot->journal;
    t->input = place->ring;
    t->me = owner_word(t->slot_number, epoch);
    t->bit = HOLDER_STAGE(stage);
    t->upstream = graph_upstream(s->pipeline->edges, s->pipeline->n_edges, stage);
    t->downstream = graph_downstream(s->pipeline->edges, s->pipeline->n_edges, stage);
    t->ordered = s->pipeline->stages[stage].ordered && t->input;
    t->hold = place->n_slots == 1 ? END_SOLE : END_SHARED;
    t->refusals = refusals;
    t->trace = tracing_ring(t->slot);
    event_join();
    find_readers(t);
    t->state = calloc(1, t->journal->state_size ? t->journal->state_size : 1);
    if (!t->state || allocator_init(&t->allocator, &s->arena, place->range, t->slot_number) != 0)
        return -ENOMEM;
    return 0;
}

void transaction_destroy(struct transaction *t)
{
    for (uint32_t i = 0; i < t->n_readers; i++)
        if (end_is_owned_by(&t->readers[i].ring->producer, t->me))
            end_unlock(&t->readers[i].ring->producer); /* step: give_up_end */
    if (t->input && end_is_owned_by(&t->input->consumer, t->me))
        end_unlock(&t->input->consumer);
    allocator_destroy(&t->allocator);
    free(t->state);
    t->state = NULL;
}

/* Opens the next transaction on what is committed. */
static void begin(struct transaction *t)
{
    t->n_outputs = t->n_removed = t->n_refusals = t->n_added = t->n_created = 0;
    for (uint32_t i = 0; i < t->n_readers; i++)
        t->port_outputs[t->readers[i].port] = 0;
}

static void load_committed(struct transaction *t)
{
    const struct committed *c = journal_committed(t->journal, t->now.copy);
    t->tally = c->tally;
    memcpy(t->kept_map, c->kept_map, sizeof t->kept_map);
    t->map_is_in[t->now.copy] = 1;
    t->map_is_in[!t->now.copy] = 0;
    t->rare_in[0] = t->rare_in[1] = UINT64_MAX; /* neither copy is known to be whole */
    t->n_kept = 0;
    for (uint32_t i = 0; i < KEPT_MAX / 64; i++)
        t->n_kept += (uint32_t)__builtin_popcountll(t->kept_map[i]);
    memcpy(t->state, journal_state(t->journal, t->now.copy), t->journal->state_size);
}

/* Frames in the input from `head` on, as far as wanted: the producers' line is looked at only if what was seen of it
 * last is not enough. Others may have claimed what was seen, so the difference may be negative before that. */
static uint64_t available_from(struct transaction *t, uint64_t head, uint64_t wanted)
{
    if ((int64_t)(t->seen_tail - head) < (int64_t)wanted)
        t->seen_tail = au64_acquire(&t->input->tail); /* pairs with R1 */
    int64_t n = (int64_t)(t->seen_tail - head);
    return n > 0 ? (uint64_t)n : 0;
}

/* Copies n descriptors into the journal, then moves the head. Owns the consumer end. */
static void claim(struct transaction *t, uint64_t head, uint32_t n)
{
    struct ring *r = t->input;
    struct journal *j = t->journal;
    for (uint32_t i = 0; i < n; i++) {
        const struct descriptor *d = ring_slot(r, head + i);
        j->claim[i] = (struct descriptor){d->block, d->generation, d->port, 0}; /* step: copy_claim */
    }
    au64_store_relaxed(&j->claim_start, head);
    au32_store_changed(&j->claim_n, n); /* step: note_claim */
    au32_store_changed(&j->cursor, CURSOR_NONE);
    au32_store_changed(&j->retried, 0);
    t->now.settled = t->now.deciding = 0;
    t->now.phase = PHASE_CLAIMING;
    journal_decide(j, t->now); /* step: decide_claiming */
    /* step: move_head */
    au64_store_release(&r->head, head + n); /* R2: slots read before the producer reuses them */
    t->now.phase = PHASE_PROCESSING;
    journal_decide(j, t->now); /* step: decide_processing */
    t->claim_start = head;
    t->n_claimed = n;
}

/* An allocator takes one block after the other, so the next frame most likely lies as far behind the last as that
 * behind the one before. */
static void expect_next(struct transaction *t)
{
    uint64_t last = t->journal->claim[t->n_claimed - 1].block;
    uint64_t before = t->n_claimed > 1 ? t->journal->claim[t->n_claimed - 2].block : t->last_block;
    t->next_block = last + (last - before);
    t->last_block = last;
}

uint32_t transaction_claim(struct transaction *t, uint32_t max)
{
    struct ring *r = t->input;
    CHECK(t->now.phase == PHASE_IDLE && max <= CLAIM_MAX);
    if (available_from(t, au64_relaxed(&r->head), max) == 0)
        return 0;
    prefetch_for_write(t->segment->arena.base + t->next_block); /* beside its descriptor, not after it */
    end_take(&r->consumer, t->me, t->hold);
    uint64_t head = au64_relaxed(&r->head);
    uint64_t available = available_from(t, head, max);
    uint32_t n = available < max ? (uint32_t)available : max;
    if (n > 0)
        claim(t, head, n);
    end_leave(&r->consumer, t->hold);
    if (n == 0)
        return 0;
    for (uint32_t i = 0; i < CLAIM_AHEAD && i < n; i++)
        transaction_prefetch(t, i);
    expect_next(t);
    ring_wake_producers(r); /* step: wake_producers */
    if (t->hold == END_SHARED && ring_fill(r) > 0)
        /* step: wake_sibling */
        event_wake_one(&r->data); /* for what we leave */
    return n;
}

void transaction_cursor(struct transaction *t, uint32_t index)
{
    au32_store_relaxed(&t->journal->cursor, index);
    compiler_barrier();
}

int32_t transaction_keep(struct transaction *t, uint32_t index)
{
    CHECK(t->n_added < CLAIM_MAX); /* a claimed frame is kept once */
    if (t->n_kept == KEPT_MAX)
        return -ENOSPC;
    uint32_t word = 0;
    while (t->kept_map[word] == UINT64_MAX)
        word++;
    uint32_t entry = word * 64 + (uint32_t)__builtin_ctzll(~t->kept_map[word]);
    /* The entry is out of use in the committed map, so writing it says nothing before the decision. */
    t->journal->kept[entry] = t->journal->claim[index]; /* step: keep */
    t->journal->kept[entry].mark = 0;
    t->journal->kept_position[entry] = t->claim_start + index;
    t->journal->claim[index].mark = CLAIM_KEPT; /* step: mark_kept */
    t->kept_map[word] |= UINT64_C(1) << (entry % 64);
    t->added[t->n_added++] = (uint16_t)entry;
    t->n_kept++;
    return (int32_t)entry;
}

/* The bit goes out of the map only with the next transaction's copy, so the entry is not used again before it is
 * released. */
void transaction_remove(struct transaction *t, uint32_t entry)
{
    t->journal->removed[t->n_removed++] = (uint16_t)entry;
}

void transaction_kept_left(const struct transaction *t, uint64_t left[KEPT_MAX / 64])
{
    memcpy(left, t->kept_map, sizeof t->kept_map);
    for (uint32_t i = 0; i < t->n_removed; i++)
        left[t->journal->removed[i] / 64] &= ~(UINT64_C(1) << (t->journal->removed[i] % 64));
}

int transaction_refuse(struct transaction *t, uint32_t index, uint32_t attempts, int32_t signal, const char *reason)
{
    struct journal *j = t->journal;
    if (t->n_refusals == REFUSALS_MAX || t->n_outputs == OUTPUTS_MAX)
        return -ENOSPC;
    struct refusal *r = &j->refusals[t->n_refusals];
    struct descriptor *output = &j->outputs[t->n_outputs++];
    *output = index == CURSOR_NONE ? (struct descriptor){0} : j->claim[index];
    output->port = (uint16_t)t->n_refusals++;
    output->mark = OUTPUT_REFUSED;
    r->position = index == CURSOR_NONE ? t->tally.dead : t->claim_start + index;
    r->attempts = attempts;
    r->signal = signal;
    size_t n = strnlen(reason, REASON_MAX - 1);
    memcpy(r->reason, reason, n);
    r->reason[n] = 0;
    t->tally.dead++;
    return 0;
}

/* Counts the outputs `from` to `to` in (1) or out again (-1). */
static void count_outputs(struct transaction *t, uint32_t from, uint32_t to, int32_t by)
{
    for (uint32_t i = from; i < to; i++) {
        const struct descriptor *o = &t->journal->outputs[i];
        if (o->mark == OUTPUT_REFUSED)
            continue;
        CHECK(o->port < PORTS_MAX);
        t->n_created += o->mark == OUTPUT_CREATED ? (uint32_t)by : 0;
        t->port_outputs[o->port] += (uint32_t)by;
    }
}

void transaction_here(const struct transaction *t, struct transaction_mark *mark)
{
    mark->n_outputs = t->n_outputs;
    mark->n_removed = t->n_removed;
    mark->n_refusals = t->n_refusals;
    mark->n_added = t->n_added;
    tally_copy(&mark->tally, &t->tally, 0, TALLY_WORDS);
}

void transaction_rollback(struct transaction *t, const struct transaction_mark *mark)
{
    while (t->n_added > mark->n_added) {
        uint32_t entry = t->added[--t->n_added];
        t->kept_map[entry / 64] &= ~(UINT64_C(1) << (entry % 64));
        t->journal->claim[t->journal->kept_position[entry] - t->claim_start].mark = 0;
        t->n_kept--;
    }
    count_outputs(t, mark->n_outputs, t->n_outputs, -1);
    t->n_outputs = mark->n_outputs;
    t->n_removed = mark->n_removed;
    t->n_refusals = mark->n_refusals;
    tally_copy(&t->tally, &mark->tally, 0, TALLY_WORDS);
}

struct ring *transaction_full_ring(const struct transaction *t)
{
    for (uint32_t i = 0; i < t->n_readers; i++) {
        const struct reader *reader = &t->readers[i];
        uint64_t n = t->port_outputs[reader->port];
        uint64_t fill = ring_fill(reader->ring);
        if (reader->when_full == WHEN_FULL_BLOCK && fill > 0 && fill + n > reader->ring->capacity)
            return reader->ring;
    }
    return NULL;
}

/* The map of kept frames, for the copy that is about to be committed. Most transactions do not change it. */
static void write_map(struct transaction *t, struct committed *next)
{
    if (t->n_added > 0 || t->n_removed > 0)
        t->map_is_in[0] = t->map_is_in[1] = 0;
    if (t->map_is_in[!t->now.copy])
        return;
    transaction_kept_left(t, next->kept_map);
    t->map_is_in[!t->now.copy] = 1;
}

/* Writes the copy that is not committed, so that the decision can name it. */
static void write_next_copy(struct transaction *t)
{
    struct journal *j = t->journal;
    struct committed *next = journal_committed(j, !t->now.copy);
    journal_write_tally(next, &t->tally, &t->rare_in[!t->now.copy]); /* step: write_copy */
    write_map(t, next);
    if (j->state_size)
        memcpy(journal_state(j, !t->now.copy), t->state, j->state_size);
    au32_store_changed(&j->n_outputs, t->n_outputs); /* step: write_counts */
    au32_store_changed(&j->n_removed, t->n_removed);
    au32_store_changed(&j->n_refusals, t->n_refusals);
    au32_store_changed(&j->publishing, 0); /* step: clear_publishing */
    if (t->n_claimed == 0)
        /* step: clear_claim */
        au32_store_changed(&j->claim_n, 0); /* or a successor would take the last claim, long settled, for open */
    for (uint32_t i = 0; i < t->n_readers; i++) {
        if (t->readers[i].tail_tells) {
            au64_store_relaxed(&j->publish[i].start, t->readers[i].tail); /* step: note_start */
            continue;
        }
        au32_store_changed(&j->publish[i].done, 0); /* step: clear_done */
        au32_store_changed(&j->publish[i].skipping, 0);
    }
}

/* All that was decided is done: what is left of the claim, or nothing, is open. */
static void finish(struct transaction *t)
{
    t->now.settled += t->now.deciding;
    t->now.deciding = 0;
    t->now.phase = t->input && t->now.settled < t->n_claimed ? PHASE_PROCESSING : PHASE_IDLE;
    if (t->now.phase == PHASE_IDLE)
        t->n_claimed = t->now.settled = 0;
    journal_decide(t->journal, t->now); /* step: decide_rest, decide_idle */
    for (uint32_t i = 0; i < t->n_removed; i++) {
        uint32_t entry = t->journal->removed[i];
        t->kept_map[entry / 64] &= ~(UINT64_C(1) << (entry % 64));
        t->n_kept--;
    }
    begin(t);
}

void transaction_commit(struct transaction *t, uint32_t settle)
{
    CHECK(settle <= transaction_claimed(t));
    if (t->ordered && transaction_claimed(t) > 0) /* also for the first outputs of a frame that is not settled yet */
        turn_wait(t);
    write_next_copy(t);
    t->now.deciding = settle;
    t->now.copy = !t->now.copy;
    t->now.phase = PHASE_COMMITTING;
    /* step: decide_committing */
    journal_decide(t->journal, t->now); /* before it everything rolls back, after it forward */
    roll_forward(t, ROLL_FORWARD_FRESH);
    finish(t);
    au64_store_relaxed(&t->slot->transactions, au64_relaxed(&t->slot->transactions) + 1);
}

/* The journal is our own slot's, but another process wrote it: its counts are bounded before they are followed. */
static void adopt(struct transaction *t)
{
    struct journal *j = t->journal;
    t->now = journal_decision(j);
    t->claim_start = au64_relaxed(&j->claim_start);
    t->n_claimed = 0;
    if (t->now.phase == PHASE_PROCESSING || t->now.phase == PHASE_COMMITTING)
        t->n_claimed = t->input ? au32_relaxed(&j->claim_n) : 0;
    CHECK(t->n_claimed <= CLAIM_MAX && t->now.settled + t->now.deciding <= t->n_claimed);
}

void transaction_recover(struct transaction *t)
{
    struct journal *j = t->journal;
    adopt(t);
    if (t->now.phase == PHASE_COMMITTING) {
        t->n_outputs = au32_relaxed(&j->n_outputs);
        t->n_removed = au32_relaxed(&j->n_removed);
        t->n_refusals = au32_relaxed(&j->n_refusals);
        CHECK(t->n_outputs <= OUTPUTS_MAX && t->n_removed <= KEPT_MAX && t->n_refusals <= REFUSALS_MAX);
        count_outputs(t, 0, t->n_outputs, 1);
        roll_forward(t, ROLL_FORWARD_RESUMED);
        finish(t);
    }
    allocator_recover(&t->allocator);
    /* step: wake_after_recovery */
    event_wake_all(
        &t->segment->stages[t->stage].memory->freed); /* what the predecessor had is there for siblings too */
    transaction_cursor(t, CURSOR_NONE);               /* if we die before a frame is in hand, none is to blame */
    begin(t);
    load_committed(t);
    for (uint32_t i = t->now.settled; i < t->n_claimed; i++)
        j->claim[i].mark = 0;
}

#include "transaction.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "waiting.h"

static void find_readers(struct transaction *t)
{
    const struct stage_place *place = &t->segment->stages[t->stage];
    for (uint32_t i = 0; i < place->n_edges && t->n_readers < READERS_MAX; i++) {
        const struct edge *e = &t->segment->pipeline->edges[place->first_edge + i];
        CHECK(e->from_port < PORTS_MAX);
        t->readers[t->n_readers++] = (struct reader){t->segment->stages[e->to].ring, HOLDER_STAGE(e->to), e->from_port,
                                                     e->to_port, e->when_full};
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
    t->ordered = s->pipeline->stages[stage].ordered && t->input;
    t->refusals = refusals;
    find_readers(t);
    t->state = calloc(1, t->journal->state_size ? t->journal->state_size : 1);
    if (!t->state || allocator_init(&t->allocator, &s->arena, place->range, t->slot_number) != 0)
        return -ENOMEM;
    return 0;
}

void transaction_destroy(struct transaction *t)
{
    allocator_destroy(&t->allocator);
    free(t->state);
    t->state = NULL;
}

/* Opens the next transaction on what is committed. */
static void begin(struct transaction *t)
{
    t->n_outputs = t->n_removed = t->n_refusals = t->n_added = 0;
}

static void load_committed(struct transaction *t)
{
    const struct committed *c = journal_committed(t->journal, t->now.copy);
    t->tally = c->tally;
    memcpy(t->kept_map, c->kept_map, sizeof t->kept_map);
    t->n_kept = 0;
    for (uint32_t i = 0; i < KEPT_MAX / 64; i++)
        t->n_kept += (uint32_t)__builtin_popcountll(t->kept_map[i]);
    memcpy(t->state, journal_state(t->journal, t->now.copy), t->journal->state_size);
}

uint32_t transaction_claim(struct transaction *t, uint32_t max)
{
    struct ring *r = t->input;
    struct journal *j = t->journal;
    CHECK(t->now.phase == PHASE_IDLE);
    if (au64_relaxed(&r->head) == au64_acquire(&r->tail))
        return 0;
    end_lock(&r->consumer, t->me);
    uint64_t head = au64_relaxed(&r->head);
    uint64_t n = au64_acquire(&r->tail) - head; /* pairs with R1 */
    uint64_t more = n;
    n = n < max ? n : max;
    if (n == 0) {
        end_unlock(&r->consumer);
        return 0;
    }
    for (uint64_t i = 0; i < n; i++) {
        j->claim[i] = *ring_slot(r, head + i);
        j->claim[i].mark = 0;
    }
    au64_store_relaxed(&j->claim_start, head);
    au32_store_relaxed(&j->claim_n, (uint32_t)n);
    au32_store_relaxed(&j->cursor, CURSOR_NONE);
    au32_store_relaxed(&j->retried, 0);
    t->now.settled = t->now.deciding = 0;
    t->now.phase = PHASE_CLAIMING;
    journal_decide(j, t->now);
    au64_store_release(&r->head, head + n); /* R2: slots read before the producer reuses them */
    t->now.phase = PHASE_PROCESSING;
    journal_decide(j, t->now);
    end_unlock(&r->consumer);
    ring_wake_producers(r);
    if (more > n)
        event_wake_one(&r->data);
    t->claim_start = head;
    t->n_claimed = (uint32_t)n;
    return (uint32_t)n;
}

void transaction_cursor(struct transaction *t, uint32_t index)
{
    au32_store_relaxed(&t->journal->cursor, index);
    compiler_barrier();
}

int transaction_emit(struct transaction *t, const struct descriptor *d, uint32_t port, uint32_t mark)
{
    if (t->n_outputs == OUTPUTS_MAX)
        return -ENOSPC;
    t->journal->outputs[t->n_outputs++] = (struct descriptor){d->block, d->generation, (uint16_t)port, (uint16_t)mark};
    return 0;
}

int32_t transaction_keep(struct transaction *t, uint32_t index)
{
    if (t->n_kept == KEPT_MAX || t->n_added == CLAIM_MAX)
        return -ENOSPC;
    uint32_t word = 0;
    while (t->kept_map[word] == UINT64_MAX)
        word++;
    uint32_t entry = word * 64 + (uint32_t)__builtin_ctzll(~t->kept_map[word]);
    /* The entry is out of use in the committed map, so writing it says nothing before the decision. */
    t->journal->kept[entry] = t->journal->claim[index];
    t->journal->kept[entry].mark = 0;
    t->journal->kept_position[entry] = t->claim_start + index;
    t->journal->claim[index].mark = CLAIM_KEPT;
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

int transaction_refuse(struct transaction *t, uint32_t index, uint32_t attempts, int32_t signal, const char *reason)
{
    struct journal *j = t->journal;
    if (t->n_refusals == REFUSALS_MAX || t->n_outputs == OUTPUTS_MAX)
        return -ENOSPC;
    struct refusal *r = &j->refusals[t->n_refusals];
    struct descriptor d = {0};
    if (index != CURSOR_NONE)
        d = j->claim[index];
    r->position = index == CURSOR_NONE ? t->tally.dead : t->claim_start + index;
    r->attempts = attempts;
    r->signal = signal;
    size_t n = strnlen(reason, REASON_MAX - 1);
    memcpy(r->reason, reason, n);
    r->reason[n] = 0;
    t->tally.dead++;
    return transaction_emit(t, &d, t->n_refusals++, OUTPUT_REFUSED);
}

struct transaction_mark transaction_here(const struct transaction *t)
{
    return (struct transaction_mark){t->n_outputs, t->n_removed, t->n_refusals, t->n_added, t->tally};
}

void transaction_rollback(struct transaction *t, const struct transaction_mark *mark)
{
    while (t->n_added > mark->n_added) {
        uint32_t entry = t->added[--t->n_added];
        t->kept_map[entry / 64] &= ~(UINT64_C(1) << (entry % 64));
        t->journal->claim[t->journal->kept_position[entry] - t->claim_start].mark = 0;
        t->n_kept--;
    }
    t->n_outputs = mark->n_outputs;
    t->n_removed = mark->n_removed;
    t->n_refusals = mark->n_refusals;
    t->tally = mark->tally;
}

/* ---- Roll forward: each step may have been done before, by a worker that died after it. ---- */

static int is_for(const struct descriptor *output, const struct reader *reader)
{
    return output->mark != OUTPUT_REFUSED && output->port == reader->port;
}

/* Sets all readers' bits on all outputs, before the first is published: from then on readers may drop theirs. */
static void hand_over(struct transaction *t)
{
    const struct journal *j = t->journal;
    int started = au32_relaxed(&j->publishing) != 0;
    for (uint32_t i = 0; i < t->n_readers; i++)
        started |= au32_relaxed(&j->publish[i].done) != 0 || au32_relaxed(&j->publish[i].skipping) != 0;
    for (uint32_t i = 0; i < t->n_outputs && !started; i++) {
        const struct descriptor *o = &j->outputs[i];
        struct block *b = (struct block *)(void *)(t->segment->arena.base + o->block);
        if (o->mark == OUTPUT_CREATED)
            block_hand_over(b, o->generation, t->port_bits[o->port]);
        else if (o->mark == OUTPUT_FORWARDED)
            block_add_holders(b, o->generation, t->port_bits[o->port]);
    }
}

/* Wakes the allocators of the stages in `origins`, a bit each, whose blocks became free. */
static void wake_allocators(const struct transaction *t, uint64_t origins)
{
    for (; origins; origins &= origins - 1)
        event_wake_all(&t->segment->stages[__builtin_ctzll(origins)].memory->freed);
}

static uint64_t origin_bit(const struct transaction *t, const struct descriptor *d)
{
    uint32_t span = (uint32_t)((d->block - t->segment->arena.spans_offset) / SPAN_SIZE);
    uint32_t stage = 0;
    while (stage + 1 < t->segment->pipeline->n_stages &&
           span >= t->segment->stages[stage].range.first + t->segment->stages[stage].range.n)
        stage++;
    return UINT64_C(1) << stage;
}

static uint64_t drop(const struct transaction *t, const struct descriptor *d, uint64_t bits)
{
    struct block *b = (struct block *)(void *)(t->segment->arena.base + d->block);
    return block_drop(b, d->generation, bits) ? origin_bit(t, d) : 0;
}

/* The reader's ring is full and its edge drops: takes back the reader's bits of what is not in its ring. */
static void skip_rest(struct transaction *t, uint32_t index, uint32_t total)
{
    struct journal *j = t->journal;
    const struct reader *reader = &t->readers[index];
    struct publish *p = &j->publish[index];
    uint32_t done = au32_relaxed(&p->done);
    uint64_t origins = 0;
    if (!au32_relaxed(&p->skipping)) {
        au64_store_relaxed(&j->skipped_after, au64_relaxed(&j->skipped) + total - done);
        compiler_barrier();
        au32_store_relaxed(&p->skipping, 1);
        compiler_barrier();
    }
    for (uint32_t i = 0, at = 0; i < t->n_outputs; i++)
        if (is_for(&j->outputs[i], reader) && at++ >= done)
            origins |= drop(t, &j->outputs[i], reader->bit);
    compiler_barrier();
    au64_store_relaxed(&j->skipped, au64_relaxed(&j->skipped_after));
    compiler_barrier();
    au32_store_relaxed(&p->done, total);
    compiler_barrier();
    au32_store_relaxed(&p->skipping, 0);
    wake_allocators(t, origins);
}

/* Where the copying into a ring is: the output after the last that is in it. */
struct copying {
    uint32_t output, done;
};

static void copy_piece(struct transaction *t, const struct reader *reader, struct copying *at, uint64_t tail,
                       uint32_t n)
{
    const struct descriptor *outputs = t->journal->outputs;
    for (uint32_t i = 0; i < n; at->output++) {
        if (!is_for(&outputs[at->output], reader))
            continue;
        struct descriptor *slot = ring_slot(reader->ring, tail + i++);
        slot->block = outputs[at->output].block;
        slot->generation = outputs[at->output].generation;
        slot->port = (uint16_t)reader->to_port;
        slot->mark = 0;
    }
    at->done += n;
}

/* Moves as many outputs as there is room for into the ring. Owns the producer end. 0: the ring is full. */
static uint32_t publish_piece(struct transaction *t, uint32_t index, struct copying *at, uint32_t total)
{
    struct journal *j = t->journal;
    struct ring *r = t->readers[index].ring;
    uint64_t tail = au64_relaxed(&r->tail);
    uint64_t room = r->capacity - (tail - au64_acquire(&r->head)); /* pairs with R2 */
    uint32_t n = total - at->done < room ? total - at->done : (uint32_t)room;
    if (n == 0)
        return 0;
    copy_piece(t, &t->readers[index], at, tail, n);
    au64_store_relaxed(&j->old_tail, tail);
    au32_store_relaxed(&j->done_after, at->done);
    compiler_barrier();
    au32_store_relaxed(&j->publishing, index + 1);
    compiler_barrier();
    au64_store_release(&r->tail, tail + n); /* R1: slots and blocks before the tail */
    compiler_barrier();
    au32_store_relaxed(&j->publish[index].done, at->done);
    compiler_barrier();
    au32_store_relaxed(&j->publishing, 0);
    compiler_barrier();
    return n;
}

static void wait_for_room(struct transaction *t, struct ring *r)
{
    for (uint32_t looks = au32_relaxed(&t->segment->super->spin); looks > 0; looks--) {
        if (ring_fill(r) < r->capacity)
            return;
        cpu_relax();
    }
    uint32_t sequence = event_prepare(&r->space);
    if (ring_fill(r) >= r->capacity)
        slot_sleep(t->slot, SLOT_WAIT_OUTPUT, &r->space, sequence, EVENT_FOREVER);
}

static void publish(struct transaction *t, uint32_t index)
{
    const struct reader *reader = &t->readers[index];
    const struct publish *p = &t->journal->publish[index];
    uint32_t total = 0;
    for (uint32_t i = 0; i < t->n_outputs; i++)
        total += is_for(&t->journal->outputs[i], reader);
    struct copying at = {0, 0};
    for (uint32_t done = au32_relaxed(&p->done); at.done < done; at.output++)
        at.done += is_for(&t->journal->outputs[at.output], reader);
    if (au32_relaxed(&p->skipping))
        skip_rest(t, index, total);
    while (au32_relaxed(&p->done) < total) {
        end_lock(&reader->ring->producer, t->me);
        uint32_t n = publish_piece(t, index, &at, total);
        end_unlock(&reader->ring->producer);
        if (n > 0)
            event_wake_one(&reader->ring->data);
        else if (reader->when_full == WHEN_FULL_DROP)
            skip_rest(t, index, total);
        else
            wait_for_room(t, reader->ring);
    }
}

static void write_refusals(struct transaction *t)
{
    for (uint32_t i = 0; i < t->n_outputs && t->n_refusals > 0; i++) {
        const struct descriptor *o = &t->journal->outputs[i];
        if (o->mark == OUTPUT_REFUSED && o->port < REFUSALS_MAX)
            t->refusals.write(t->refusals.context, &t->journal->refusals[o->port], o->block ? o : NULL);
    }
}

/* Drops our bit on all settled inputs that are not kept, and on the kept frames that were given up. */
static void release(struct transaction *t)
{
    const struct journal *j = t->journal;
    uint64_t origins = 0;
    for (uint32_t i = t->now.settled; i < t->now.settled + t->now.deciding; i++)
        if (j->claim[i].mark != CLAIM_KEPT)
            origins |= drop(t, &j->claim[i], t->bit);
    for (uint32_t i = 0; i < t->n_removed; i++)
        origins |= drop(t, &j->kept[j->removed[i]], t->bit);
    wake_allocators(t, origins);
}

/* A successor may come to this late: others have had their turns since. */
static void pass_turn(struct transaction *t)
{
    uint64_t next = t->claim_start + t->now.settled + t->now.deciding;
    if ((int64_t)(next - au64_acquire(&t->input->committed)) > 0)
        au64_store_release(&t->input->committed, next);
    event_wake_all(&t->input->order);
}

static void roll_forward(struct transaction *t)
{
    struct journal *j = t->journal;
    hand_over(t);
    write_refusals(t);
    for (uint32_t i = 0; i < t->n_readers; i++)
        publish(t, i);
    if (t->ordered && t->now.deciding)
        pass_turn(t);
    release(t);
    t->now.settled += t->now.deciding;
    t->now.deciding = 0;
    t->now.phase = t->input && t->now.settled < t->n_claimed ? PHASE_PROCESSING : PHASE_IDLE;
    if (t->now.phase == PHASE_IDLE)
        t->n_claimed = t->now.settled = 0;
    journal_decide(j, t->now);
    for (uint32_t i = 0; i < t->n_removed; i++) {
        uint32_t entry = j->removed[i];
        t->kept_map[entry / 64] &= ~(UINT64_C(1) << (entry % 64));
        t->n_kept--;
    }
    begin(t);
}

/* An ordered stage: outputs are published in the order of claims. With memory in hand, and a sibling whose turn comes
 * before ours waiting for memory, it would be for ever: then this worker leaves, and its successor does the work again
 * in its turn. */
static void wait_for_turn(struct transaction *t)
{
    struct ring *r = t->input;
    while (au64_acquire(&r->committed) != t->claim_start + t->now.settled) {
        uint32_t sequence = event_prepare(&r->order);
        if (au64_acquire(&r->committed) == t->claim_start + t->now.settled)
            return;
        const struct stage_place *place = &t->segment->stages[t->stage];
        for (uint32_t w = 0; w < place->n_slots && t->allocator.n_owned > 0; w++)
            if (au32_acquire(&t->segment->slots[place->first_slot + w]->state) == SLOT_WAIT_MEMORY)
                slot_leave(t->slot, WORKER_ROLLBACK);
        slot_sleep(t->slot, SLOT_WAIT_TURN, &r->order, sequence, EVENT_FOREVER);
    }
}

struct ring *transaction_full_ring(const struct transaction *t)
{
    for (uint32_t i = 0; i < t->n_readers; i++) {
        const struct reader *reader = &t->readers[i];
        uint64_t n = 0;
        for (uint32_t o = 0; o < t->n_outputs; o++)
            n += (uint64_t)is_for(&t->journal->outputs[o], reader);
        uint64_t fill = ring_fill(reader->ring);
        if (reader->when_full == WHEN_FULL_BLOCK && fill > 0 && fill + n > reader->ring->capacity)
            return reader->ring;
    }
    return NULL;
}

/* Writes the copy that is not committed, so that the decision can name it. */
static void write_next_copy(struct transaction *t)
{
    struct journal *j = t->journal;
    struct committed *next = journal_committed(j, !t->now.copy);
    next->tally = t->tally;
    memcpy(next->kept_map, t->kept_map, sizeof next->kept_map);
    for (uint32_t i = 0; i < t->n_removed; i++)
        next->kept_map[j->removed[i] / 64] &= ~(UINT64_C(1) << (j->removed[i] % 64));
    memcpy(journal_state(j, !t->now.copy), t->state, j->state_size);
    au32_store_relaxed(&j->n_outputs, t->n_outputs);
    au32_store_relaxed(&j->n_removed, t->n_removed);
    au32_store_relaxed(&j->n_refusals, t->n_refusals);
    au32_store_relaxed(&j->publishing, 0);
    if (t->n_claimed == 0)
        au32_store_relaxed(&j->claim_n, 0); /* or a successor would take the last claim, long settled, for open */
    for (uint32_t i = 0; i < t->n_readers; i++) {
        au32_store_relaxed(&j->publish[i].done, 0);
        au32_store_relaxed(&j->publish[i].skipping, 0);
    }
}

void transaction_commit(struct transaction *t, uint32_t settle)
{
    CHECK(settle <= transaction_claimed(t));
    if (t->ordered && transaction_claimed(t) > 0) /* also for the first outputs of a frame that is not settled yet */
        wait_for_turn(t);
    write_next_copy(t);
    t->now.deciding = settle;
    t->now.copy = !t->now.copy;
    t->now.phase = PHASE_COMMITTING;
    journal_decide(t->journal, t->now); /* before it everything rolls back, after it forward */
    roll_forward(t);
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
        roll_forward(t);
    }
    allocator_recover(&t->allocator);
    event_wake_all(
        &t->segment->stages[t->stage].memory->freed); /* what the predecessor had is there for siblings too */
    transaction_cursor(t, CURSOR_NONE);               /* if we die before a frame is in hand, none is to blame */
    begin(t);
    load_committed(t);
    for (uint32_t i = t->now.settled; i < t->n_claimed; i++)
        j->claim[i].mark = 0;
}

#include "roll_forward.h"

#include "check.h"
#include "pressure.h"
#include "tracing.h"
#include "waiting.h"

static struct block *block_of(const struct transaction *t, const struct descriptor *d)
{
    return (struct block *)(void *)(t->segment->arena.base + d->block);
}

static int is_for(const struct descriptor *output, const struct reader *reader)
{
    return output->mark != OUTPUT_REFUSED && output->port == reader->port;
}

/* Outputs for a reader that are in its ring, or skipped. */
static uint32_t published(const struct transaction *t, uint32_t index)
{
    const struct publish *p = &t->journal->publish[index];
    if (t->readers[index].tail_tells)
        return (uint32_t)(t->readers[index].tail - au64_relaxed(&p->start));
    return au32_relaxed(&p->done);
}

/* True if a predecessor has published to any ring: from then on readers may have dropped their bits. */
static int has_published(const struct transaction *t)
{
    const struct journal *j = t->journal;
    int begun = au32_relaxed(&j->publishing) != 0;
    for (uint32_t i = 0; i < t->n_readers; i++)
        begun |= published(t, i) != 0 || au32_relaxed(&j->publish[i].skipping) != 0;
    return begun;
}

/* The entry of a forwarded block among the inputs that this transaction settles; frames come mostly in the order of the
 * claim, so the search goes on from *at. NULL: it is a kept frame, comes out of order, or is not settled yet. */
static struct descriptor *settled_input(struct transaction *t, const struct descriptor *output, uint32_t *at)
{
    struct descriptor *claim = t->journal->claim;
    uint32_t end = t->now.settled + t->now.deciding;
    for (uint32_t i = *at; i < end; i++)
        if (claim[i].block == output->block && claim[i].mark != CLAIM_KEPT) {
            *at = i + 1;
            return &claim[i];
        }
    return NULL;
}

/* A block that the stage holds goes on to readers. If nobody else holds it, and our hold ends with this transaction,
 * then the readers' bits take the place of ours by a plain store: nobody may touch the word before it is published, and
 * the release need not fetch the line back from the reader. */
static void forward(struct transaction *t, const struct descriptor *output, uint32_t *at)
{
    struct block *b = block_of(t, output);
    uint64_t readers = t->port_bits[output->port];
    uint64_t life = au64_acquire(&b->life);
    int ours = life == life_make(output->generation, t->bit);
    if (ours || life == life_make(output->generation, readers)) { /* the latter: a predecessor came as far as this */
        struct descriptor *input = settled_input(t, output, at);
        if (input) {
            block_hand_over(b, output->generation, readers); /* step: move_holders */
            input->mark = CLAIM_MOVED;                       /* step: mark_moved */
            return;
        }
    }
    block_add_holders(b, output->generation, readers); /* step: add_holders */
}

/* Sets all readers' bits on all outputs, before the first is published: from then on readers may drop theirs. */
static void hand_over(struct transaction *t)
{
    uint32_t at = t->now.settled;
    if (t->n_created == t->n_outputs) {
        for (uint32_t i = 0; i < t->n_outputs; i++) {
            const struct descriptor *o = &t->journal->outputs[i];
            block_hand_over(block_of(t, o), o->generation, t->port_bits[o->port]);
        }
        return;
    }
    for (uint32_t i = 0; i < t->n_outputs; i++) {
        const struct descriptor *o = &t->journal->outputs[i];
        if (o->mark == OUTPUT_CREATED) /* step: hand_over_created */
            block_hand_over(block_of(t, o), o->generation, t->port_bits[o->port]);
        else if (o->mark == OUTPUT_FORWARDED)
            forward(t, o, &at);
    }
}

/* ---- Release: whoever's block becomes free may wait for memory. ---- */

/* Stages whose blocks became free, a bit each, and the share of memory that the last of them came from: most come from
 * one. */
struct freed {
    uint64_t origins, origin;
    uint64_t begin, end; /* offsets */
};

static void find_origin(const struct transaction *t, struct freed *freed, uint64_t offset)
{
    const struct segment *s = t->segment;
    uint32_t stage = s->pipeline->n_stages - 1;
    uint64_t span = (offset - s->arena.spans_offset) / SPAN_SIZE;
    while (stage > 0 && span < s->stages[stage].range.first)
        stage--;
    freed->origin = UINT64_C(1) << stage;
    freed->begin = s->arena.spans_offset + (uint64_t)s->stages[stage].range.first * SPAN_SIZE;
    freed->end = freed->begin + (uint64_t)s->stages[stage].range.n * SPAN_SIZE;
}

static void drop(const struct transaction *t, const struct descriptor *d, uint64_t bits, struct freed *freed)
{
    if (!block_drop(block_of(t, d), d->generation, bits))
        return;
    if (d->block < freed->begin || d->block >= freed->end)
        find_origin(t, freed, d->block);
    freed->origins |= freed->origin;
}

static void wake_allocators(const struct transaction *t, const struct freed *freed)
{
    for (uint64_t origins = freed->origins; origins; origins &= origins - 1)
        event_wake_all(&t->segment->stages[__builtin_ctzll(origins)].memory->freed);
}

/* Drops our bit on all settled inputs that are not kept, and on the kept frames that were given up. */
static void release(struct transaction *t)
{
    const struct journal *j = t->journal;
    struct freed freed = {0};
    for (uint32_t i = t->now.settled; i < t->now.settled + t->now.deciding; i++)
        if (j->claim[i].mark == 0)
            drop(t, &j->claim[i], t->bit, &freed);
    for (uint32_t i = 0; i < t->n_removed; i++)
        drop(t, &j->kept[j->removed[i]], t->bit, &freed);
    wake_allocators(t, &freed); /* step: wake_memory */
}

/* ---- Publish ---- */

/* The reader's ring is full and its edge drops: takes back the reader's bits of what is not in its ring. */
static void skip_rest(struct transaction *t, uint32_t index, uint32_t total)
{
    struct journal *j = t->journal;
    const struct reader *reader = &t->readers[index];
    struct publish *p = &j->publish[index];
    uint32_t done = au32_relaxed(&p->done);
    struct freed freed = {0};
    if (!au32_relaxed(&p->skipping)) {
        /* step: note_skipped_after */
        au64_store_relaxed(&j->skipped_after, au64_relaxed(&j->skipped) + total - done);
        compiler_barrier();
        au32_store_relaxed(&p->skipping, 1); /* step: note_skipping */
        compiler_barrier();
    }
    for (uint32_t i = 0, at = 0; i < t->n_outputs; i++)
        if (is_for(&j->outputs[i], reader) && at++ >= done)
            drop(t, &j->outputs[i], reader->bit, &freed);
    compiler_barrier();
    au64_store_relaxed(&j->skipped, au64_relaxed(&j->skipped_after)); /* step: note_skipped */
    compiler_barrier();
    au32_store_relaxed(&p->done, total); /* step: note_skip_done */
    compiler_barrier();
    au32_store_relaxed(&p->skipping, 0); /* step: clear_skipping */
    wake_allocators(t, &freed);
}

/* Where the copying into a ring is: the output after the last that is in it. */
struct copying {
    uint32_t output, done;
};

static void copy_piece(struct transaction *t, const struct reader *reader, struct copying *at, uint64_t tail,
                       uint32_t n)
{
    const struct descriptor *outputs = t->journal->outputs;
    int all = t->port_outputs[reader->port] == t->n_outputs;
    for (uint32_t i = 0; i < n; at->output++) {
        const struct descriptor *o = &outputs[at->output];
        if (all || is_for(o, reader))
            *ring_slot(reader->ring, tail + i++) =
                (struct descriptor){o->block, o->generation, (uint16_t)reader->to_port, 0};
    }
    at->done += n;
}

/* Room in a ring whose producer end is ours, as far as wanted: the consumers' line is looked at only if what was seen
 * of it last is not enough, which it never is once other producers have gone past it. */
static uint64_t room_in(struct reader *reader, uint64_t tail, uint64_t wanted)
{
    const struct ring *r = reader->ring;
    if (tail - reader->seen_head + wanted > r->capacity)
        reader->seen_head = au64_acquire(&r->head); /* pairs with R2 */
    return r->capacity - (tail - reader->seen_head);
}

/* Before a tail moves that others move, too, and after it. */
static void note_piece(struct journal *j, uint32_t index, uint64_t tail, uint32_t done_after)
{
    au64_store_relaxed(&j->old_tail, tail);         /* step: note_old_tail */
    au32_store_changed(&j->done_after, done_after); /* step: note_done_after */
    compiler_barrier();
    au32_store_relaxed(&j->publishing, index + 1); /* step: note_publishing */
    compiler_barrier();
}

static void note_piece_done(struct journal *j, uint32_t index, uint32_t done)
{
    compiler_barrier();
    au32_store_relaxed(&j->publish[index].done, done); /* step: note_done */
    compiler_barrier();
    au32_store_relaxed(&j->publishing, 0); /* step: clear_publishing_done */
    compiler_barrier();
}

/* Moves as many outputs as there is room for into the ring. Owns the producer end. 0: the ring is full. */
static uint32_t publish_piece(struct transaction *t, uint32_t index, struct copying *at, uint32_t total)
{
    struct reader *reader = &t->readers[index];
    struct ring *r = reader->ring;
    /* A sole owner's tail is where he left it. To read it would fetch the line back from the consumer once more. */
    uint64_t tail = reader->hold == END_SOLE ? reader->tail : au64_relaxed(&r->tail);
    uint64_t room = room_in(reader, tail, total - at->done);
    uint32_t n = total - at->done < room ? total - at->done : (uint32_t)room;
    if (n == 0)
        return 0;
    if (t->trace)
        tracing_publish(t, reader, at->output, tail, n);
    copy_piece(t, reader, at, tail, n); /* step: copy_outputs */
    if (!reader->tail_tells)
        note_piece(t->journal, index, tail, at->done);
    /* step: move_tail */
    au64_store_release(&r->tail, tail + n); /* R1: slots and blocks before the tail */
    reader->tail = tail + n;
    if (!reader->tail_tells)
        note_piece_done(t->journal, index, at->done);
    return n;
}

static void wait_for_room(struct transaction *t, struct ring *r)
{
    struct patience patience;
    /* A quarter of the ring, if that comes soon: whoever takes each place as it becomes free has its line in his cache
     * whenever the consumer wants to write the next. */
    uint32_t enough = r->capacity - 1 - (r->capacity - 1) / 4;
    patience_begin(&patience, &t->segment->super->patience);
    while (ring_fill(r) > enough && patience_lasts(&patience))
        ;
    patience_end(&patience, t->slot, SLOT_WAIT_OUTPUT);
    uint32_t sequence = event_prepare(&r->space);
    if (ring_fill(r) < r->capacity)
        return;
    slot_enter(t->slot, SLOT_WAIT_OUTPUT);
    pressure_tell(t);
    slot_sleep(t->slot, SLOT_WAIT_OUTPUT, &r->space, sequence, EVENT_FOREVER);
}

/* Has `at` pass over what a predecessor has published. */
static void skip_published(const struct transaction *t, uint32_t index, uint32_t total, struct copying *at)
{
    uint32_t done = published(t, index);
    CHECK(done <= total);
    for (; at->done < done; at->output++)
        at->done += is_for(&t->journal->outputs[at->output], &t->readers[index]);
}

static void publish(struct transaction *t, uint32_t index, enum roll_forward_start start)
{
    const struct reader *reader = &t->readers[index];
    uint32_t total = t->port_outputs[reader->port];
    struct copying at = {0, 0};
    if (start == ROLL_FORWARD_RESUMED) {
        skip_published(t, index, total, &at);
        if (au32_relaxed(&t->journal->publish[index].skipping)) {
            skip_rest(t, index, total);
            return;
        }
    }
    while (at.done < total) {
        end_take(&reader->ring->producer, t->me, reader->hold);
        uint32_t n = publish_piece(t, index, &at, total);
        end_leave(&reader->ring->producer, reader->hold);
        if (n > 0)
            event_wake_one(&reader->ring->data); /* step: wake_reader */
        else if (reader->when_full == WHEN_FULL_BLOCK)
            wait_for_room(t, reader->ring);
        else {
            skip_rest(t, index, total);
            return;
        }
    }
}

/* Among the outputs a refused frame has the number of its refusal for a port; here it is the input port again. */
static void write_refusal(struct transaction *t, const struct descriptor *output)
{
    const struct refusal *r = &t->journal->refusals[output->port];
    uint64_t index = r->position - t->claim_start;
    struct descriptor frame = *output;
    frame.port = index < t->n_claimed ? t->journal->claim[index].port : 0;
    t->refusals.write(t->refusals.context, r, frame.block ? &frame : NULL);
}

static void write_refusals(struct transaction *t)
{
    for (uint32_t i = 0; i < t->n_outputs && t->n_refusals > 0; i++) {
        const struct descriptor *o = &t->journal->outputs[i];
        if (o->mark == OUTPUT_REFUSED && o->port < REFUSALS_MAX)
            write_refusal(t, o);
    }
}

/* A successor may come to this late: others have had their turns since. */
static void pass_turn(struct transaction *t)
{
    uint64_t next = t->claim_start + t->now.settled + t->now.deciding;
    if ((int64_t)(next - au64_acquire(&t->input->committed)) > 0)
        au64_store_release(&t->input->committed, next); /* step: pass_turn */
    event_wake_all(&t->input->order);                   /* step: wake_turns */
}

void roll_forward(struct transaction *t, enum roll_forward_start start)
{
    if (start == ROLL_FORWARD_FRESH || !has_published(t))
        hand_over(t);
    write_refusals(t);
    for (uint32_t i = 0; i < t->n_readers; i++)
        publish(t, i, start);
    if (t->ordered && t->now.deciding)
        pass_turn(t);
    release(t);
}

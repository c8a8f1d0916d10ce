/* A worker's transaction: claim inputs, collect what the processor did with them, decide, publish, release.
 *
 * The one place that writes the journal and moves rings on behalf of a worker. Knows blocks, rings and holder bits,
 * nothing of plugins. A successor goes through transaction_recover() first, which brings a dead worker's transaction to
 * its end. The steps, and what a kill between any two of them leaves: docs/commit-protocol.md.
 */
#ifndef TRANSACTION_H
#define TRANSACTION_H

#include <errno.h>

#include "segment.h"

enum { PORTS_MAX = 32 };

/* A reader of one of our output ports. */
struct reader {
    struct ring *ring;
    uint64_t bit; /* of its stage */
    uint32_t stage, port, to_port;
    enum when_full when_full;
    enum end_hold hold; /* of the ring's producer end */
    uint64_t seen_head; /* of the ring, when last looked: it has only grown since */
    uint64_t tail;      /* of the ring, while the end is held END_SOLE */
    int tail_tells;     /* 1: END_SOLE, and the edge blocks: how far a publish is, the tail says (journal.h) */
};

/* Where a refused frame goes. Called in the roll forward, so maybe again after a death: it must replace what it wrote
 * then. `block` is NULL for a source's. */
struct refusal_sink {
    void (*write)(void *context, const struct refusal *refusal, const struct descriptor *frame);
    void *context;
};

struct transaction {
    const struct segment *segment;
    uint32_t stage, slot_number;
    struct slot *slot;
    struct journal *journal;
    struct ring *input;            /* NULL: a source */
    uint64_t me;                   /* owner word of this worker */
    uint64_t bit;                  /* of our stage */
    uint64_t upstream, downstream; /* bits of the stages that way, all of them */
    int ordered;
    enum end_hold hold;              /* of the input's consumer end */
    uint64_t seen_tail;              /* of the input, when last looked: it has only grown since */
    uint64_t last_block, next_block; /* that were claimed last, and are expected next: a guess, to be fetched early */
    struct reader readers[READERS_MAX];
    uint32_t n_readers;
    uint64_t port_bits[PORTS_MAX]; /* bits of all readers of an output port */
    int port_copies[PORTS_MAX];    /* 1: a block that is not ours must be copied before it is emitted there */
    struct allocator allocator;
    struct refusal_sink refusals;
    struct trace_ring *trace; /* the slot's; NULL: the run is not traced */

    /* the transaction that is open */
    struct decision now; /* as in the journal */
    uint32_t n_claimed;
    uint64_t claim_start;
    uint32_t n_outputs, n_removed, n_refusals, n_added;
    uint32_t n_created;               /* of the outputs, those that are blocks of ours */
    uint32_t port_outputs[PORTS_MAX]; /* of the outputs, those that go to a port: all but the refused */
    uint16_t added[CLAIM_MAX];        /* entries of kept that it adds */
    struct tally tally;               /* as it will be committed */
    uint64_t kept_map[KEPT_MAX / 64];
    uint64_t rare_in[2]; /* see journal_write_tally(): of each committed copy */
    int map_is_in[2];    /* 1: that committed copy has this very map */
    uint32_t n_kept;
    uint8_t *state; /* the processor's working copy, state_size bytes */
};

/* Where a transaction was, to go back to: what one call of the processor did is undone without the rest. */
struct transaction_mark {
    uint32_t n_outputs, n_removed, n_refusals, n_added;
    struct tally tally;
};

/* `epoch` is this worker's. 0 or -ENOMEM. */
int transaction_init(struct transaction *t, const struct segment *s, uint32_t stage, uint32_t worker, uint32_t epoch,
                     struct refusal_sink refusals);
void transaction_destroy(struct transaction *t);

/* First thing in a new worker: rolls forward what its predecessor decided, frees what it did not, and loads what is
 * committed. After it, claimed frames that are to be given again are at transaction_claimed(). */
void transaction_recover(struct transaction *t);

/* Takes up to `max` frames from our ring. Returns how many; 0: the ring is empty. There must be no claim. */
uint32_t transaction_claim(struct transaction *t, uint32_t max);

/* Claimed frames that no transaction has settled yet: from now.settled to n_claimed. */
static inline uint32_t transaction_claimed(const struct transaction *t)
{
    return t->n_claimed - t->now.settled;
}

/* Has the first line of a claimed frame brought here, to be read, and written to when the frame is released. The claim
 * does so for the first CLAIM_AHEAD; whoever goes on to frame i asks for i + CLAIM_AHEAD. */
enum { CLAIM_AHEAD = 8 };
static inline void transaction_prefetch(const struct transaction *t, uint32_t index)
{
    if (index < t->n_claimed)
        prefetch_for_write(t->segment->arena.base + t->journal->claim[index].block);
}

/* Notes which claimed frame is in hand, before the processor gets it, or CURSOR_NONE after. */
void transaction_cursor(struct transaction *t, uint32_t index);

/* The block of a claimed frame, NULL if its descriptor is bad. */
static inline struct block *transaction_input(const struct transaction *t, uint32_t index)
{
    return arena_block(&t->segment->arena, &t->journal->claim[index], t->bit);
}

/* Adds an output: a sealed block of ours (OUTPUT_CREATED), or one that the stage holds (OUTPUT_FORWARDED). 0, or
 * -ENOSPC. */
static inline int transaction_emit(struct transaction *t, const struct descriptor *d, uint32_t port, uint32_t mark)
{
    if (t->n_outputs == OUTPUTS_MAX)
        return -ENOSPC;
    /* step: list_output */
    t->journal->outputs[t->n_outputs++] = (struct descriptor){d->block, d->generation, (uint16_t)port, (uint16_t)mark};
    t->n_created += mark == OUTPUT_CREATED;
    t->port_outputs[port]++;
    return 0;
}

/* Keeps the claimed frame `index` beyond the transaction: its entry, or -ENOSPC. */
int32_t transaction_keep(struct transaction *t, uint32_t index);

/* Gives up a kept frame (entry of `kept`). */
void transaction_remove(struct transaction *t, uint32_t entry);

/* The kept frames that are not given up: a bit an entry of `kept`. */
void transaction_kept_left(const struct transaction *t, uint64_t left[KEPT_MAX / 64]);

/* Refuses the claimed frame `index`, or (CURSOR_NONE) a source's record. 0, or -ENOSPC: commit first. */
int transaction_refuse(struct transaction *t, uint32_t index, uint32_t attempts, int32_t signal, const char *reason);

void transaction_here(const struct transaction *t, struct transaction_mark *mark);

/* Forgets what was added since the mark; blocks that were created are abandoned by their views. */
void transaction_rollback(struct transaction *t, const struct transaction_mark *mark);

/* True if there is anything to commit beside settled inputs. */
static inline int transaction_is_empty(const struct transaction *t)
{
    return t->n_outputs == 0 && t->n_removed == 0 && t->n_refusals == 0 && t->n_added == 0;
}

/* A reader's ring that has no room for the outputs now; NULL: each has, or its edge drops. */
struct ring *transaction_full_ring(const struct transaction *t);

/* Decides and rolls forward: settles `settle` claimed frames together with all that was added, the tally and the state.
 * Waits for room in rings, and for its turn in an ordered stage. */
void transaction_commit(struct transaction *t, uint32_t settle);

#endif

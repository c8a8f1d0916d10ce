/* A slot's journal: what its worker is doing, in shared memory, so that whoever comes after it can finish it or undo
 * it.
 *
 * Written by the slot's worker; by the host between the worker's death and its successor's start (settlement.h, and the
 * verdict); read by the host at any time for figures, with every number checked. Steps and proof:
 * docs/commit-protocol.md.
 *
 * One 8-byte word decides. Before it says COMMITTING nothing that the transaction did counts; after it, everything
 * does: a successor rolls the one back and the other forward, and doing a step of the roll forward again changes
 * nothing.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <stdint.h>

#include "atomic.h"
#include "block.h"

enum {
    CLAIM_MAX = 256,    /* input frames of a transaction */
    OUTPUTS_MAX = 4096, /* frames that it publishes, refuses or gives up */
    KEPT_MAX = 4096,    /* frames that a slot keeps beyond a transaction */
    READERS_MAX = 64,   /* rings that a stage publishes into, an edge each */
    REASON_MAX = 512,   /* bytes of the text of a refusal */
    CURSOR_NONE = UINT32_MAX
};

enum phase { PHASE_IDLE, PHASE_CLAIMING, PHASE_PROCESSING, PHASE_COMMITTING };

/* The decision word: phase:4 | copy:1 | settled:16 | deciding:16. `copy`: which of the two committed copies is true.
 * `settled`: claimed frames that earlier transactions have settled. `deciding`: how many this one settles, COMMITTING
 * only. */
struct decision {
    enum phase phase;
    uint32_t copy, settled, deciding;
};

static inline uint64_t decision_pack(struct decision d)
{
    return (uint64_t)d.phase | (uint64_t)d.copy << 4 | (uint64_t)d.settled << 8 | (uint64_t)d.deciding << 24;
}

static inline struct decision decision_unpack(uint64_t word)
{
    struct decision d = {(enum phase)(word & 0xf), (uint32_t)(word >> 4) & 1, (uint32_t)(word >> 8) & 0xffff,
                         (uint32_t)(word >> 24) & 0xffff};
    return d;
}

/* Marks of an entry in `outputs`. */
enum {
    OUTPUT_CREATED = 0,   /* a block of this slot's, PENDING until the roll forward */
    OUTPUT_FORWARDED = 1, /* a block that the stage holds: an input, or a kept one */
    OUTPUT_REFUSED = 2    /* an input that goes to the dead letters; `port` is its index in `refusals` */
};

/* Figures that commit with the outputs, so that they are exact whatever dies. Frames and bytes since the pipeline
 * started. From one commit to the next none goes down. */
struct tally {
    uint64_t
        out; /* input frames that were passed on: processed, with something emitted; a sink: taken. A source: emitted */
    uint64_t emitted;  /* frames published, once however many readers */
    uint64_t sequence; /* next sequence number of a source */
    uint64_t bytes_in, bytes_out;
    uint64_t dropped;     /* input frames that gave nothing, on purpose. From here on: see journal_write_tally() */
    uint64_t dead;        /* refused; a source: records that it could not make a frame of */
    uint64_t repeated;    /* frames whose outputs took several transactions in a processor that is not RESUMABLE */
    uint64_t partial;     /* flushes because a stage upstream waited for memory */
    uint64_t ended;       /* 1: the stream has ended here, and what flush() gave is in this commit */
    uint64_t in_parts;    /* 1 + position in the stage's ring of the last frame that `repeated` counts; 0: none */
    uint64_t reserved[5]; /* never written: a tally is copied up to here */
};
BLOCK_ASSERT(sizeof(struct tally) == 128, "two lines");

/* One of the two copies of what commits; the processor's state follows it, `state_size` bytes. */
struct committed {
    struct tally tally;
    uint64_t kept_map[KEPT_MAX / 64]; /* a bit an entry of `kept` that is in use */
};
BLOCK_ASSERT(sizeof(struct committed) % 64 == 0, "the state starts on a line");

/* Why an input is refused. */
struct refusal {
    uint64_t position; /* of the frame in the stage's ring: names the dead letter */
    uint32_t attempts;
    int32_t signal; /* that the last worker died of; 0: it said so itself */
    char reason[REASON_MAX];
};

enum { REFUSALS_MAX = 8 }; /* a transaction; one more waits for the next */

/* The publish into one reader's ring: absolute figures, so that storing them again changes nothing. Where nobody else
 * ever moves the ring's tail, and nothing is skipped, that tells how far the publish is: only `start` is noted. */
struct publish {
    au32 done;     /* outputs for this ring that are in it, or skipped */
    au32 skipping; /* 1: when_full = "drop", and the rest of them is being skipped */
    au64 start;    /* where the tail tells: where it was at the decision */
};

/* Marks of an entry in `claim`. */
enum {
    CLAIM_KEPT = 1, /* this transaction keeps it: its holder bit stays */
    CLAIM_MOVED = 2 /* it was forwarded, and the readers' bits took the place of ours: nothing is left to drop */
};

struct journal {
    au64 decision;
    au64 claim_start; /* position of claim[0] in the ring */
    au32 claim_n;
    au32 cursor;     /* index in claim of the frame in hand, CURSOR_NONE: none */
    au32 retried;    /* 1: a worker died over this claim; `attempts` and `deaths` hold */
    au32 publishing; /* 1 + index of the reader whose ring's tail is about to move; 0 none */
    au64 old_tail;   /* of that ring, before */
    au32 done_after; /* publish[].done once it has moved */
    au32 n_outputs;
    au32 n_removed;
    au32 n_refusals;
    uint8_t pad0[8];
    struct publish publish[READERS_MAX];
    au64 skipped;       /* copies not sent, as an edge with when_full = "drop" was full, since the start */
    au64 skipped_after; /* `skipped` once the skip that goes on is done */
    uint8_t pad2[48];
    uint8_t attempts[CLAIM_MAX]; /* times that the frame was given to a worker that then died */
    uint8_t deaths[CLAIM_MAX];   /* times that it was the frame in hand */
    int32_t verdict_signal;      /* host: the signal of the last death, 0 none */
    uint32_t verdict_late; /* host: 1: it had killed the worker, as the frame took longer than the stage's time-out */
    uint32_t state_size;   /* host, before the first fork */
    uint32_t reserved;
    uint64_t verdict_position; /* host: refuse the frame at this position, it was in hand too often; UINT64_MAX none */
    uint8_t pad1[40];
    struct refusal refusals[REFUSALS_MAX];
    struct descriptor claim[CLAIM_MAX];
    struct descriptor outputs[OUTPUTS_MAX];
    struct descriptor kept[KEPT_MAX]; /* in use: see kept_map */
    uint64_t kept_position[KEPT_MAX]; /* in the ring: where each came from */
    uint16_t removed[KEPT_MAX];       /* entries of `kept` that this transaction gives up, n_removed of them */
    /* two struct committed, each followed by state_size bytes rounded up to 64 */
};
BLOCK_ASSERT(sizeof(struct journal) % 64 == 0, "the copies start on a line");
BLOCK_ASSERT(__builtin_offsetof(struct journal, publish) == 64, "the hot words are one line");

uint64_t journal_size(uint32_t state_size);

/* The memory is zero. Host, before the first fork. */
void journal_init(struct journal *j, uint32_t state_size);

/* A copy, 0 or 1, and the state behind it. */
struct committed *journal_committed(struct journal *j, uint32_t copy);
uint8_t *journal_state(struct journal *j, uint32_t copy);

enum {
    TALLY_WORDS = __builtin_offsetof(struct tally, reserved) / sizeof(uint64_t),
    TALLY_OFTEN = __builtin_offsetof(struct tally, dropped) / sizeof(uint64_t) /* words that most commits change */
};

/* Word by word, as figures are counted: a wider load of what was just written in words is not served from the store
 * buffer but waits until that is empty, and its stores may be waiting for a line from afar. */
static inline void tally_copy(struct tally *to, const struct tally *from, uint32_t first, uint32_t end)
{
    au64 *t = (au64 *)(void *)to;
    const au64 *f = (const au64 *)(const void *)from;
    for (uint32_t i = first; i < end; i++)
        au64_store_relaxed(&t[i], au64_relaxed(&f[i]));
}

/* Into the copy that is not committed: it counts from the decision that names it. `rare`: what that copy has of the
 * figures from `dropped` on, added up; as none goes down, the sum is the same only if each is, and all are there. */
static inline void journal_write_tally(struct committed *next, const struct tally *tally, uint64_t *rare)
{
    uint64_t sum = tally->dropped + tally->dead + tally->repeated + tally->partial + tally->ended;
    tally_copy(&next->tally, tally, 0, TALLY_OFTEN);
    if (sum == *rare)
        return;
    tally_copy(&next->tally, tally, TALLY_OFTEN, TALLY_WORDS);
    *rare = sum;
}

static inline struct decision journal_decision(const struct journal *j)
{
    return decision_unpack(au64_acquire(&j->decision));
}

/* J1: everything before it, the outputs and the next copy among it, then the decision. */
static inline void journal_decide(struct journal *j, struct decision d)
{
    compiler_barrier();
    au64_store_release(&j->decision, decision_pack(d));
    compiler_barrier();
}

#endif

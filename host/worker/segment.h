/* The segment: all shared memory of a pipeline, and where everything in it is.
 *
 *     | superblock | stages | spans' table | rings | slots and journals |  spans ...  |
 *       control region, rounded up to 2 MiB                                the arena
 *
 * Made by the host before the first fork. The struct here is process-private: pointers into the mapping, inherited by
 * fork at the same address. Shared structures themselves hold offsets only.
 */
#ifndef SEGMENT_H
#define SEGMENT_H

#include <stddef.h>

#include "arena.h"
#include "backing.h"
#include "crash_area.h"
#include "log_board.h"
#include "pipeline.h"
#include "ring.h"
#include "slot.h"
#include "tap.h"
#include "trace.h"

enum { SEGMENT_MAGIC = 0x5047534d, SEGMENT_VERSION = 1 };

/* Shared memory; written by the host. */
struct superblock {
    uint32_t magic, version;
    uint64_t size;
    uint64_t run_id; /* start of the run, microseconds since the epoch: makes names of dead letters unique */
    struct patience_limits {
        au32 spins;    /* how many times a worker may look again before it sleeps; 0 when workers outnumber cores */
        au32 yield_ns; /* how long it may yield and look again instead */
    } patience;
    uint8_t pad0[32];
    au32 workers[PIPELINE_STAGES_MAX]; /* that each stage has, or is about to have */
    uint8_t pad1[36];
};
BLOCK_ASSERT(sizeof(struct superblock) == 256, "lines of the host's");

/* Shared memory: what the workers of a stage share beside their ring. */
struct stage_memory {
    struct event freed; /* allocators sleep on it: the stage's share is used up */
    au64 short_until;   /* an ordered stage: claims before that position take memory in their turn (turn.h) */
    au32 short_for;     /* how many claims that is; 0: it was never short */
    uint8_t pad[44];
    struct end token; /* who holds it may wait for memory with blocks in hand; nobody else takes any meanwhile */
};
BLOCK_ASSERT(sizeof(struct stage_memory) == 128, "two lines");

/* Where a stage's things are. Process-private. */
struct stage_place {
    struct ring *ring; /* NULL: a source */
    struct stage_memory *memory;
    struct arena_range range;
    uint32_t first_slot, n_slots;
    uint32_t first_edge, n_edges; /* edges that leave it, in pipeline.edges */
    enum end_hold producers;      /* how the producer end of its ring is held */
    struct tap_place tap;
};

struct segment {
    const struct pipeline *pipeline; /* the host's, inherited */
    struct backing backing;
    struct superblock *super;
    struct arena arena;
    struct stage_place *stages;
    struct slot **slots;
    uint32_t n_slots;
    uint8_t *crashes;    /* a crash area a slot, in a mapping of their own whose pages exist once written; NULL: none */
    uint64_t cpus;       /* that the pipeline may use */
    struct trace *trace; /* NULL: the run is not traced. Not the segment's own */
    uint8_t *taps;       /* a tap a stage, in a mapping of their own; NULL: none */
    uint64_t taps_size;
};

/* Computes the layout and maps it. -EINVAL: the memory is too small, or a stage's share; `why` says what to set. Else 0
 * or -errno, with backing.report. The pages do not exist before segment_fill(). */
int segment_create(struct segment *s, const struct pipeline *p, char *why, size_t why_size);

/* Makes the pages exist, and writes what is written once. After the stage servers were forked: they must not touch it
 * before. */
int segment_fill(struct segment *s);
void segment_destroy(struct segment *s);

/* Says how many workers a stage has from now on, and so how patient all are (superblock). Host process. */
void segment_set_workers(const struct segment *s, uint32_t stage, uint32_t workers);

/* True if one slot alone ever writes into the edge's ring, by this edge, and waits when it is full: then the ring's
 * tail says how much of a transaction is published. */
static inline int segment_tail_tells(const struct segment *s, const struct edge *e)
{
    return s->stages[e->to].producers == END_SOLE && e->when_full == WHEN_FULL_BLOCK;
}

static inline struct slot *segment_slot(const struct segment *s, uint32_t stage, uint32_t worker)
{
    return s->slots[s->stages[stage].first_slot + worker];
}

/* Where a worker of that slot leaves what it knows of its death. NULL: there was no room for it. */
static inline struct crash_area *segment_crash(const struct segment *s, uint32_t slot)
{
    return s->crashes ? (struct crash_area *)(void *)(s->crashes + (uint64_t)slot * CRASH_AREA_SIZE) : NULL;
}

/* Whose page of the log's board is which (log_board.h): after the host's, those of the stage servers, then of the
 * slots. */
static inline uint32_t segment_log_page_of_server(uint32_t stage)
{
    return BOARD_PAGE_OF_HOST + 1 + stage;
}

static inline uint32_t segment_log_page(const struct segment *s, uint32_t stage, uint32_t worker)
{
    return segment_log_page_of_server(s->pipeline->n_stages) + s->stages[stage].first_slot + worker;
}

static inline uint32_t segment_log_pages(const struct segment *s)
{
    return segment_log_page_of_server(s->pipeline->n_stages) + s->n_slots;
}

/* The largest frame that a stage can ever create, with attributes at their largest; bytes. */
uint64_t segment_max_frame(const struct segment *s, uint32_t stage);

/* The stage that a slot is of. */
uint32_t segment_stage_of(const struct segment *s, uint32_t slot);

/* What a slot has committed: a consistent copy of its tally, kept frames counted. Any process. */
struct slot_figures {
    struct tally tally;
    uint64_t kept, claimed, skipped;
};
void segment_figures(const struct segment *s, uint32_t slot, struct slot_figures *out);

/* Copies of frames that the slot has decided to publish and that are not in the readers' rings yet. Any process. */
uint64_t segment_unpublished(const struct segment *s, uint32_t slot);

#endif

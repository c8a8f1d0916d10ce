/* The arena: the frames' memory, cut into spans of 2 MiB, each of which a slot owns while it allocates from it.
 *
 * Each stage has a fixed range of spans, its share: so a stage waits only for the stages after it, never for a
 * neighbour, and memory cannot deadlock. Within the range a worker's allocator takes a span by one compare-and-swap,
 * cuts it into blocks of one size class, and gives it back at the end of a transaction when it is used up or another
 * worker wants memory; blocks that readers still hold stay as they are, whoever owns the span. A frame larger than a
 * block takes a run of whole spans.
 *
 * There is no free list: a block is free when its life word says so. What a dead worker had allocated and not published
 * is PENDING in spans that its slot owns, and allocator_recover() frees it.
 */
#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "block.h"

enum { SPAN_SIZE = 2 * 1024 * 1024, BLOCK_MIN = 64, BLOCK_MAX = 1024 * 1024, SIZE_CLASSES = 57 };

/* Kinds of a span beside the size classes, in span.kind. */
enum { SPAN_EMPTY = 0, SPAN_RUN = 254, SPAN_TAIL = 255 }; /* else: size class + 1 */

/* Shared memory, one line a span; written by the slot that owns it, but for `owner`. */
struct span {
    au32 owner;      /* slot + 1 by compare-and-swap; 0: nobody allocates from it now */
    au32 kind;       /* SPAN_EMPTY, a class + 1, SPAN_RUN (first of a run), SPAN_TAIL */
    au32 run;        /* SPAN_RUN: spans of the run. SPAN_TAIL: distance to its first */
    au32 generation; /* first generation of the next format: above all that blocks here ever had */
    au32 formatted;  /* 0: all bytes are still zero */
    uint8_t pad[44];
};
BLOCK_ASSERT(sizeof(struct span) == 64, "one line a span");

/* A process's view. Plain values, inherited by fork. */
struct arena {
    uint8_t *base;         /* offsets in descriptors count from here */
    uint64_t spans_offset; /* of the first span, from base: a multiple of SPAN_SIZE */
    struct span *spans;    /* in the control region */
    uint32_t n_spans;
};

/* A stage's share. */
struct arena_range {
    uint32_t first, n; /* spans */
};

/* Bytes of the size class: four steps a doubling, 64, 80, 96, 112, 128, 160, ... 1 MiB. */
static inline uint32_t size_class_bytes(uint32_t size_class)
{
    uint32_t base = (uint32_t)BLOCK_MIN << (size_class / 4);
    return base + base / 4 * (size_class % 4);
}

/* The class that holds `bytes`, SIZE_CLASSES if none does. */
static inline uint32_t size_class_of(uint64_t bytes)
{
    if (bytes > BLOCK_MAX)
        return SIZE_CLASSES;
    if (bytes <= BLOCK_MIN)
        return 0;
    uint32_t doubling = 63u - (uint32_t)__builtin_clzll((bytes - 1) / BLOCK_MIN);
    uint64_t base = (uint64_t)BLOCK_MIN << doubling;
    return doubling * 4 + (uint32_t)((bytes - base + base / 4 - 1) / (base / 4));
}

/* The block behind a descriptor that comes from shared memory: NULL unless it lies in a span, is aligned, and its life
 * word has that generation and `holder`. */
static inline struct block *arena_block(const struct arena *a, const struct descriptor *d, uint64_t holder)
{
    uint64_t end = a->spans_offset + (uint64_t)a->n_spans * SPAN_SIZE;
    if (d->block < a->spans_offset || d->block >= end || d->block % 16 != 0)
        return NULL;
    struct block *b = (struct block *)(void *)(a->base + d->block);
    uint64_t life = au64_acquire(&b->life); /* pairs with B1 */
    if (life_generation(life) != d->generation || !(life & holder))
        return NULL;
    return d->block + BLOCK_HEADER + block_size(b) <= end ? b : NULL;
}

/* Bytes from a block's start to its end. The block must be held; 0: the spans' table was overwritten. */
uint64_t arena_block_bytes(const struct arena *a, const struct block *b);

/* Number of the span that a block starts in. */
uint32_t arena_span_of(const struct arena *a, const struct block *b);

/* Spans of a range of which no block is held and that nobody owns. For status and tests. */
uint32_t arena_free_spans(const struct arena *a, struct arena_range range);

/* A size class in an allocator: the span that blocks of it are taken from, and where. The cursor goes round in a window
 * of the span, so that the same blocks come again while they are in the cache; a block that is still held when its turn
 * comes again makes the window twice as large. */
struct bin {
    uint8_t *next,
        *end;         /* block to try next; end of the window, where it is another's turn. Both NULL: no span is open */
    uint8_t *first;   /* block of the span */
    uint32_t span;    /* its number */
    uint32_t step, n; /* bytes of a block; blocks in the span */
    uint32_t window;  /* blocks that are gone round now */
    uint32_t ahead;   /* bytes from `next` to what is fetched ahead */
};

/* A worker's allocator, in its own memory: an open span a size class, and all spans that the slot owns now. */
struct allocator {
    const struct arena *arena;
    struct arena_range range;
    uint32_t slot;
    struct bin bins[SIZE_CLASSES];
    uint32_t *owned; /* spans */
    uint32_t n_owned;
    uint32_t next_span; /* where the search for a span starts */
    uint32_t next_run;  /* where the search for a run starts, from the range's first */
    int gave_back;      /* see allocator_gave_back() */
};

/* 0 or -ENOMEM. */
int allocator_init(struct allocator *a, const struct arena *arena, struct arena_range range, uint32_t slot);
void allocator_destroy(struct allocator *a);

/* The largest `bytes` that allocator_take() can ever give. */
uint64_t allocator_limit(const struct allocator *a);

/* Takes the block at a bin's cursor if it is free: PENDING, in *out. 0: it is not, or there is none. */
static inline int bin_take_next(struct bin *bin, const struct arena *arena, struct descriptor *out)
{
    enum { CACHE_LINE = 64 };
    struct block *b = (struct block *)(void *)bin->next;
    if (bin->next == bin->end)
        return 0;
    uint64_t life = au64_acquire(&b->life); /* pairs with B2 */
    if (life & HOLDERS_MASK)
        return 0;
    bin->next += bin->step;
    prefetch_for_write(bin->next + bin->ahead);
    if (bin->step > CACHE_LINE)
        prefetch_for_write(bin->next + bin->ahead + CACHE_LINE);
    *out = (struct descriptor){(uint64_t)((uint8_t *)b - arena->base), (life_generation(life) + 1) & GENERATION_MASK, 0,
                               0};
    au64_store_relaxed(&b->life, life_make(out->generation, HOLDER_PENDING)); /* step: take_block */
    return 1;
}

/* What allocator_take() does when there is no free block at the cursor. */
int allocator_take_elsewhere(struct allocator *a, uint64_t bytes, struct descriptor *out);

/* A block of at least `bytes` in all, PENDING under a new generation, header unset but for `life`. 0; -ENOMEM: no room
 * now; -E2BIG: never. */
static inline int allocator_take(struct allocator *a, uint64_t bytes, struct descriptor *out)
{
    uint32_t size_class = size_class_of(bytes);
    if (size_class < SIZE_CLASSES && bin_take_next(&a->bins[size_class], a->arena, out))
        return 0;
    return allocator_take_elsewhere(a, bytes, out);
}

/* True if all that is held in the range is this slot's, PENDING: then nobody else will ever free any of it. */
int allocator_holds_all(const struct allocator *a);

/* True, once, if allocator_take() had idle spans for a moment and gave them back. A sibling may have failed for want of
 * just these: if it sleeps, wake it. */
int allocator_gave_back(struct allocator *a);

/* Frees a block that was taken in this transaction and will not be published. */
void allocator_abandon(struct allocator *a, const struct descriptor *d);

/* End of a transaction: no block of this slot is PENDING now. Gives back the spans that are used up, or (ALL) every
 * one. Returns how many; if any, whoever waits for memory must be woken after it. */
enum allocator_keep { ALLOCATOR_KEEP_OPEN, ALLOCATOR_RELEASE_ALL };
uint32_t allocator_settle(struct allocator *a, enum allocator_keep keep);

/* A successor, once what its predecessor had decided is rolled forward: whatever is still PENDING in the slot's spans
 * is free again, and the spans are given back. */
void allocator_recover(struct allocator *a);

#endif

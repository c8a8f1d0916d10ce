/* A block: the header of a frame in the arena, its life word, and the tail that holds what few frames have.
 *
 *     | life | sequence | size, type, flags | payload ... | (attributes) (tail) |     a small frame is one cache line
 *
 * The life word says who still needs the block: generation:24 | holders:40, one holder bit a stage, plus PENDING. A
 * block is free exactly when it has no holder. Only the slot that owns the span takes it from free to PENDING, with the
 * next generation; a holder drops its own bit only, and only under the generation that it was given, so to do it twice
 * does nothing the second time.
 */
#ifndef BLOCK_H
#define BLOCK_H

#include <stdint.h>

#include "atomic.h"

#ifdef __cplusplus
#define BLOCK_ASSERT static_assert
#else
#define BLOCK_ASSERT _Static_assert
#endif

enum { HOLDER_BITS = 40, GENERATION_BITS = 24, BLOCK_HEADER = 24, BLOCK_WIDE_HEADER = 64, BLOCK_TAIL = 32 };

/* A block of so many bytes or more has the wide header. */
enum { BLOCK_WIDE_FROM = 4096 };

#define HOLDERS_MASK ((UINT64_C(1) << HOLDER_BITS) - 1)
#define GENERATION_MASK ((UINT32_C(1) << GENERATION_BITS) - 1)
#define HOLDER_PENDING (UINT64_C(1) << (HOLDER_BITS - 1)) /* allocated, not published yet */
#define HOLDER_STAGE(stage) (UINT64_C(1) << (stage))      /* stage < HOLDER_BITS - 1 */

/* Flags in the header. */
enum {
    BLOCK_IS_WIDE = 1,  /* the payload starts at BLOCK_WIDE_HEADER, so that it is 64-byte aligned */
    BLOCK_HAS_TAIL = 2, /* key, time, a type above 254 or attributes: in the tail, at the end of the block */
};

/* Shared memory. While PENDING written by the owner of the span; immutable while any stage holds it, but for `life`. */
struct block {
    au64 life;
    uint64_t sequence;
    uint64_t size_type_flags; /* size:48 | type:8 | flags:8 */
};
BLOCK_ASSERT(sizeof(struct block) == BLOCK_HEADER, "header of a one-line frame");

/* At the end of the block; `attributes` bytes of records stand right before it. */
struct block_tail {
    uint64_t key;
    int64_t time_ns;
    uint32_t type;
    uint32_t attributes;
    uint64_t reserved;
};
BLOCK_ASSERT(sizeof(struct block_tail) == BLOCK_TAIL, "fixed tail");

/* What travels through rings and journals in place of the frame. */
struct descriptor {
    uint64_t block;      /* offset from the base of the arena's memory */
    uint32_t generation; /* of the block, when it was emitted */
    uint16_t port;       /* in a ring: input port of the reader. In a journal's outputs: output port */
    uint16_t mark;       /* in a journal's outputs: OUTPUT_... */
};
BLOCK_ASSERT(sizeof(struct descriptor) == 16, "four a cache line");

static inline uint32_t life_generation(uint64_t life)
{
    return (uint32_t)(life >> HOLDER_BITS);
}

static inline uint64_t life_make(uint32_t generation, uint64_t holders)
{
    return (uint64_t)(generation & GENERATION_MASK) << HOLDER_BITS | holders;
}

static inline uint64_t block_size(const struct block *b)
{
    return b->size_type_flags >> 16;
}

static inline uint32_t block_type(const struct block *b)
{
    return (uint32_t)(b->size_type_flags >> 8) & 0xff;
}

static inline uint32_t block_flags(const struct block *b)
{
    return (uint32_t)b->size_type_flags & 0xff;
}

static inline uint64_t block_word(uint64_t size, uint32_t type, uint32_t flags)
{
    return size << 16 | (uint64_t)type << 8 | flags;
}

static inline uint8_t *block_payload(struct block *b)
{
    return (uint8_t *)b + ((block_flags(b) & BLOCK_IS_WIDE) ? BLOCK_WIDE_HEADER : BLOCK_HEADER);
}

/* The readers' bits take the place of PENDING. By the slot that allocated it; again after a death, before the first
 * publish, it stores the same again. B1: what the block holds, before the ring's tail. */
static inline void block_hand_over(struct block *b, uint32_t generation, uint64_t readers)
{
    au64_store_release(&b->life, life_make(generation, readers));
}

/* Adds the readers' bits to a block that the caller's stage holds. Idempotent. */
static inline void block_add_holders(struct block *b, uint32_t generation, uint64_t readers)
{
    uint64_t life = au64_relaxed(&b->life);
    while (life_generation(life) == generation && (life & readers) != readers)
        if (au64_swap_if(&b->life, &life, life | readers))
            return;
}

/* Drops bits under a generation. 1: the block is free now by this call. 0: others hold it, or it was dropped before. */
static inline int block_drop(struct block *b, uint32_t generation, uint64_t bits)
{
    uint64_t life = au64_acquire(&b->life);
    /* The last holder: nobody else may touch the word until it is free, so a plain store does. B2: reads before reuse.
     */
    if (life == life_make(generation, bits)) {
        au64_store_release(&b->life, life_make(generation, 0)); /* step: drop_last_bit */
        return 1;
    }
    while (life_generation(life) == generation && (life & bits))
        if (au64_swap_if(&b->life, &life, life & ~bits)) /* step: drop_bit */
            return (life & ~bits & HOLDERS_MASK) == 0;
    return 0;
}

#endif

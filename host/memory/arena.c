#include "arena.h"

#include <stddef.h>

/* Four steps a doubling: 64, 80, 96, 112, 128, 160, ... 1 MiB. */
uint32_t size_class_bytes(uint32_t size_class)
{
    uint32_t base = (uint32_t)BLOCK_MIN << (size_class / 4);
    return base + base / 4 * (size_class % 4);
}

uint32_t size_class_of(uint64_t bytes)
{
    if (bytes > BLOCK_MAX)
        return SIZE_CLASSES;
    if (bytes <= BLOCK_MIN)
        return 0;
    uint32_t doubling = 63u - (uint32_t)__builtin_clzll((bytes - 1) / BLOCK_MIN);
    uint64_t base = (uint64_t)BLOCK_MIN << doubling;
    uint32_t step = (uint32_t)((bytes - base + base / 4 - 1) / (base / 4));
    return doubling * 4 + step;
}

uint32_t arena_span_of(const struct arena *a, const struct block *b)
{
    return (uint32_t)(((uint64_t)((const uint8_t *)b - a->base) - a->spans_offset) / SPAN_SIZE);
}

uint64_t arena_block_bytes(const struct arena *a, const struct block *b)
{
    const struct span *s = &a->spans[arena_span_of(a, b)];
    uint32_t kind = au32_relaxed(&s->kind);
    return kind == SPAN_RUN ? (uint64_t)au32_relaxed(&s->run) * SPAN_SIZE : size_class_bytes(kind - 1);
}

struct block *arena_block(const struct arena *a, const struct descriptor *d, uint64_t holder)
{
    if (d->block < a->spans_offset || d->block % 16 != 0)
        return NULL;
    uint64_t span = (d->block - a->spans_offset) / SPAN_SIZE;
    if (span >= a->n_spans)
        return NULL;
    struct block *b = (struct block *)(void *)(a->base + d->block);
    uint64_t life = au64_acquire(&b->life); /* pairs with B1 */
    if (life_generation(life) != d->generation || !(life & holder))
        return NULL;
    uint64_t end = d->block + BLOCK_HEADER + block_size(b);
    if (end > a->spans_offset + (uint64_t)a->n_spans * SPAN_SIZE)
        return NULL;
    return b;
}

uint32_t arena_free_spans(const struct arena *a, struct arena_range range)
{
    uint32_t n = 0;
    for (uint32_t i = range.first; i < range.first + range.n; i++) {
        const struct span *s = &a->spans[i];
        uint32_t kind = au32_relaxed(&s->kind);
        if (au32_relaxed(&s->owner) != 0)
            continue;
        uint32_t first = kind == SPAN_TAIL ? i - au32_relaxed(&s->run) : i;
        uint32_t bytes = kind == SPAN_EMPTY || kind >= SPAN_RUN ? SPAN_SIZE : size_class_bytes(kind - 1);
        const uint8_t *at = a->base + a->spans_offset + (uint64_t)first * SPAN_SIZE;
        uint64_t held = 0;
        if (kind == SPAN_TAIL && (au32_relaxed(&a->spans[first].kind) != SPAN_RUN ||
                                  au32_relaxed(&a->spans[first].run) <= au32_relaxed(&s->run)))
            kind = SPAN_EMPTY; /* left behind by a run that was dissolved */
        for (uint32_t o = 0; kind != SPAN_EMPTY && o + bytes <= SPAN_SIZE; o += bytes)
            held |= au64_relaxed(&((const struct block *)(const void *)(at + o))->life) & HOLDERS_MASK;
        n += held == 0;
    }
    return n;
}

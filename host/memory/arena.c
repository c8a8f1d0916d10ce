#include "arena.h"

uint32_t arena_span_of(const struct arena *a, const struct block *b)
{
    return (uint32_t)(((uint64_t)((const uint8_t *)b - a->base) - a->spans_offset) / SPAN_SIZE);
}

uint64_t arena_block_bytes(const struct arena *a, const struct block *b)
{
    uint32_t span = arena_span_of(a, b);
    uint32_t kind = au32_relaxed(&a->spans[span].kind);
    if (kind >= 1 && kind <= SIZE_CLASSES)
        return size_class_bytes(kind - 1);
    uint32_t run = au32_relaxed(&a->spans[span].run);
    return kind == SPAN_RUN && run <= a->n_spans - span ? (uint64_t)run * SPAN_SIZE : 0;
}

/* The first span of the live run that a tail belongs to, or the tail itself: left behind by a run that was dissolved.
 */
static uint32_t run_of_tail(const struct arena *a, uint32_t span)
{
    uint32_t distance = au32_relaxed(&a->spans[span].run);
    if (distance > span)
        return span;
    const struct span *first = &a->spans[span - distance];
    return au32_relaxed(&first->kind) == SPAN_RUN && au32_relaxed(&first->run) > distance ? span - distance : span;
}

static int span_is_free(const struct arena *a, uint32_t span)
{
    const struct span *s = &a->spans[span];
    uint32_t kind = au32_relaxed(&s->kind);
    uint32_t first = kind == SPAN_TAIL ? run_of_tail(a, span) : span;
    if (au32_relaxed(&s->owner) != 0)
        return 0;
    if (kind == SPAN_EMPTY || (kind == SPAN_TAIL && first == span))
        return 1;
    uint32_t bytes = kind <= SIZE_CLASSES ? size_class_bytes(kind - 1) : SPAN_SIZE;
    const uint8_t *at = a->base + a->spans_offset + (uint64_t)first * SPAN_SIZE;
    uint64_t held = 0;
    for (uint32_t o = 0; o + bytes <= SPAN_SIZE; o += bytes)
        held |= au64_relaxed(&((const struct block *)(const void *)(at + o))->life) & HOLDERS_MASK;
    return held == 0;
}

uint32_t arena_free_spans(const struct arena *a, struct arena_range range)
{
    uint32_t n = 0;
    for (uint32_t i = range.first; i < range.first + range.n; i++)
        n += (uint32_t)span_is_free(a, i);
    return n;
}

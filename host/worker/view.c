#include "view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* NARROW_MAX: the largest size class below BLOCK_WIDE_FROM. */
enum { CHUNK_VIEWS = 64, TYPE_IN_TAIL = 255, NARROW_MAX = 3584 };

struct view_chunk {
    struct view_chunk *next;
    struct view views[CHUNK_VIEWS];
};

void view_pool_init(struct view_pool *pool)
{
    pool->chunks = NULL;
    pool->free = NULL;
}

void view_pool_destroy(struct view_pool *pool)
{
    while (pool->chunks) {
        struct view_chunk *next = pool->chunks->next;
        free(pool->chunks);
        pool->chunks = next;
    }
    pool->free = NULL;
}

struct view *view_get(struct view_pool *pool)
{
    if (!pool->free) {
        struct view_chunk *chunk = calloc(1, sizeof *chunk);
        if (!chunk)
            return NULL;
        chunk->next = pool->chunks;
        pool->chunks = chunk;
        for (int i = CHUNK_VIEWS; i-- > 0;)
            view_put(pool, &chunk->views[i]);
    }
    struct view *v = pool->free;
    pool->free = v->next;
    v->next = v->previous = NULL;
    return v;
}

void view_put(struct view_pool *pool, struct view *v)
{
    v->origin = VIEW_FREE;
    v->next = pool->free;
    pool->free = v;
}

struct view *view_of(const struct view_pool *pool, const mpipe_frame *frame)
{
    for (struct view_chunk *c = pool->chunks; c; c = c->next) {
        uintptr_t at = (uintptr_t)frame - (uintptr_t)c->views;
        if (at < sizeof c->views && at % sizeof(struct view) == 0) {
            struct view *v = &c->views[at / sizeof(struct view)];
            return v->origin == VIEW_FREE ? NULL : v;
        }
    }
    return NULL;
}

static struct block *block_of(const struct view *v, const struct arena *a)
{
    return (struct block *)(void *)(a->base + v->descriptor.block);
}

static struct block_tail *tail_of(const struct view *v, const struct arena *a)
{
    return (struct block_tail *)(void *)(a->base + v->descriptor.block + v->block_bytes - BLOCK_TAIL);
}

int view_needs_tail(const struct view *v)
{
    return v->frame.key != 0 || v->frame.time_ns != 0 || v->frame.type >= TYPE_IN_TAIL || v->attributes != 0;
}

int view_open(struct view *v, const struct arena *a, const struct descriptor *d, uint64_t holder)
{
    struct block *b = arena_block(a, d, holder);
    if (!b)
        return -EBADMSG;
    uint32_t flags = block_flags(b);
    v->descriptor = *d;
    v->block_bytes = 0;
    v->attributes = 0;
    v->frame = (mpipe_frame){.data = block_payload(b),
                             .size = block_size(b),
                             .sequence = b->sequence,
                             .type = block_type(b),
                             .port = d->port,
                             .attempt = 1};
    v->frame.capacity = v->frame.size;
    if (!(flags & BLOCK_HAS_TAIL))
        return 0;
    v->block_bytes = arena_block_bytes(a, b);
    uint64_t header = flags & BLOCK_IS_WIDE ? BLOCK_WIDE_HEADER : BLOCK_HEADER;
    const struct block_tail *tail = tail_of(v, a);
    uint32_t attributes = tail->attributes;
    if (header + v->frame.size + attributes + BLOCK_TAIL > v->block_bytes)
        return -EBADMSG;
    v->attributes = attributes;
    v->frame.key = tail->key;
    v->frame.time_ns = tail->time_ns;
    v->frame.type = tail->type;
    return 0;
}

uint64_t view_block_bytes(uint64_t capacity, uint32_t attributes, int has_tail)
{
    uint64_t tail = has_tail || attributes ? attributes + BLOCK_TAIL : 0;
    uint64_t bytes = (capacity + 7) / 8 * 8 + tail + BLOCK_HEADER;
    return bytes <= NARROW_MAX ? bytes : bytes + BLOCK_WIDE_HEADER - BLOCK_HEADER;
}

/* The size class decides, as the one who cuts the block must agree with the one who reads the header. */
static uint32_t wide_flag(uint64_t block_bytes)
{
    return block_bytes >= BLOCK_WIDE_FROM ? BLOCK_IS_WIDE : 0;
}

void view_format(struct view *v, const struct arena *a, const struct descriptor *d, uint32_t attributes, int has_tail)
{
    v->descriptor = *d;
    v->attributes = attributes;
    struct block *b = block_of(v, a);
    v->block_bytes = arena_block_bytes(a, b);
    uint32_t flags = wide_flag(v->block_bytes);
    uint64_t header = flags ? BLOCK_WIDE_HEADER : BLOCK_HEADER;
    uint64_t tail = has_tail || attributes ? attributes + BLOCK_TAIL : 0;
    b->size_type_flags = block_word(0, 0, flags | (tail ? BLOCK_HAS_TAIL : 0));
    v->frame = (mpipe_frame){.data = (uint8_t *)b + header, .capacity = v->block_bytes - header - tail};
}

void view_seal(struct view *v, const struct arena *a)
{
    struct block *b = block_of(v, a);
    uint32_t flags = block_flags(b);
    uint32_t type = v->frame.type < TYPE_IN_TAIL ? v->frame.type : TYPE_IN_TAIL;
    b->sequence = v->frame.sequence;
    b->size_type_flags = block_word(v->frame.size, type, flags);
    if (flags & BLOCK_HAS_TAIL)
        *tail_of(v, a) = (struct block_tail){
            .key = v->frame.key, .time_ns = v->frame.time_ns, .type = v->frame.type, .attributes = v->attributes};
}

uint8_t *view_attributes(const struct view *v, const struct arena *a)
{
    return (uint8_t *)tail_of(v, a) - v->attributes;
}

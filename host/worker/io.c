/* The calls of <micropipe/io.h>, as a plugin makes them: every argument is checked before it is followed. */
#include "session.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attributes.h"
#include "clock.h"
#include "waiting.h"

enum { PULL_SOURCE_BATCH = 256 };

static mpipe_status misuse(struct session *s, const char *what)
{
    snprintf(s->reason, sizeof s->reason, "%s", what);
    log_write(s->log, LOG_LEVEL_ERROR, "misuse of the SDK: %s", what);
    return MPIPE_MISUSE;
}

/* The plugin's frame, if it may use it now. Mostly it is its input, or what it created last. */
static struct view *own_view(struct session *s, const mpipe_frame *frame)
{
    if (!s->in_call || !frame)
        return NULL;
    if (s->in_hand && frame == &s->in_hand->frame)
        return s->in_hand;
    if (s->created && frame == &s->created->frame)
        return s->created;
    struct view *v = view_of(&s->views, frame);
    return v && (v->origin != VIEW_INPUT || v == s->in_hand) ? v : NULL;
}

static void unlink_created(struct session *s, struct view *v)
{
    if (v->previous)
        v->previous->next = v->next;
    else
        s->created = v->next;
    if (v->next)
        v->next->previous = v->previous;
    v->next = v->previous = NULL;
}

static void inherit(struct view *v, const struct view *parent, const struct session *s)
{
    v->frame.sequence = parent->frame.sequence;
    v->frame.key = parent->frame.key;
    v->frame.time_ns = parent->frame.time_ns;
    v->frame.type = parent->frame.type;
    v->frame.attempt = parent->frame.attempt;
    if (v->attributes)
        memcpy(view_attributes(v, &s->t.segment->arena), view_attributes(parent, &s->t.segment->arena), v->attributes);
}

static mpipe_frame *io_create(void *worker, uint64_t capacity, const mpipe_frame *parent)
{
    struct session *s = worker;
    if (!s->in_call) {
        misuse(s, "mpipe_create() outside of a call");
        return NULL;
    }
    const struct view *from = parent ? own_view(s, parent) : NULL;
    if (parent && !from) {
        misuse(s, "mpipe_create() with a parent that is not the processor's any more");
        return NULL;
    }
    struct view *v = session_create(s, capacity, from ? from->attributes : 0, from ? view_needs_tail(from) : 0);
    if (!v)
        return NULL;
    v->frame.attempt = 1;
    if (from)
        inherit(v, from, s);
    else
        v->frame.sequence = s->stage->is_source ? SEQUENCE_UNSET : s->sequence;
    return &v->frame;
}

/* Exchanges what two views stand for, so that the plugin's pointer goes on to be the frame. */
static void swap_views(struct session *s, struct view *a, struct view *b)
{
    int a_listed = a->origin == VIEW_CREATED, b_listed = b->origin == VIEW_CREATED;
    struct view was = *a;
    if (a_listed)
        unlink_created(s, a);
    if (b_listed)
        unlink_created(s, b);
    *a = *b;
    *b = was;
    a->next = a->previous = b->next = b->previous = NULL;
    struct view *list[2] = {b_listed ? a : NULL, a_listed ? b : NULL};
    for (int i = 0; i < 2; i++) {
        if (!list[i])
            continue;
        list[i]->next = s->created;
        if (s->created)
            s->created->previous = list[i];
        s->created = list[i];
    }
}

/* Moves a frame into a new block of ours with at least that capacity, and room for attribute records. Its old block is
 * given up. 0 or -1. */
static int relocate(struct session *s, struct view *v, uint64_t capacity, uint32_t attributes)
{
    const struct arena *arena = &s->t.segment->arena;
    uint32_t own = v->attributes < attributes ? v->attributes : attributes;
    struct view *to = session_create(s, capacity, attributes, attributes || view_needs_tail(v));
    if (!to)
        return -1;
    memcpy(block_payload((struct block *)(void *)(arena->base + to->descriptor.block)), v->frame.data, v->frame.size);
    if (own)
        memcpy(view_attributes(to, arena), view_attributes(v, arena), own);
    mpipe_frame meta = v->frame;
    meta.data = to->frame.data;
    meta.capacity = to->frame.capacity;
    to->frame = meta;
    swap_views(s, v, to);
    /* `to` is the old block now */
    if (to->origin == VIEW_CREATED) {
        unlink_created(s, to);
        allocator_abandon(&s->t.allocator, &to->descriptor);
    } else if (to->origin == VIEW_KEPT) {
        transaction_remove(&s->t, to->index);
        s->kept[to->index] = NULL;
        s->n_given_up++;
    }
    if (s->in_hand == v)
        s->in_hand = NULL; /* an input stays claimed; what the plugin has now is one that it created */
    view_put(&s->views, to);
    return 0;
}

static uint8_t *io_writable(void *worker, mpipe_frame **frame)
{
    struct session *s = worker;
    struct view *v = frame ? own_view(s, *frame) : NULL;
    if (!v) {
        misuse(s, "mpipe_writable() of a frame that is not the processor's");
        return NULL;
    }
    struct block *b = (struct block *)(void *)(s->t.segment->arena.base + v->descriptor.block);
    int in_place = v->origin == VIEW_CREATED;
    if (!in_place && (s->processor->flags & MPIPE_MUTATES))
        in_place = au64_acquire(&b->life) == life_make(v->descriptor.generation, s->t.bit);
    if (!in_place && relocate(s, v, v->frame.size, v->attributes) != 0)
        return NULL;
    b = (struct block *)(void *)(s->t.segment->arena.base + v->descriptor.block);
    return block_payload(b);
}

static mpipe_status io_resize(void *worker, mpipe_frame **frame, uint64_t size)
{
    struct session *s = worker;
    struct view *v = frame ? own_view(s, *frame) : NULL;
    if (!v)
        return misuse(s, "mpipe_resize() of a frame that is not the processor's");
    if (v->origin != VIEW_CREATED || size > v->frame.capacity) {
        uint64_t kept_size = v->frame.size;
        if (size < kept_size)
            v->frame.size = size; /* copy no more than is wanted */
        if (relocate(s, v, size, v->attributes) != 0) {
            v->frame.size = kept_size;
            return MPIPE_NO_MEMORY;
        }
    }
    v->frame.size = size;
    return MPIPE_OK;
}

/* A created frame whose key, time or type needs a tail, in a block that was taken without one. */
static int add_tail(struct session *s, struct view *v)
{
    struct block *b = (struct block *)(void *)(s->t.segment->arena.base + v->descriptor.block);
    uint32_t flags = block_flags(b);
    if ((flags & BLOCK_HAS_TAIL) || !view_needs_tail(v))
        return 0;
    uint64_t header = flags & BLOCK_IS_WIDE ? BLOCK_WIDE_HEADER : BLOCK_HEADER;
    if (header + (v->frame.size + 7) / 8 * 8 + BLOCK_TAIL > v->block_bytes)
        return relocate(s, v, v->frame.size, 0);
    b->size_type_flags = block_word(0, 0, flags | BLOCK_HAS_TAIL);
    v->frame.capacity = v->block_bytes - header - BLOCK_TAIL;
    return 0;
}

/* Outputs of a call that fills the journal: committed in between. 0: nothing could be. */
static int make_room(struct session *s)
{
    if (s->style == STYLE_PULL || session_changed_kept(s))
        return 0;
    s->wide = 1;
    session_note_part(s);
    session_decide(s);
    s->n_done = 0;
    transaction_here(&s->t, &s->mark);
    return 1;
}

static mpipe_status emit_created(struct session *s, struct view *v, uint32_t port)
{
    if (add_tail(s, v) != 0)
        return MPIPE_NO_MEMORY;
    if (v->frame.sequence == SEQUENCE_UNSET)
        v->frame.sequence = s->t.tally.sequence++;
    view_seal(v, &s->t.segment->arena);
    if (transaction_emit(&s->t, &v->descriptor, port, OUTPUT_CREATED) != 0)
        return MPIPE_FULL;
    unlink_created(s, v);
    return MPIPE_OK;
}

static mpipe_status emit_held(struct session *s, struct view *v, uint32_t port)
{
    if (transaction_emit(&s->t, &v->descriptor, port, OUTPUT_FORWARDED) != 0)
        return MPIPE_FULL;
    if (v->origin == VIEW_KEPT) {
        transaction_remove(&s->t, v->index);
        s->kept[v->index] = NULL;
        s->n_given_up++;
    }
    if (s->in_hand == v)
        s->in_hand = NULL;
    return MPIPE_OK;
}

static void io_drop(void *worker, mpipe_frame *frame)
{
    struct session *s = worker;
    struct view *v = own_view(s, frame);
    if (!v) {
        misuse(s, "mpipe_drop() of a frame that is not the processor's");
        return;
    }
    if (v->origin == VIEW_CREATED) {
        unlink_created(s, v);
        allocator_abandon(&s->t.allocator, &v->descriptor);
    } else if (v->origin == VIEW_KEPT) {
        transaction_remove(&s->t, v->index);
        s->kept[v->index] = NULL;
        s->n_given_up++;
    }
    if (s->in_hand == v)
        s->in_hand = NULL;
    view_put(&s->views, v);
}

static mpipe_status io_emit(void *worker, uint32_t port, mpipe_frame *frame)
{
    struct session *s = worker;
    struct view *v = own_view(s, frame);
    if (!v)
        return misuse(s, "mpipe_emit() of a frame that is not the processor's");
    if (port >= PORTS_MAX || port >= s->stage->description->n_outputs)
        return misuse(s, "mpipe_emit() to a port that the processor does not have");
    if (s->t.port_bits[port] == 0) {
        io_drop(worker, frame); /* nobody reads it */
        return MPIPE_OK;
    }
    if (s->t.n_outputs >= (s->style == STYLE_PULL && s->stage->is_source ? PULL_SOURCE_BATCH : OUTPUTS_MAX) &&
        !make_room(s))
        return MPIPE_FULL;
    if (v->origin != VIEW_CREATED && s->t.port_copies[port] && relocate(s, v, v->frame.size, v->attributes) != 0)
        return MPIPE_NO_MEMORY;
    uint64_t size = v->frame.size;
    mpipe_status status = v->origin == VIEW_CREATED ? emit_created(s, v, port) : emit_held(s, v, port);
    if (status != MPIPE_OK)
        return status;
    view_put(&s->views, v);
    s->n_emitted++;
    s->t.tally.emitted++;
    s->t.tally.bytes_out += size;
    return MPIPE_OK;
}

static mpipe_status io_keep(void *worker, mpipe_frame *frame)
{
    struct session *s = worker;
    struct view *v = own_view(s, frame);
    if (!v || v->origin == VIEW_CREATED)
        return misuse(s, "mpipe_keep() of a frame that is not an input of the processor's");
    if (s->in_hand == v)
        s->in_hand = NULL;
    if (v->origin == VIEW_KEPT)
        return MPIPE_OK;
    int32_t entry = s->wide ? -ENOSPC : transaction_keep(&s->t, v->index);
    if (entry < 0) {
        s->in_hand = v;
        return MPIPE_FULL;
    }
    v->origin = VIEW_KEPT;
    v->index = (uint32_t)entry;
    s->kept[entry] = v;
    return MPIPE_OK;
}

static mpipe_status io_get(void *worker, uint32_t port, int64_t timeout_ns, mpipe_frame **frame)
{
    struct session *s = worker;
    if (!s->in_call || s->style != STYLE_PULL || s->stage->is_source || !frame)
        return misuse(s, "mpipe_get() is for run() of a processor with an input");
    return session_get(s, port, timeout_ns, frame);
}

static mpipe_status io_flush_out(void *worker, int64_t timeout_ns)
{
    struct session *s = worker;
    if (!s->in_call || s->style != STYLE_PULL)
        return misuse(s, "mpipe_flush_out() is for run()");
    return session_flush_out(s, timeout_ns);
}

static mpipe_status io_attribute(void *worker, const mpipe_frame *frame, const char *name, const void **value,
                                 uint64_t *size)
{
    struct session *s = worker;
    const struct view *v = own_view(s, frame);
    struct attribute a;
    *value = NULL;
    *size = 0;
    if (!v || !name)
        return misuse(s, "mpipe_attribute() of a frame that is not the processor's");
    if (!v->attributes || !attributes_find(view_attributes(v, &s->t.segment->arena), v->attributes, name, &a))
        return MPIPE_EMPTY;
    *value = a.value;
    *size = a.size;
    return MPIPE_OK;
}

static mpipe_status io_attribute_at(void *worker, const mpipe_frame *frame, uint32_t index, const char **name,
                                    const void **value, uint64_t *size)
{
    struct session *s = worker;
    const struct view *v = own_view(s, frame);
    struct attribute a = {0};
    *name = NULL;
    *value = NULL;
    *size = 0;
    if (!v)
        return misuse(s, "mpipe_attribute_at() of a frame that is not the processor's");
    const uint8_t *records = v->attributes ? view_attributes(v, &s->t.segment->arena) : NULL;
    uint32_t at = 0;
    for (uint32_t i = 0; i <= index; i++)
        if (!records || !attributes_next(records, v->attributes, &at, &a))
            return MPIPE_EMPTY;
    *name = a.name;
    *value = a.value;
    *size = a.size;
    return MPIPE_OK;
}

/* True if new records fit into the block, beside the payload and a tail: a view of ours. */
static int records_fit(const struct view *v, const struct block *b, uint32_t n)
{
    uint64_t header = block_flags(b) & BLOCK_IS_WIDE ? BLOCK_WIDE_HEADER : BLOCK_HEADER;
    return v->origin == VIEW_CREATED && header + (v->frame.size + 7) / 8 * 8 + n + BLOCK_TAIL <= v->block_bytes;
}

/* The block may have been taken without a tail: from now on it has one. */
static void put_records(const struct session *s, struct view *v, const uint8_t *records, uint32_t n)
{
    struct block *b = (struct block *)(void *)(s->t.segment->arena.base + v->descriptor.block);
    uint32_t flags = block_flags(b);
    uint64_t header = flags & BLOCK_IS_WIDE ? BLOCK_WIDE_HEADER : BLOCK_HEADER;
    b->size_type_flags = block_word(0, 0, flags | BLOCK_HAS_TAIL);
    v->attributes = n;
    v->frame.capacity = v->block_bytes - header - BLOCK_TAIL - n;
    if (n)
        memcpy(view_attributes(v, &s->t.segment->arena), records, n);
}

static mpipe_status io_set_attribute(void *worker, mpipe_frame **frame, const char *name, const void *value,
                                     uint64_t size)
{
    struct session *s = worker;
    struct view *v = frame ? own_view(s, *frame) : NULL;
    size_t length = name ? strlen(name) : 0;
    if (!v)
        return misuse(s, "mpipe_set_attribute() of a frame that is not the processor's");
    if (length == 0 || length > ATTRIBUTE_NAME_MAX || size > ATTRIBUTES_MAX)
        return misuse(s, "mpipe_set_attribute(): a name has 1 to 255 bytes, a value at most 64 KiB");
    const struct attribute with = {name, value, (uint32_t)size};
    uint8_t *records = malloc(v->attributes + attributes_record_size(name, size));
    if (!records)
        return MPIPE_NO_MEMORY;
    const uint8_t *old = v->attributes ? view_attributes(v, &s->t.segment->arena) : records;
    uint32_t n = attributes_replace(records, old, v->attributes, &with);
    mpipe_status status = MPIPE_OK;
    if (n > ATTRIBUTES_MAX)
        status = misuse(s, "mpipe_set_attribute(): all attributes of a frame together take at most 64 KiB");
    else if (!records_fit(v, (struct block *)(void *)(s->t.segment->arena.base + v->descriptor.block), n) &&
             relocate(s, v, v->frame.capacity > v->frame.size ? v->frame.capacity : v->frame.size, n) != 0)
        status = MPIPE_NO_MEMORY;
    else
        put_records(s, v, records, n);
    free(records);
    return status;
}

static mpipe_status io_fail(void *worker, mpipe_status status, const char *format, ...)
{
    struct session *s = worker;
    va_list args;
    va_start(args, format);
    vsnprintf(s->reason, sizeof s->reason, format, args);
    va_end(args);
    return status;
}

static void io_progress(void *worker, uint64_t done, uint64_t total)
{
    struct session *s = worker;
    au64_store_relaxed(&s->t.slot->done, done);
    au64_store_relaxed(&s->t.slot->total, total);
}

void session_fill_io(struct session *s)
{
    s->io = (mpipe_io){.struct_size = (uint32_t)sizeof(mpipe_io),
                       .worker = s,
                       .create = io_create,
                       .writable = io_writable,
                       .resize = io_resize,
                       .emit = io_emit,
                       .drop = io_drop,
                       .keep = io_keep,
                       .get = io_get,
                       .flush_out = io_flush_out,
                       .attribute = io_attribute,
                       .set_attribute = io_set_attribute,
                       .fail = io_fail,
                       .progress = io_progress,
                       .attribute_at = io_attribute_at};
}

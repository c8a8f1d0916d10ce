#include <errno.h>
#include <stdlib.h>

#include "arena.h"
#include "check.h"

static void bin_close(struct bin *bin)
{
    bin->first = bin->next = bin->end = NULL;
}

int allocator_init(struct allocator *a, const struct arena *arena, struct arena_range range, uint32_t slot)
{
    a->arena = arena;
    a->range = range;
    a->slot = slot;
    a->n_owned = 0;
    a->next_span = 0;
    a->next_run = 0;
    a->gave_back = 0;
    for (uint32_t c = 0; c < SIZE_CLASSES; c++)
        bin_close(&a->bins[c]);
    a->owned = calloc(range.n ? range.n : 1, sizeof *a->owned);
    return a->owned ? 0 : -ENOMEM;
}

void allocator_destroy(struct allocator *a)
{
    free(a->owned);
    a->owned = NULL;
}

uint64_t allocator_limit(const struct allocator *a)
{
    return (uint64_t)a->range.n * SPAN_SIZE;
}

static uint8_t *span_memory(const struct allocator *a, uint32_t span)
{
    return a->arena->base + a->arena->spans_offset + (uint64_t)span * SPAN_SIZE;
}

static struct block *block_at(const struct allocator *a, uint32_t span, uint32_t offset)
{
    return (struct block *)(void *)(span_memory(a, span) + offset);
}

/* Bytes of each block of a span as it is cut now; a whole span for a run's first, 0 if it has no block. */
static uint32_t span_step(const struct span *s)
{
    uint32_t kind = au32_relaxed(&s->kind);
    if (kind == SPAN_EMPTY || kind == SPAN_TAIL)
        return 0;
    return kind == SPAN_RUN ? SPAN_SIZE : size_class_bytes(kind - 1);
}

static int span_own(struct allocator *a, uint32_t span)
{
    uint32_t expected = 0;
    if (!__atomic_compare_exchange_n(&a->arena->spans[span].owner.word, &expected, a->slot + 1, 0, __ATOMIC_ACQ_REL,
                                     __ATOMIC_RELAXED)) /* A2 */
        return 0;
    a->owned[a->n_owned++] = span;
    return 1;
}

static void span_disown(struct allocator *a, uint32_t index)
{
    uint32_t span = a->owned[index];
    for (uint32_t c = 0; c < SIZE_CLASSES; c++)
        if (a->bins[c].span == span)
            bin_close(&a->bins[c]);
    a->owned[index] = a->owned[--a->n_owned];
    au32_store_release(&a->arena->spans[span].owner, 0); /* A1: pairs with A2 in the next owner */
}

static void disown_last(struct allocator *a, uint32_t how_many)
{
    for (uint32_t i = 0; i < how_many; i++)
        span_disown(a, a->n_owned - 1);
}

/* True if a tail still belongs to a run: the run's first says so, as dissolving a run is one store there. */
static int tail_is_live(const struct allocator *a, uint32_t span)
{
    uint32_t distance = au32_relaxed(&a->arena->spans[span].run);
    if (distance == 0 || distance > span - a->range.first)
        return 0;
    const struct span *first = &a->arena->spans[span - distance];
    return au32_acquire(&first->kind) == SPAN_RUN && au32_relaxed(&first->run) > distance;
}

/* First generation of the next format of a span that this slot owns, or -1 if one of its blocks is held. */
static int64_t span_idle_generation(const struct allocator *a, uint32_t span)
{
    const struct span *s = &a->arena->spans[span];
    uint32_t step = span_step(s);
    uint32_t highest = au32_relaxed(&s->generation);
    for (uint32_t at = 0; step && at + step <= SPAN_SIZE; at += step) {
        uint64_t life = au64_acquire(&block_at(a, span, at)->life); /* pairs with B2 */
        if (life & HOLDERS_MASK)
            return -1;
        if (life_generation(life) >= highest)
            highest = life_generation(life) + 1;
    }
    return highest;
}

/* True if a span that this slot does not own looks free from end to end. To own it only to find it in use would hide it
 * from a sibling that wants just this one, and then sleeps. */
static int span_looks_idle(const struct allocator *a, uint32_t span)
{
    const struct span *s = &a->arena->spans[span];
    if (au32_relaxed(&s->owner) != 0 || (au32_relaxed(&s->kind) == SPAN_TAIL && tail_is_live(a, span)))
        return 0;
    uint32_t step = span_step(s);
    for (uint32_t at = 0; step && at + step <= SPAN_SIZE; at += step)
        if (au64_hint(&block_at(a, span, at)->life) & HOLDERS_MASK)
            return 0;
    return 1;
}

/* Owns a span if it is free from end to end, and makes it empty. 1 if so. */
static int span_take_idle(struct allocator *a, uint32_t span)
{
    struct span *s = &a->arena->spans[span];
    if (!span_looks_idle(a, span) || !span_own(a, span))
        return 0;
    int64_t generation = -1;
    if (au32_relaxed(&s->kind) != SPAN_TAIL || !tail_is_live(a, span))
        generation = span_idle_generation(a, span);
    if (generation < 0) {
        disown_last(a, 1);
        return 0;
    }
    au32_store_relaxed(&s->generation, (uint32_t)generation & GENERATION_MASK);
    compiler_barrier();
    /* The one store that dissolves a run: its tails see that their first is none any more. A3: before anybody takes
     * one. */
    au32_store_release(&s->kind, SPAN_EMPTY);
    return 1;
}

/* Dissolves idle runs in the range, so that their tails can be taken. */
static void dissolve_idle_runs(struct allocator *a)
{
    for (uint32_t i = a->range.first; i < a->range.first + a->range.n; i++)
        if (au32_relaxed(&a->arena->spans[i].kind) == SPAN_RUN && span_take_idle(a, i)) {
            disown_last(a, 1);
            a->gave_back = 1;
        }
}

static void span_format(struct allocator *a, uint32_t span, uint32_t size_class)
{
    struct span *s = &a->arena->spans[span];
    uint32_t step = size_class_bytes(size_class);
    uint32_t generation = au32_relaxed(&s->generation);
    if (au32_relaxed(&s->formatted))
        for (uint32_t at = 0; at + step <= SPAN_SIZE; at += step)
            au64_store_relaxed(&block_at(a, span, at)->life, life_make(generation, 0));
    au32_store_relaxed(&s->formatted, 1);
    compiler_barrier();
    au32_store_release(&s->kind, size_class + 1);
}

/* A block comes round again after so many others at the earliest. Few enough to stay in a core's second cache; enough
 * that a generation of 24 bits lasts for minutes at 50 million frames a second, and so for longer than a successor may
 * be put off (supervisor/restart.h) that drops its predecessor's holds under their generations. */
enum { WINDOW_LEAST = 1024 };

/* Blocks that are fetched ahead, unless they are so large that their first lines are little of the work. */
enum { AHEAD_BLOCKS = 16, AHEAD_STEP_MAX = 1024 };

static void bin_open(struct allocator *a, struct bin *bin, uint32_t span, uint32_t size_class)
{
    bin->span = span;
    bin->first = span_memory(a, span);
    bin->step = size_class_bytes(size_class);
    bin->n = SPAN_SIZE / bin->step;
    bin->window = bin->n < WINDOW_LEAST ? bin->n : WINDOW_LEAST;
    bin->next = bin->first;
    bin->end = bin->first + (size_t)bin->window * bin->step;
    bin->ahead = bin->step <= AHEAD_STEP_MAX ? (AHEAD_BLOCKS - 1) * bin->step : 0;
}

/* The block at the cursor is held: behind the window there may be a free one. */
static void bin_widen(struct bin *bin)
{
    bin->next = bin->end;
    bin->window = bin->window > bin->n / 2 ? bin->n : bin->window * 2;
    bin->end = bin->first + (size_t)bin->window * bin->step;
}

/* The next free block from the cursor on, at most once round: PENDING in *out. */
static int bin_take(const struct allocator *a, struct bin *bin, struct descriptor *out)
{
    for (uint32_t left = bin->n; left > 0;) {
        if (bin->next == bin->end)
            bin->next = bin->first;
        if (bin_take_next(bin, a->arena, out))
            return 1;
        if (bin->window < bin->n) {
            bin_widen(bin);
            continue;
        }
        bin->next += bin->step;
        left--;
    }
    return 0;
}

/* True if a span that this slot does not own has a block that looks free. To own it only to find none would hide it
 * from a sibling. */
static int span_looks_roomy(const struct allocator *a, uint32_t span, uint32_t size_class)
{
    uint32_t step = size_class_bytes(size_class);
    if (au32_relaxed(&a->arena->spans[span].kind) != size_class + 1)
        return 0;
    for (uint32_t at = 0; at + step <= SPAN_SIZE; at += step)
        if (!(au64_hint(&block_at(a, span, at)->life) & HOLDERS_MASK))
            return 1;
    return 0;
}

/* Opens another span for a class: first one that is cut for it already and has room, then an idle one. */
static int open_span(struct allocator *a, uint32_t size_class, struct descriptor *out)
{
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < a->range.n; i++) {
            uint32_t span = a->range.first + (a->next_span + i) % a->range.n;
            struct span *s = &a->arena->spans[span];
            if (au32_relaxed(&s->owner) != 0)
                continue;
            if (pass == 0) {
                if (!span_looks_roomy(a, span, size_class) || !span_own(a, span))
                    continue;
            } else {
                if (!span_take_idle(a, span))
                    continue;
                span_format(a, span, size_class);
            }
            struct bin *bin = &a->bins[size_class];
            bin_open(a, bin, span, size_class);
            if (au32_relaxed(&s->kind) == size_class + 1 && bin_take(a, bin, out)) {
                a->next_span = span - a->range.first;
                return 0;
            }
            disown_last(a, 1);
            a->gave_back = 1;
        }
    }
    return -ENOMEM;
}

/* The first of `n` spans in a row that look idle, from behind the last run on; the range's end if there are none. Not
 * the lowest ones again: their lines are still in the caches of whoever read them, from where it takes longer to have
 * them back than from memory. */
static uint32_t find_run(const struct allocator *a, uint32_t n)
{
    uint32_t end = a->range.first + a->range.n;
    for (int pass = 0; pass < 2; pass++) {
        uint32_t in_a_row = 0;
        for (uint32_t at = a->range.first + (pass == 0 ? a->next_run : 0); at < end; at++) {
            in_a_row = span_looks_idle(a, at) ? in_a_row + 1 : 0;
            if (in_a_row == n)
                return at + 1 - n;
        }
    }
    return end;
}

/* Owns `n` spans, the lowest first: of two that want some of the same, one has the last that both want, and goes on. */
static int own_run(struct allocator *a, uint32_t first, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (span_take_idle(a, first + i))
            continue;
        disown_last(a, i);
        a->gave_back |= i > 0;
        return 0;
    }
    return 1;
}

/* Takes `n` idle spans in a row. */
static int take_run(struct allocator *a, uint32_t n, struct descriptor *out)
{
    uint32_t first;
    dissolve_idle_runs(a);
    do {
        first = find_run(a, n);
        if (first == a->range.first + a->range.n)
            return -ENOMEM;
    } while (!own_run(a, first, n));
    a->next_run = first - a->range.first + n;
    struct span *s = &a->arena->spans[first];
    for (uint32_t i = 1; i < n; i++) {
        au32_store_relaxed(&a->arena->spans[first + i].run, i);
        au32_store_relaxed(&a->arena->spans[first + i].formatted, 1);
        au32_store_relaxed(&a->arena->spans[first + i].kind, SPAN_TAIL);
    }
    *out = (struct descriptor){(uint64_t)(span_memory(a, first) - a->arena->base),
                               (au32_relaxed(&s->generation) + 1) & GENERATION_MASK, 0, 0};
    /* Before the life word: in a span that is not known to be formatted all blocks count as free. */
    au32_store_relaxed(&s->formatted, 1);
    compiler_barrier();
    au64_store_relaxed(&block_at(a, first, 0)->life, life_make(out->generation, HOLDER_PENDING));
    au32_store_relaxed(&s->run, n);
    compiler_barrier();
    au32_store_release(&s->kind, SPAN_RUN);
    return 0;
}

/* The last resort: what was abandoned in spans that were used up in this transaction. */
static int take_abandoned(struct allocator *a, uint32_t size_class, struct descriptor *out)
{
    struct bin *bin = &a->bins[size_class];
    for (uint32_t i = 0; i < a->n_owned; i++) {
        if (au32_relaxed(&a->arena->spans[a->owned[i]].kind) != size_class + 1)
            continue;
        bin_open(a, bin, a->owned[i], size_class);
        if (bin_take(a, bin, out))
            return 0;
    }
    bin_close(bin);
    return -ENOMEM;
}

/* True if nobody holds anything in a span that this slot owns; of a run, its first tells for its tails. */
static int owned_is_idle(const struct allocator *a, uint32_t span)
{
    const struct span *s = &a->arena->spans[span];
    if (au32_relaxed(&s->kind) == SPAN_TAIL)
        span -= au32_relaxed(&s->run);
    return span_idle_generation(a, span) >= 0;
}

/* Lets go of the spans in which all that was taken has been abandoned or read meanwhile, so that they can be cut anew.
 * Returns how many. */
static uint32_t disown_idle(struct allocator *a)
{
    uint32_t before = a->n_owned;
    for (uint32_t i = a->n_owned; i-- > 0;)
        if (owned_is_idle(a, a->owned[i]))
            span_disown(a, i);
    a->gave_back |= a->n_owned < before;
    return before - a->n_owned;
}

/* What no open span has: a run, or a block of another span. */
static int take_from_spans(struct allocator *a, uint64_t bytes, struct descriptor *out)
{
    uint32_t size_class = size_class_of(bytes);
    if (size_class >= SIZE_CLASSES)
        return take_run(a, (uint32_t)((bytes + SPAN_SIZE - 1) / SPAN_SIZE), out);
    if (open_span(a, size_class, out) == 0)
        return 0;
    dissolve_idle_runs(a);
    return open_span(a, size_class, out) == 0 ? 0 : take_abandoned(a, size_class, out);
}

int allocator_take_elsewhere(struct allocator *a, uint64_t bytes, struct descriptor *out)
{
    if (bytes > allocator_limit(a))
        return -E2BIG;
    uint32_t size_class = size_class_of(bytes);
    if (size_class < SIZE_CLASSES) {
        struct bin *bin = &a->bins[size_class];
        if (bin->first && bin_take(a, bin, out))
            return 0;
        bin_close(bin); /* used up; stays owned until the transaction ends, since blocks in it may be PENDING */
    }
    int error = take_from_spans(a, bytes, out);
    return error && disown_idle(a) > 0 ? take_from_spans(a, bytes, out) : error;
}

int allocator_holds_all(const struct allocator *a)
{
    if (arena_free_spans(a->arena, a->range) + a->n_owned < a->range.n)
        return 0;
    for (uint32_t i = 0; i < a->n_owned; i++) {
        uint32_t step = span_step(&a->arena->spans[a->owned[i]]);
        for (uint32_t at = 0; step && at + step <= SPAN_SIZE; at += step)
            if (au64_relaxed(&block_at(a, a->owned[i], at)->life) & HOLDERS_MASK & ~HOLDER_PENDING)
                return 0;
    }
    return 1;
}

int allocator_gave_back(struct allocator *a)
{
    int gave_back = a->gave_back;
    a->gave_back = 0;
    return gave_back;
}

void allocator_abandon(struct allocator *a, const struct descriptor *d)
{
    struct block *b = (struct block *)(void *)(a->arena->base + d->block);
    CHECK(au64_relaxed(&b->life) == life_make(d->generation, HOLDER_PENDING));
    au64_store_release(&b->life, life_make(d->generation, 0));
}

uint32_t allocator_settle(struct allocator *a, enum allocator_keep keep)
{
    uint32_t before = a->n_owned;
    for (uint32_t i = a->n_owned; i-- > 0;) {
        uint32_t span = a->owned[i];
        uint32_t size_class = au32_relaxed(&a->arena->spans[span].kind) - 1;
        int is_open = size_class < SIZE_CLASSES && a->bins[size_class].first && a->bins[size_class].span == span;
        if (keep == ALLOCATOR_RELEASE_ALL || !is_open)
            span_disown(a, i);
    }
    return before - a->n_owned;
}

void allocator_recover(struct allocator *a)
{
    for (uint32_t span = a->range.first; span < a->range.first + a->range.n; span++) {
        struct span *s = &a->arena->spans[span];
        if (au32_acquire(&s->owner) != a->slot + 1)
            continue;
        uint32_t step = span_step(s);
        for (uint32_t at = 0; step && at + step <= SPAN_SIZE; at += step) {
            struct block *b = block_at(a, span, at);
            uint64_t life = au64_relaxed(&b->life);
            if ((life & HOLDERS_MASK) == HOLDER_PENDING)
                au64_store_release(&b->life, life_make(life_generation(life), 0)); /* step: free_pending */
        }
        au32_store_release(&s->owner, 0);
    }
}

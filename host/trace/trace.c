#include "trace.h"

#include <errno.h>
#include <sys/mman.h>

enum { PAGE = 4096 };

static uint64_t pages(uint64_t bytes)
{
    return (bytes + PAGE - 1) / PAGE * PAGE;
}

int trace_create(uint32_t n_rings, struct trace **out)
{
    uint64_t ring = pages(sizeof(struct trace_ring)), all = pages(sizeof(struct trace)) + n_rings * ring;
    /* Pages come with the first store, so slots that are never used cost nothing. */
    struct trace *t = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (t == MAP_FAILED)
        return -errno;
    t->n_rings = n_rings;
    t->ring_bytes = ring;
    t->bytes = all;
    *out = t;
    return 0;
}

void trace_destroy(struct trace **t)
{
    if (*t)
        munmap(*t, (*t)->bytes);
    *t = NULL;
}

struct trace_ring *trace_ring_of(struct trace *t, uint32_t slot)
{
    return (struct trace_ring *)(void *)((uint8_t *)t + pages(sizeof *t) + slot * t->ring_bytes);
}

void trace_shield_all(struct trace *t)
{
    mprotect(t, t->bytes, PROT_READ); /* one that fails leaves what the host's checks catch */
}

void trace_shield(struct trace *t, uint32_t slot)
{
    trace_shield_all(t);
    mprotect(trace_ring_of(t, slot), t->ring_bytes, PROT_READ | PROT_WRITE);
}

/* 0: it is being overwritten, or was. */
static int read_entry(const struct trace_entry *e, uint64_t number, struct trace_event *out)
{
    if (au64_acquire(&e->number) != number) /* pairs with T2 */
        return 0;
    uint64_t at = au64_acquire(&e->at_ns), kind_n = au64_acquire(&e->kind_n), value = au64_acquire(&e->value);
    if (au64_relaxed(&e->number) != number) /* not before the loads above; pairs with T1 */
        return 0;
    *out = (struct trace_event){at, (enum trace_kind)(kind_n >> TRACE_N_BITS),
                                kind_n & ((UINT64_C(1) << TRACE_N_BITS) - 1), value};
    return kind_n >> TRACE_N_BITS < TRACE_KINDS;
}

int trace_next(const struct trace_ring *r, uint64_t *next, struct trace_event *out, uint64_t *lost)
{
    uint64_t head = au64_acquire(&r->head); /* pairs with T3 */
    if (head < *next)
        *next = head; /* no worker of ours does that, but a plugin's wild store may */
    if (head - *next > TRACE_EVENTS) {
        uint64_t to = head - TRACE_EVENTS / 2; /* with room before the writer comes round again */
        *lost += to - *next;
        *next = to;
    }
    while (*next < head) {
        const struct trace_entry *e = &r->entries[*next % TRACE_EVENTS];
        if (read_entry(e, ++*next, out))
            return 1;
        ++*lost;
    }
    return 0;
}

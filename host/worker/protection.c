#include "protection.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attributes.h"
#include "graph.h"

#ifndef SYS_mseal
#define SYS_mseal 462 /* Linux 6.10 */
#endif

/* Makes read-only what lies whole within `from` to `to`, in pages of the mapping. */
static void shield(const struct segment *s, const void *from, const void *to)
{
    uintptr_t page = s->backing.kind == BACKING_HUGETLB ? HUGE_PAGE_SIZE : (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = ((uintptr_t)from + page - 1) / page * page;
    uintptr_t end = (uintptr_t)to / page * page;
    if (first < end)
        mprotect((void *)first, end - first, PROT_READ); /* one that fails leaves what validation catches */
}

static void shield_spans(const struct segment *s, uint32_t stage)
{
    const struct pipeline *p = s->pipeline;
    uint64_t open = UINT64_C(1) << stage | graph_upstream(p->edges, p->n_edges, stage);
    for (uint32_t i = 0; i < p->n_stages; i++) {
        const uint8_t *at = s->arena.base + s->arena.spans_offset + (uint64_t)s->stages[i].range.first * SPAN_SIZE;
        if (!(open >> i & 1))
            shield(s, at, at + (uint64_t)s->stages[i].range.n * SPAN_SIZE);
    }
}

/* Its own ring and those downstream: one that waits for memory wakes whoever keeps frames there. */
static void shield_rings(const struct segment *s, uint32_t stage)
{
    const struct pipeline *p = s->pipeline;
    uint64_t open = UINT64_C(1) << stage | graph_downstream(p->edges, p->n_edges, stage);
    for (uint32_t i = 0; i < p->n_stages; i++) {
        const uint8_t *ring = (const uint8_t *)s->stages[i].ring;
        if (ring && !(open >> i & 1))
            shield(s, ring, ring + ring_size(p->stages[i].queue));
    }
}

/* The slots lie one behind the other, to the end of the control region. */
static void shield_slots(const struct segment *s, const struct slot *own)
{
    const uint8_t *end = s->arena.base + s->arena.spans_offset;
    const uint8_t *after = end;
    for (uint32_t i = 0; i + 1 < s->n_slots; i++)
        if (s->slots[i] == own)
            after = (const uint8_t *)s->slots[i + 1];
    shield(s, s->slots[0], own);
    shield(s, after, end);
}

/* Of the crash areas a worker may write to its own, and look at none. */
static void shield_crashes(const struct segment *s, const struct slot *own)
{
    uint64_t size = s->n_slots * CRASH_AREA_SIZE;
    if (!s->crashes || mprotect(s->crashes, size, PROT_NONE) != 0)
        return;
    for (uint32_t i = 0; i < s->n_slots; i++)
        if (s->slots[i] == own)
            mprotect(segment_crash(s, i), CRASH_AREA_SIZE, PROT_READ | PROT_WRITE);
    syscall(SYS_mseal, s->crashes, size, 0UL);
}

/* Its own tap, and no other stage's. */
static void shield_taps(const struct segment *s, uint32_t stage)
{
    const struct tap_place *own = &s->stages[stage].tap;
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    if (!s->taps || mprotect(s->taps, s->taps_size, PROT_NONE) != 0)
        return;
    if (own->tap) {
        mprotect(own->tap, page, PROT_READ | PROT_WRITE);
        mprotect(own->attributes, ATTRIBUTES_MAX + own->payload_max, PROT_READ | PROT_WRITE);
    }
    syscall(SYS_mseal, s->taps, s->taps_size, 0UL);
}

void protection_for_load(const struct segment *s)
{
    mprotect(s->backing.base, s->backing.size, PROT_READ);
    if (s->crashes)
        mprotect(s->crashes, s->n_slots * CRASH_AREA_SIZE, PROT_NONE);
    if (s->trace)
        trace_shield_all(s->trace);
    if (s->taps)
        mprotect(s->taps, s->taps_size, PROT_NONE);
}

void protection_for_work(const struct segment *s, uint32_t stage, uint32_t worker)
{
    if (mprotect(s->backing.base, s->backing.size, PROT_READ | PROT_WRITE) != 0)
        return; /* its first store ends it, with a signal that says so */
    shield_spans(s, stage);
    shield_rings(s, stage);
    shield_slots(s, segment_slot(s, stage, worker));
    if (s->trace)
        trace_shield(s->trace, s->stages[stage].first_slot + worker);
    syscall(SYS_mseal, s->backing.base, s->backing.size, 0UL);
    shield_crashes(s, segment_slot(s, stage, worker));
    shield_taps(s, stage);
}

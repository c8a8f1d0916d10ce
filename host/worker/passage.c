#include "passage.h"

#include "clock.h"

enum { POSITION_BITS = 24, UNIT_SHIFT = 6 };

#define POSITION_MASK ((UINT64_C(1) << POSITION_BITS) - 1)
#define TIME_MASK ((UINT64_C(1) << (64 - POSITION_BITS)) - 1)

_Static_assert(RING_CAPACITY_MAX < 1 << (POSITION_BITS - 1), "the low bits tell before from after");

/* How far the marked frame is from a position, negative: before it. */
static int64_t distance(uint64_t mark, uint64_t position)
{
    uint64_t d = (mark - position) & POSITION_MASK;
    return d >> (POSITION_BITS - 1) ? (int64_t)d - (int64_t)(POSITION_MASK + 1) : (int64_t)d;
}

void passage_mark(struct ring *r, uint64_t now_ns)
{
    uint64_t mark = au64_relaxed(&r->mark), tail = au64_relaxed(&r->tail);
    if (tail == 0 || (mark && distance(mark, au64_relaxed(&r->head)) >= 0))
        return;
    au64_swap_if(&r->mark, &mark, now_ns >> UNIT_SHIFT << POSITION_BITS | ((tail - 1) & POSITION_MASK));
}

void passage_end(struct ring *r, struct histogram *h, uint64_t mark, uint64_t start, uint32_t n)
{
    int64_t at = distance(mark, start);
    if (at < 0 || at >= n || !au64_swap_if(&r->mark, &mark, 0))
        return;
    uint64_t units = ((clock_monotonic() >> UNIT_SHIFT) - (mark >> POSITION_BITS)) & TIME_MASK;
    histogram_add(h, units << UNIT_SHIFT, 1);
}
